// tbprof workers against a real uWSGI. Always with --pid or -s: other tests run servers of their own beside it.
import { writeFileSync } from 'node:fs';
import { get } from 'node:http';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { WorkersReport } from '../../src/commands/workers-report.ts';
import { runCli } from '../helpers/cli.ts';
import { describeWith } from '../helpers/describe-with.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';
import { eventually, startUwsgi, type Uwsgi } from '../helpers/uwsgi.ts';

const longSleep = '/?seconds=100';

async function listWorkers(...args: string[]) {
  const finished = await runCli(['workers', '--json', ...args]);
  if (finished.stdout === '') throw new Error(finished.stderr);
  return { ...finished, report: JSON.parse(finished.stdout) as WorkersReport };
}

function pidOf({ pid }: Uwsgi): string[] {
  return ['--pid', `${pid}`];
}

const application = (prelude: string, comment = '') => `${prelude}
def application(environ, start_response):  ${comment}
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"ok"]
`;
/** It has to be inside a Python function: a thread that is all C leaves nothing behind that would crash a dump. */
const thread = `import threading, time
def loop():
    while True:
        time.sleep(1000)
threading.Thread(target=loop, daemon=True).start()
`;

describeWith('uwsgi', 'tbprof workers with a real uWSGI', () => {
  const folder = temporaryFolder();

  function writeApp(name: string, text: string): string {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  }

  it('lists the workers of a server, busy and idle, by the pid of its master or by its sockets', async () => {
    const uwsgi = await startUwsgi({ app: 'slow.py', processes: 2, threads: 2 });
    uwsgi.keepBusy(1, longSleep);
    const { report, exitCode, stderr } = await eventually(
      async () => {
        const list = await listWorkers(...pidOf(uwsgi));
        return list.report.servers[0]!.workers.some(({ busyCores }) => busyCores === 1) ? list : null;
      },
      () => 'no worker is busy',
    );
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(report).toMatchObject({
      servers: [{ name: `pid ${uwsgi.pid}`, pid: uwsgi.pid, findings: [] }],
      stats: null,
    });
    const { workers } = report.servers[0]!;
    expect(workers.map(({ busyCores }) => busyCores).sort()).toEqual([0, 1]);
    for (const [index, row] of workers.entries()) {
      expect(row).toMatchObject({ worker: index + 1, address: `${uwsgi.prefix}${index + 1}`, verdict: 'ok' });
      expect(uwsgi.log()).toContain(`spawned uWSGI worker ${row.worker} (pid: ${row.pid},`);
      expect(row.rssBytes).toBeGreaterThan(2 ** 20);
      expect(row.uptimeSeconds).toBeGreaterThanOrEqual(0);
      expect(row.uptimeSeconds).toBeLessThan(600);
      expect(row.waitMs).toBeGreaterThan(0);
    }
    const bySocket = await listWorkers('-s', uwsgi.prefix);
    expect(bySocket.report.servers.map(({ pid }) => pid)).toEqual([uwsgi.pid]);

    const table = await runCli(['workers', ...pidOf(uwsgi)]);
    expect(table.exitCode).toBe(0);
    expect(table.stdout).toMatch(/^ +1 +\d+ +\S+ +\d+ MiB +(idle|busy, 1 core) +[\d.]+ ms +ok +tracebacker +\S+1$/m);
  });

  it('finds nothing grave on a plain server, even where uWSGI runs threads of its own in the master', async () => {
    const args = ['--cache2', 'name=x,items=10', '--enable-metrics'];
    const uwsgi = await startUwsgi({ app: 'slow.py', processes: 1, threads: 2, args });
    const { report, exitCode } = await listWorkers('--check', ...pidOf(uwsgi));
    expect(exitCode).toBe(0);
    expect(report.servers[0]!.findings.filter(({ severity }) => severity !== 'hint')).toEqual([]);
    expect(report.servers[0]!.checked).toBe(true);
  });

  it.each([[[]], [['--check']]])('does not ask workers that a dump would crash (%j)', async (args) => {
    const uwsgi = await startUwsgi({ app: writeApp('thread.py', application(thread)), processes: 2, threads: 2 });
    const { report, exitCode, stderr } = await listWorkers(...args, ...pidOf(uwsgi));
    const [{ workers, findings }] = report.servers as [WorkersReport['servers'][0]];
    expect(exitCode).toBe(1);
    expect(workers.map(({ verdict }) => verdict)).toEqual(['spared', 'spared']);
    expect(findings[0]).toMatchObject({ kind: 'threads-before-fork', severity: 'danger' });
    expect(stderr).toMatch(/worker 1 was not asked .*lazy-apps = true/);
    // Every worker still serves, and is the one that it was.
    expect(await uwsgi.get('/')).toMatchObject({ status: 200 });
    const again = await listWorkers(...pidOf(uwsgi));
    expect(again.report.servers[0]!.workers.map(({ pid }) => pid)).toEqual(workers.map(({ pid }) => pid));
    expect(uwsgi.log()).not.toMatch(/Segmentation Fault|DAMN/);
  });

  it('asks them with --keep-going: the finding is true', async () => {
    const uwsgi = await startUwsgi({ app: writeApp('keep.py', application(thread)), processes: 1, threads: 2 });
    const { report, exitCode, stderr } = await listWorkers('--check', '--keep-going', ...pidOf(uwsgi));
    expect(exitCode).toBe(1);
    expect(report.servers[0]!.workers[0]!.verdict).toBe('died');
    expect(stderr).toMatch(/worker 1 crashed when we connected/);
    await eventually(
      () => /Segmentation Fault/.test(uwsgi.log()) || null,
      () => `no crash:\n${uwsgi.log()}`,
    );
  });

  it('asks workers that load the application themselves', async () => {
    const app = writeApp('lazy.py', application(thread));
    const uwsgi = await startUwsgi({ app, processes: 1, threads: 2, args: ['--lazy-apps'] });
    const { report, exitCode } = await listWorkers('--check', ...pidOf(uwsgi));
    expect(exitCode).toBe(0);
    expect(report.servers[0]!.findings.map(({ kind }) => kind)).not.toContain('threads-before-fork');
    expect(report.servers[0]!.workers[0]).toMatchObject({ verdict: 'ok', busyCores: 0, otherThreads: 1 });
  });

  it('finds source that is not ASCII, and the version of Python, while the workers are idle', async () => {
    const app = writeApp('french.py', application('# plain\n', '# re\u00e7oit la requ\u00eate'));
    const uwsgi = await startUwsgi({ app, processes: 1, threads: 2 });
    const { report } = await listWorkers('--check', ...pidOf(uwsgi));
    const { findings } = report.servers[0]!;
    expect(findings.find(({ kind }) => kind === 'non-ascii-source')).toMatchObject({
      severity: 'warning',
      message: expect.stringContaining(`${app}:3`),
    });
    const python = findings.find(({ kind }) => kind === 'no-line-numbers');
    if (python) expect(python.message).toMatch(/^Python 3\.1[1-9] /);
    const { stdout } = await runCli(['workers', '--check', ...pidOf(uwsgi)]);
    expect(stdout).toMatch(/^ {2}warning: the source has lines that are not ASCII/m);
  });

  it('says which worker is poisoned', async () => {
    const text = `import time\n${application('').replace('    return', '    time.sleep(0 if environ["QUERY_STRING"] == "seconds=0" else 100)  # \u00e9t\u00e9\n    return')}`;
    const uwsgi = await startUwsgi({ app: writeApp('poison.py', text), processes: 1, threads: 2 });
    uwsgi.keepBusy(1, '/');
    const { report, exitCode } = await eventually(
      async () => {
        const list = await listWorkers('--check', ...pidOf(uwsgi));
        return list.report.servers[0]!.workers[0]!.verdict === 'poisoned' ? list : null;
      },
      () => `not poisoned:\n${uwsgi.log()}`,
    );
    expect(exitCode).toBe(1);
    expect(report.servers[0]!.findings.map(({ kind }) => kind)).toEqual(
      expect.arrayContaining(['poisoned', 'non-ascii-source']),
    );
  });

  it('lists a server without a tracebacker, and says what to do', async () => {
    const { get: ask, ...uwsgi } = await startUwsgi({ app: 'slow.py', processes: 1, threads: 1, tracebacker: null });
    expect(await ask('/?seconds=0')).toMatchObject({ status: 200 });
    const { stdout, exitCode } = await runCli(['workers', '--check', '--pid', `${uwsgi.pid}`]);
    expect(exitCode).toBe(1);
    expect(stdout).toContain(`server ${uwsgi.pid}: 0 workers with a tracebacker`);
    expect(stdout).toContain('set py-tracebacker = /tmp/tbsocket.');
  });

  it.each(['socket', 'http'] as const)("adds uWSGI's own figures, from a %s", async (kind) => {
    const where = kind === 'socket' ? join(folder, 'stats') : `127.0.0.1:${await findFreePort()}`;
    const args = ['--stats', where, ...(kind === 'http' ? ['--stats-http'] : [])];
    const uwsgi = await startUwsgi({ app: 'slow.py', processes: 2, threads: 2, args });
    // uWSGI prints the control character and the broken UTF-8 into its JSON as they are.
    const path = '/%01/caf%ff?seconds=100&token=geheim';
    get({ host: '127.0.0.1', port: uwsgi.port, path, headers: { Cookie: 'geheim', Authorization: 'Basic geheim' } }).on(
      'error',
      () => {},
    );
    const asked = ['--stats', where, ...(kind === 'http' ? ['--stats-http'] : []), ...pidOf(uwsgi)];
    const { report, stdout } = await eventually(
      async () => {
        const list = await listWorkers(...asked);
        const { workers } = list.report.servers[0]!;
        return workers.some((row) => row.busyCores === 1 && row.stats?.running.length === 1) ? list : null;
      },
      () => `no running request:\n${uwsgi.log()}`,
    );
    expect(stdout).not.toContain('geheim');
    const busy = report.servers[0]!.workers.find(({ busyCores }) => busyCores === 1)!;
    expect(busy.stats).toMatchObject({
      ...{ worker: busy.worker, pid: busy.pid, status: 'busy', exceptions: 0 },
      running: [{ method: 'GET', path: '/\x01/caf\ufffd' }],
    });
    expect(report.stats!.masterPid).toBe(uwsgi.pid);
    const table = await runCli(['workers', ...asked]);
    expect(table.exitCode).toBe(0);
    expect(table.stdout).toMatch(/core \d: GET \/\\x01\/caf\ufffd for \d+s$/m);
    expect(table.stdout).not.toContain('geheim');
  });

  it('lists the workers where the stats server fails, says why, and exits with 3', async () => {
    const uwsgi = await startUwsgi({ app: 'slow.py', processes: 1, threads: 1 });
    const { report, exitCode, stderr } = await listWorkers('--stats', join(folder, 'none'), ...pidOf(uwsgi));
    expect(exitCode).toBe(3);
    expect(report.servers[0]!.workers).toHaveLength(1);
    expect(stderr).toMatch(/no stats server listens on .*none/);
  });

  it('exits with 1 for a pid that is no server', async () => {
    const { exitCode, stderr, stdout } = await runCli(['workers', '--json', '--pid', `${process.pid}`]);
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' });
    expect(stderr).toMatch(/no uWSGI server/);
  });
});

function findFreePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}
