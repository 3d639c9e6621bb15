// A uWSGI that sees another file system, as one in a container does: its sockets are reached through /proc.
import { existsSync } from 'node:fs';
import { expect, it } from 'vitest';
import type { WorkersReport } from '../../src/commands/workers-report.ts';
import { runCli } from '../helpers/cli.ts';
import { describeWith } from '../helpers/describe-with.ts';
import { startUwsgi } from '../helpers/uwsgi.ts';

describeWith('namespaces', 'a uWSGI in a container', () => {
  it('is found and recorded', async () => {
    const uwsgi = await startUwsgi({ app: 'slow.py', processes: 2, threads: 2, isContained: true });
    expect(existsSync(`${uwsgi.prefix}1`)).toBe(false);
    const listed = await runCli(['workers', '--json', '--pid', `${uwsgi.pid}`]);
    const { servers } = JSON.parse(listed.stdout) as WorkersReport;
    expect(servers[0]!.workers.map(({ address }) => address)).toEqual(
      [1, 2].map((number) => `/proc/${uwsgi.pid}/root${uwsgi.prefix}${number}`),
    );
    uwsgi.keepBusy(4, '/?seconds=100');
    const recorded = await runCli(['record', '--pid', `${uwsgi.pid}`, '-d', '1s', '-f', 'collapsed', '-o', '-']);
    expect(recorded.exitCode).toBe(0);
    expect(recorded.stdout).toMatch(/application .*slow\.py.* \d+$/m);
  });
});
