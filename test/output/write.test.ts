import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { TbprofError } from '../../src/errors.ts';
import { checkWritable, copyReport, keepsWhatIsWritten, writeReport } from '../../src/output/write.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

const folder = temporaryFolder();
const inside = () => mkdtempSync(join(folder, 'w-'));

function makeFifo(): string {
  const path = join(inside(), 'fifo.html');
  execFileSync('mkfifo', [path]);
  return path;
}

describe('writeReport', () => {
  it('replaces a file and leaves nothing else behind', async () => {
    const place = inside();
    const file = join(place, 'x.html');
    await writeReport(file, () => ['old']);
    await writeReport(file, () => ['new']);
    expect(readFileSync(file, 'utf8')).toBe('new');
    expect(readdirSync(place)).toEqual(['x.html']);
  });

  it('leaves nothing behind where it fails', async () => {
    const place = inside();
    mkdirSync(join(place, 'x.html', 'full'), { recursive: true });
    await expect(writeReport(join(place, 'x.html'), () => ['text'])).rejects.toThrow(TbprofError);
    expect(readdirSync(place)).toEqual(['x.html']);
  });

  it('writes to what a link leads to, and keeps the link', async () => {
    const place = inside();
    mkdirSync(join(place, 'real'));
    writeFileSync(join(place, 'real/x.html'), 'old');
    symlinkSync('real/x.html', join(place, 'there.html'));
    symlinkSync('real/new.html', join(place, 'missing.html'));
    symlinkSync('missing.html', join(place, 'twice.html'));
    await writeReport(join(place, 'there.html'), () => ['there']);
    await writeReport(join(place, 'twice.html'), () => ['new']);
    expect(readFileSync(join(place, 'real/x.html'), 'utf8')).toBe('there');
    expect(readFileSync(join(place, 'real/new.html'), 'utf8')).toBe('new');
    for (const link of ['there.html', 'missing.html', 'twice.html']) {
      expect(lstatSync(join(place, link)).isSymbolicLink()).toBe(true);
    }
    expect(readdirSync(join(place, 'real')).sort()).toEqual(['new.html', 'x.html']);
  });

  it('writes into a FIFO instead of replacing it', async () => {
    const fifo = makeFifo();
    const reader = readFile(fifo, 'utf8');
    await writeReport(fifo, () => ['text']);
    expect(await reader).toBe('text');
    const copied = readFile(fifo, 'utf8');
    writeFileSync(join(folder, 'recording'), 'lines');
    await copyReport(join(folder, 'recording'), fifo);
    expect(await copied).toBe('lines');
    expect(lstatSync(fifo).isFIFO()).toBe(true);
  });

  it('follows no link that somebody has put under the name of its temporary file', async () => {
    const place = inside();
    const victim = join(place, 'victim');
    writeFileSync(victim, 'precious');
    symlinkSync(victim, join(place, `x.html.${process.pid}.tmp`));
    await writeReport(join(place, 'x.html'), () => ['text']);
    expect(readFileSync(victim, 'utf8')).toBe('precious');
  });

  it('takes a name as long as a name can be', async () => {
    const file = join(inside(), `${'x'.repeat(250)}.html`);
    await writeReport(file, () => ['text']);
    expect(readFileSync(file, 'utf8')).toBe('text');
  });
});

describe('checkWritable', () => {
  it('accepts a new file, one to be replaced, and a FIFO', () => {
    writeFileSync(join(folder, 'there.html'), '');
    for (const file of [join(folder, 'new.html'), join(folder, 'there.html'), makeFifo()]) {
      expect(() => checkWritable(file)).not.toThrow();
    }
  });

  it.each([
    ['a folder that is missing', 'no/x.html', /cannot write .*no such file or folder/],
    ['a folder in place of the file', '.', /it is a folder/],
    ['a file in place of the folder', 'file/x.html', /a part of its path is no folder/],
    ['a name that is too long', 'x'.repeat(300), /its name is too long/],
    ['a link that leads to itself', 'circle', /its links lead in a circle/],
    ['a link into a folder that is missing', 'astray', /no such file or folder/],
  ])('finds %s', (_, name, message) => {
    const place = inside();
    writeFileSync(join(place, 'file'), '');
    symlinkSync('circle', join(place, 'circle'));
    symlinkSync('no/x.html', join(place, 'astray'));
    expect(() => checkWritable(join(place, name))).toThrow(message);
  });

  it.skipIf(process.geteuid?.() !== 0)('finds a file of another user in a sticky folder [as root only]', () => {
    const place = inside();
    chmodSync(folder, 0o755);
    chmodSync(place, 0o1777);
    writeFileSync(join(place, 'foreign.html'), '');
    onTestFinished(() => process.seteuid!(0));
    process.seteuid!(65_534);
    expect(() => checkWritable(join(place, 'own.html'))).not.toThrow();
    expect(() => checkWritable(join(place, 'foreign.html'))).toThrow(/not permitted: it belongs to another user/);
  });
});

describe('keepsWhatIsWritten', () => {
  it('tells files from what keeps nothing', () => {
    writeFileSync(join(folder, 'kept.html'), '');
    expect([join(folder, 'kept.html'), join(folder, 'not-yet.html'), makeFifo()].map(keepsWhatIsWritten)).toEqual([
      true,
      true,
      false,
    ]);
  });
});
