// The real agent in a real uWSGI: who is recorded through what.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';
import type { WorkersReport } from '../../src/commands/workers-report.ts';
import { forEachSample, framesOf, type Profile } from '../../src/profile/profile.ts';
import { runCli, startCli } from '../helpers/cli.ts';
import { describeWith } from '../helpers/describe-with.ts';
import { afterRequest } from '../helpers/fake-agent.ts';
import { fakeTracebacker } from '../helpers/fake-tracebacker.ts';
import { startRecording } from '../helpers/live-recording.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';
import { eventually, startUwsgi, stop } from '../helpers/uwsgi.ts';

const agentFolder = fileURLToPath(new URL('../../agent', import.meta.url));
const withAgent = ['--pythonpath', agentFolder, '--import', 'tbprof_agent', '--enable-threads'];

/** Waits for as long as it is told to, and computes for as long. */
const app = `
import time

def wait(seconds):
    time.sleep(seconds)

def compute(seconds):
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        pass

def application(environ, start_response):
    seconds = float(environ["QUERY_STRING"].split("=")[1])
    wait(seconds)
    compute(seconds)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"done"]
`;

describeWith('uwsgi', 'recording through the agent', () => {
  const folder = temporaryFolder();
  const file = join(folder, 'app.py');
  writeFileSync(file, app);

  async function listOffers(...args: string[]) {
    const { stdout, stderr } = await runCli(['workers', '--check', '--json', ...args]);
    if (stdout === '') throw new Error(stderr);
    const [server] = (JSON.parse(stdout) as WorkersReport).servers;
    return { offers: server!.workers.map(({ offers }) => offers), findings: server!.findings.map(({ kind }) => kind) };
  }

  it('prefers it to the tracebacker beside it, and tells wall time from processor time', async () => {
    const uwsgi = await startUwsgi({ app: file, processes: 2, threads: 1, args: withAgent });
    expect(await listOffers('--pid', `${uwsgi.pid}`)).toEqual({ offers: ['both', 'both'], findings: [] });
    const recording = startRecording(folder, ['--pid', `${uwsgi.pid}`, '--mode', 'cpu']);
    await recording.until('both workers', ({ workers }) => workers.every(({ dumps }) => dumps > 0));
    await uwsgi.get('/?seconds=0.5');
    await recording.until('what was computed', (_, { strings }) => strings.includes('compute'));
    const { exitCode, coverage, profile, stderr } = await recording.end();
    expect(exitCode, stderr).toBe(0);
    expect(profile.meta.measure).toBe('cpu'); // the page is a report
    for (const worker of coverage.workers) {
      expect(worker).toMatchObject({ source: 'agent', fallbacks: 0, left: null });
    }
    expect(stderr).toMatch(/CPU time \d/);
    const burned = (name: string) => {
      let total = 0;
      forEachSample(profile, (sample, weight) => {
        const leaf = framesOf(profile, profile.samples.stack[sample]!).at(-1)!;
        if (profile.strings[profile.frames.function[leaf]!] === name) total += weight;
      });
      return total;
    };
    // It waited for as long as it computed.
    expect(burned('compute')).toBeGreaterThan(10 * burned('wait'));
  });

  it('shows live what computes, by processor time, and writes nothing', async () => {
    const uwsgi = await startUwsgi({ app: file, processes: 1, threads: 1, args: withAgent });
    const { process: child, finished } = startCli(['top', '-p', `${uwsgi.pid}`, '--mode', 'cpu', '--json']);
    onTestFinished(() => stop(child, 'SIGKILL'));
    /** Resolves when a line of it passes the test. */
    const says = (test: RegExp) =>
      Promise.race([
        finished,
        new Promise((resolve) => {
          child.stdout!.on('data', (chunk: Buffer) => {
            if (test.test(chunk.toString())) resolve(null);
          });
        }),
      ]);
    await says(/"observed":[1-9]/);
    const computed = says(/"compute"/);
    await uwsgi.get('/?seconds=0.5');
    await computed;
    child.kill('SIGINT');
    const { exitCode, stdout, stderr } = await finished;
    expect(exitCode, stderr).toBe(0);
    const last = JSON.parse(stdout.trimEnd().split('\n').at(-1)!);
    expect(last.workers).toMatchObject([{ source: 'agent', left: null }]);
    expect([last.rateHz, last.functions[0].function]).toEqual([100, 'compute']);
    const { whole } = last.functions[0];
    expect(whole.selfSeconds).toBeGreaterThan(0.25);
    expect(whole.selfSeconds).toBeLessThan(0.75);
  });

  it('finds it where there is no tracebacker, and follows a worker that is killed into its next life', async () => {
    const args = [...withAgent, '--set', 'tbprof=FOLDER/a.'];
    const uwsgi = await startUwsgi({ app: file, processes: 2, threads: 1, tracebacker: null, args });
    await eventually(
      () => (existsSync(join(uwsgi.folder, 'a.2.stream')) ? true : null),
      () => uwsgi.log(),
    );
    expect((await listOffers('--pid', `${uwsgi.pid}`)).offers).toEqual(['agent', 'agent']);
    const recording = startRecording(folder, ['--pid', `${uwsgi.pid}`]);
    await recording.until('both workers', ({ workers }) => workers.every(({ dumps }) => dumps > 10));
    uwsgi.keepBusy(1, '/?seconds=1');
    await recording.until('what they do', (_, { strings }) => strings.includes('wait'));
    process.kill(uwsgi.workerPid(1), 'SIGKILL');
    await recording.until('the next life', ({ workers }) => workers[0]!.respawns > 0);
    let before = Number.POSITIVE_INFINITY;
    await recording.until('dumps of it', ({ workers: [killed] }) => {
      before = Math.min(before, killed!.dumps);
      return killed!.dumps > before + 20;
    });
    const { coverage, profile, stderr } = await recording.end();
    expect(stderr).not.toMatch(/crashed|poisoned/);
    for (const worker of coverage.workers) {
      expect(worker).toMatchObject({ source: 'agent', left: null, isGone: false });
      const due = (profile.meta.durationMs! * 100) / 1_000;
      expect(Math.abs(worker.planned - due)).toBeLessThan(2);
    }
  });

  it('asks the tracebacker where what streams beside it refuses', async () => {
    const uwsgi = await startUwsgi({ app: file, processes: 1, threads: 1 });
    const refuse = afterRequest((socket) => {
      socket.end('{"error":"not today"}\n');
    });
    await fakeTracebacker(`${uwsgi.prefix}1.stream`, refuse);
    uwsgi.keepBusy(1, '/?seconds=100');
    const recording = startRecording(folder, ['-s', uwsgi.prefix]);
    await recording.until('dumps', ({ workers }) => workers[0]!.dumps > 5);
    const { coverage, stderr } = await recording.end();
    expect(coverage.workers[0]).toMatchObject({ source: 'tracebacker', fallbacks: 1, left: null });
    expect(stderr).toMatch(/its agent could not be used, so its tracebacker was asked/);
  });

  it('refuses to record what only an agent can tell, where there is none', async () => {
    const uwsgi = await startUwsgi({ app: file, processes: 1, threads: 1 });
    const refused = async (...args: string[]) => {
      const { exitCode, stderr } = await runCli(['record', '-s', uwsgi.prefix, '-d', '1s', ...args], { cwd: folder });
      expect(exitCode).toBe(2);
      expect(stderr.trimEnd().split('\n')).toHaveLength(1);
      return stderr;
    };
    expect(await refused('--mode', 'cpu')).toMatch(
      /tracebacker cannot tell processor time, the agent can: tbprof agent --help/,
    );
    expect(await refused('--greenlets')).toMatch(
      /need an agent, which these workers lack \(see: tbprof agent --help\)/,
    );
  });

  it('tells of a program that ended in order, when it is there again, and shows the tasks that wait in it', async () => {
    const prefix = join(folder, 'tasks.');
    const program = `import asyncio, sys
sys.path.insert(0, ${JSON.stringify(agentFolder)})
import tbprof_agent

async def wait_for_long():
    await asyncio.sleep(1000)

async def main():
    tasks = [asyncio.ensure_future(wait_for_long()) for _ in range(3)]
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
    for task in tasks:
        task.cancel()

tbprof_agent.start(${JSON.stringify(prefix)}, 1)
asyncio.run(main())
`;
    const startProgram = async () => {
      const child = spawn(findPython(), ['-c', program], { stdio: ['pipe', 'ignore', 'inherit'] });
      onTestFinished(() => stop(child, 'SIGKILL'));
      await eventually(
        () => existsSync(`${prefix}1.stream`) || null,
        () => 'no agent',
      );
      return child;
    };
    const first = await startProgram();
    const recording = startRecording(folder, ['-s', prefix, '--tasks']);
    const waits = (profile: Profile) =>
      profile.strings.includes('wait_for_long') && profile.threads.some(({ name }) => name === 'task-wait_for_long');
    await recording.until('its tasks', (_, profile) => waits(profile));
    first.stdin.end();
    await once(first, 'exit');
    // uWSGI's tracebacker leaves its file behind.
    execFileSync(findPython(), [
      '-c',
      'import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])',
      `${prefix}1`,
    ]);
    // Long enough that who is there was looked for meanwhile.
    await recording.until('that it is gone', ({ workers }) => (workers[0]!.gaps.get('gone') ?? 0) > 200);
    const second = await startProgram();
    await recording.until('the second one', (_, { events }) =>
      events.some(({ kind, count }) => kind === 'respawn' && count === second.pid),
    );
    await recording.until('its dumps', ({ workers: [program] }, { dumps, events }) => {
      const { timeMs } = events.find(({ kind }) => kind === 'respawn')!;
      return program!.respawns === 1 && dumps.timeMs.filter((time) => time > timeMs).length > 20;
    });
    const { exitCode, stderr, profile } = await recording.end();
    expect(exitCode, stderr).toBe(0);
    expect(profile.threads.map(({ name }) => name)).toContain('MainThread');
  });

  it('finds a program that is no uWSGI', async () => {
    const prefix = join(folder, 'p.');
    const program = `import sys; sys.path.insert(0, ${JSON.stringify(agentFolder)}); import tbprof_agent; tbprof_agent.start(${JSON.stringify(prefix)}); exec(${JSON.stringify(app)}); compute(1000)`;
    const child = spawn(findPython(), ['-c', program], { stdio: 'ignore' });
    onTestFinished(() => stop(child, 'SIGKILL'));
    await eventually(
      () => (existsSync(`${prefix}${child.pid}.stream`) ? true : null),
      () => 'no agent',
    );
    const recording = startRecording(folder, ['--pid', `${child.pid}`]);
    await recording.until('what it does', (_, { strings }) => strings.includes('compute'));
    const { exitCode, profile } = await recording.end();
    expect(exitCode).toBe(0);
    expect(profile.workers).toMatchObject([{ number: child.pid, address: `${prefix}${child.pid}`, pid: child.pid }]);
  });
});

/** Debian's plugin of uWSGI comes with it. */
function findPython(): string {
  execFileSync('python3', ['--version']);
  return 'python3';
}
