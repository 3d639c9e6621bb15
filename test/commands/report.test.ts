// The built command line on files of other tools.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { runCli } from '../helpers/cli.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

const folder = temporaryFolder();
const fixtures = fileURLToPath(new URL('../fixtures/profiles', import.meta.url));
const pyspy = join(fixtures, 'pyspy.raw');
const log = join(fixtures, 'harakiri-two-threads.log');

describe('tbprof report, of any file', () => {
  it('prints functions with bars, and the call tree down to a share', async () => {
    const { stdout, stderr, exitCode } = await runCli(['report', pyspy, '--tree', '--min-share', '25%', '--top', '2']);
    expect(exitCode).toBe(0);
    expect(stderr).toBe('');
    expect(stdout).toBe(
      [
        'collapsed: 4 distinct stacks, 1 thread, 1 process',
        '',
        'hottest functions (counts of 10)',
        '     self                        total         function',
        '        6   60.0% ██████             6   60.0% waits (work.py)',
        '        4   40.0% ████               4   40.0% busy (work.py)',
        '',
        'call tree (counts of 10; from 25% on)',
        '  50.0%         5              <module> (work.py)',
        '  30.0%         3 self   30.0%  waits (work.py)',
        '  50.0%         5              Thread._bootstrap (threading.py)',
        '  50.0%         5               Thread._bootstrap_inner (threading.py)',
        '  50.0%         5                Thread.run (threading.py)',
        '  50.0%         5                 job (work.py)',
        '  30.0%         3 self   30.0%     waits (work.py)',
        '',
      ].join('\n'),
    );
  });

  it('gives the same as data, with the keys that the README names', async () => {
    const { stdout } = await runCli(['report', log, '--json', '--tree', '--min-share', '50%']);
    const data = JSON.parse(stdout);
    expect(Object.keys(data)).toEqual([
      ...['files', 'host', 'startedEpochMs', 'durationMs', 'measure', 'rateHz', 'source', 'recorder'],
      ...['ticks', 'dumps', 'incomplete', 'workers', 'functions', 'tree'],
    ]);
    expect(data).toMatchObject({ measure: 'count', ticks: { sampled: 2 }, workers: [{ number: 2, pid: 22948 }] });
    expect(data.functions[0]).toEqual({
      label: 'inner (app.py)',
      function: 'inner',
      file: 'app.py',
      line: 3,
      self: 2,
      total: 2,
      selfShare: 1,
      totalShare: 1,
    });
    expect(data.tree.map(({ depth }: { depth: number }) => depth)).toEqual([0, 1, 2]);
  });

  it('merges what can be added, and says what cannot', async () => {
    const merged = await runCli(['report', pyspy, pyspy, log, '-f', 'collapsed', '-o', '-', '--focus', 'busy']);
    expect(merged.stdout).toBe('busy (work.py:4) 8\n');
    const mixed = await runCli(['report', pyspy, join(fixtures, 'go-cpu-labels.pb.gz')]);
    expect(mixed.exitCode).toBe(2);
    expect(mixed.stderr).toMatch(/cannot be added up: .*pyspy\.raw has counts without a time, .* has processor time/);
    const twice = await runCli(['report', '-', '-'], { input: 'a 1\n' });
    expect(twice.stderr).toMatch(/- is given twice/);
  });

  it('says what it skipped, and that filters leave nothing', async () => {
    const skipped = await runCli(['report', join(fixtures, 'perf-windows-lines-and-rubbish.folded')]);
    expect(skipped.stderr).toMatch(/skipped 1 line without a stack and its count \(line 3\); .* \(line 5\)\n$/);
    const { stdout, stderr, exitCode } = await runCli(['report', pyspy, '--include', 'nobody']);
    expect(exitCode).toBe(0);
    expect(stderr).toBe('the filters leave nothing of 4 samples\n');
    expect(stdout).toMatch(/there is nothing to show/);
  });

  it('cuts, and redacts what leaves', async () => {
    const cut = join(folder, 'cut.tbprof');
    const options = ['--redact-names', 'work', '--exclude', 'waits', '-o', cut];
    expect((await runCli(['report', pyspy, ...options])).stderr).toBe('');
    expect(readFileSync(cut, 'utf8')).not.toMatch(/work\.py|waits/);
    expect((await runCli(['report', cut, '-f', 'collapsed', '-o', '-'])).stdout).toMatch(
      /;busy \(redacted-\d+:4\) 2\n/,
    );
    const { stderr } = await runCli(['report', pyspy, '--from', '2s', '--to', '1s']);
    expect(stderr).toMatch(/--from is not before --to/);
  });

  it('is not stopped by an expression that would backtrack for ever', async () => {
    const input = `${'a'.repeat(40)}! 1\n`;
    for (const pattern of ['/^(a+)+$/', '/^(A+)+$/i']) {
      const { exitCode } = await runCli(['report', '-', '--include', pattern], { input });
      expect(exitCode).toBe(0);
    }
  });

  it('colours a terminal only', async () => {
    const { stdout } = await runCli(['report', pyspy], { env: { TERM: 'xterm-256color', FORCE_COLOR: '1' } });
    expect(stdout).not.toContain('\x1b');
  });
});
