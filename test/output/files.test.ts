import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { TbprofError } from '../../src/errors.ts';
import { checkWritable, readInput, writeReport } from '../../src/output/files.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

const folder = temporaryFolder();

describe('writeReport', () => {
  it('replaces a file and leaves nothing else behind', () => {
    const inside = join(folder, 'a');
    mkdirSync(inside);
    const file = join(inside, 'x.html');
    writeReport(file, 'old');
    writeReport(file, 'new');
    expect(readFileSync(file, 'utf8')).toBe('new');
    expect(readdirSync(inside)).toEqual(['x.html']);
  });

  it('leaves nothing behind where it fails', () => {
    const inside = join(folder, 'b');
    mkdirSync(join(inside, 'x.html', 'full'), { recursive: true });
    expect(() => writeReport(join(inside, 'x.html'), 'text')).toThrow(TbprofError);
    expect(readdirSync(inside)).toEqual(['x.html']);
  });
});

describe('checkWritable', () => {
  it('accepts a new file, and one to be replaced', () => {
    writeFileSync(join(folder, 'there.html'), '');
    expect(() => checkWritable(join(folder, 'new.html'))).not.toThrow();
    expect(() => checkWritable(join(folder, 'there.html'))).not.toThrow();
  });

  it('finds a folder that is missing, and a folder in place of the file', () => {
    expect(() => checkWritable(join(folder, 'no/x.html'))).toThrow(/cannot write .*no such file or folder/);
    expect(() => checkWritable(folder)).toThrow(/it is a folder/);
  });
});

describe('readInput', () => {
  it('names the file that it cannot read', () => {
    expect(() => readInput(join(folder, 'missing'))).toThrow(/cannot read .*missing: there is no such file/);
    expect(() => readInput(folder)).toThrow(/it is a folder/);
  });
});
