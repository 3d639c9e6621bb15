// tbprof diff as it is run: files in, table and exit code out.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Measure, Profile } from '../../src/profile/profile.ts';
import { encodeStream } from '../../src/stream/encode.ts';
import { runCli } from '../helpers/cli.ts';
import { simulateRecording, type Work } from '../helpers/simulated-recording.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

const folder = temporaryFolder();
const at = (file: string) => join(folder, file);

function simulated(seed: number, { shift = 0, seconds = 30 } = {}): Profile {
  const work = (leaf: string, share: number): Work => ({ share, seconds: 0.05, path: ['app'], leaves: [leaf] });
  const works = [work('grows', 0.1 + shift), work('shrinks', 0.4 - shift), work('stays', 0.5)];
  return simulateRecording({ seed, work: works, rateHz: 20, workers: 4, threads: 2, seconds });
}

function save(file: string, profile: Profile, measure: Measure = 'wall'): void {
  writeFileSync(at(file), encodeStream({ ...profile, meta: { ...profile.meta, measure } }));
}

beforeAll(() => {
  save('before.tbprof', simulated(1));
  save('same.tbprof', simulated(2));
  save('grown.tbprof', simulated(3, { shift: 0.1 }));
  save('short.tbprof', simulated(4, { seconds: 5 }));
  save('cpu.tbprof', simulated(5), 'cpu');
  save('counts.tbprof', simulated(6), 'count');
});

const diff = (...args: string[]) => runCli(['diff', ...args], { cwd: folder });

describe('tbprof diff', () => {
  it('prints a table', async () => {
    const { stdout, stderr, exitCode } = await diff('before.tbprof', 'grown.tbprof');
    expect([exitCode, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/\* +grows \(\/app\/a\.py\)/);
  });

  it('reads one of the two from stdin', async () => {
    const input = readFileSync(at('grown.tbprof'), 'utf8');
    const { stdout } = await runCli(['diff', 'before.tbprof', '-', '--json'], { cwd: folder, input });
    expect(JSON.parse(stdout).after.name).toBe('-');
    expect((await diff('-', '-')).exitCode).toBe(2);
  });

  it('writes each output in the format of its ending, and nothing to stdout', async () => {
    const files = ['d.md', 'd.folded', 'd.json', 'd.txt'];
    const { stdout, exitCode } = await diff('before.tbprof', 'grown.tbprof', ...files.flatMap((file) => ['-o', file]));
    expect([exitCode, stdout]).toEqual([0, '']);
    const starts = files.map((file) => readFileSync(at(file), 'utf8').slice(0, 3));
    expect(starts).toEqual(['###', 'app', '{\n ', 'bef']);
  });

  it('writes a page, which is no recording', async () => {
    expect((await diff('before.tbprof', 'grown.tbprof', '-o', 'd.html')).exitCode).toBe(0);
    expect(readFileSync(at('d.html'), 'utf8')).toContain(
      '<title>tbprof: before.tbprof and grown.tbprof compared</title>',
    );
    const { stderr, exitCode } = await runCli(['report', 'd.html'], { cwd: folder });
    expect(exitCode).toBe(2);
    expect(stderr).toContain('cannot read d.html: it is a comparison, which carries two recordings');
  });

  it('says which formats there are, before it reads anything', async () => {
    const { stderr, exitCode } = await diff('before.tbprof', 'nowhere.tbprof', '-o', 'x.svgz');
    expect([exitCode, existsSync(at('x.svgz'))]).toEqual([2, false]);
    expect(stderr).toMatch(/x\.svgz has no ending that names a format.*\.md, .*\.collapsed, .*\.json/);
  });

  it('passes and fails a check, beyond chance', async () => {
    expect((await diff('before.tbprof', 'same.tbprof', '--fail-on', '+3%')).exitCode).toBe(0);
    const grown = await diff('before.tbprof', 'grown.tbprof', '--fail-on', '+3%');
    expect(grown.exitCode).toBe(4);
    expect(grown.stderr).toMatch(/^grew by more than 3%: grows \(\/app\/a\.py\): self \+\d+\.\d ±\d\.\d \*/);
    expect((await diff('grown.tbprof', 'before.tbprof', '--fail-on', '+12%')).exitCode).toBe(0);
    const perSecond = await diff('before.tbprof', 'grown.tbprof', '--per', 'second', '--fail-on', '+50ms');
    expect(perSecond.exitCode).toBe(4);
  });

  it('lets no check pass that could not look', async () => {
    const { stderr, exitCode } = await diff('before.tbprof', 'short.tbprof', '--fail-on', '+3%');
    expect(exitCode).toBe(2);
    expect(stderr).toContain('of after: it is shorter than 10 s');
  });

  it.each([
    [['--fail-on', '3']],
    [['--fail-on=-3%']],
    [['--fail-on', '+3%', '--per', 'second']],
    [['--fail-on', '+20ms']],
    [['--json', '-f', 'markdown']],
    [['-f', 'xml']],
    [['--per', 'minute']],
  ])('refuses %j', async (args) => {
    expect((await diff('before.tbprof', 'same.tbprof', ...args)).exitCode).toBe(2);
  });

  it('compares no processor time with wall time, and counts by share alone', async () => {
    const mixed = await diff('before.tbprof', 'cpu.tbprof');
    expect([mixed.exitCode, mixed.stdout]).toEqual([2, '']);
    expect(mixed.stderr).toContain('before is wall time and after is processor time');
    const counts = await diff('counts.tbprof', 'before.tbprof');
    expect(counts.exitCode).toBe(0);
    expect(counts.stderr).toContain('as if the counts were of wall time');
    expect(counts.stdout).toContain('no change is marked: of before: its samples have no time');
    expect((await diff('counts.tbprof', 'before.tbprof', '--per', 'second')).exitCode).toBe(2);
  });
});
