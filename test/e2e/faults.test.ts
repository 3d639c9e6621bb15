// What happens to a recording when something happens to a real uWSGI: verdicts, exit codes, and what of the healthy
// workers must not be lost. Recordings are followed while they are made, so that nothing depends on how fast things are.
import { spawn } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import type { Coverage } from '../../src/aggregate/coverage.ts';
import type { WorkersReport } from '../../src/commands/workers-report.ts';
import { forEachSample, framesOf, type Profile } from '../../src/profile/profile.ts';
import { readProcessStat } from '../../src/tracebacker/processes.ts';
import { withAgent } from '../helpers/agent-client.ts';
import { runCli } from '../helpers/cli.ts';
import { describeWith } from '../helpers/describe-with.ts';
import { expectAllTicks, startRecording } from '../helpers/live-recording.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';
import { eventually, forward, startUwsgi, stop, type Uwsgi } from '../helpers/uwsgi.ts';

const waitingApp = (more = '') => `import time
from urllib.parse import parse_qs
${more}

def wait(seconds):
    time.sleep(seconds)


def application(environ, start_response):
    query = parse_qs(environ["QUERY_STRING"])
    seconds = float(query.get("seconds", ["0"])[0])
    view = globals().get(query.get("view", ["wait"])[0])
    view(seconds)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"done"]
`;

/** Two requests at a time, one after another, until the test is over, or until what it gives is called. */
function keepBrowsing(uwsgi: Uwsgi, clients = 2): () => Promise<void> {
  let over = false;
  onTestFinished(() => {
    over = true;
  });
  const browse = async () => {
    while (!over) {
      await uwsgi.get('/?seconds=0.1').catch(() => sleep(50)); // there is nobody while it reloads
    }
  };
  const browsing = Array.from({ length: clients }, browse);
  return async () => {
    over = true;
    await Promise.all(browsing);
  };
}

const observed = (coverage: Coverage, worker: number) => coverage.workers[worker]?.observed ?? 0;

/** Times of the samples of a worker, in milliseconds since the recording began. */
function timesOf({ dumps, events }: Profile, worker: number) {
  const times = [...dumps.timeMs].filter((_, row) => dumps.worker[row] === worker);
  const respawns = events.filter((event) => event.worker === worker && event.kind === 'respawn');
  return { times, respawns };
}

function functionsOf(profile: Profile, worker: number): Set<string> {
  const { frames, samples, strings, threads } = profile;
  const found = new Set<string>();
  forEachSample(profile, (sample) => {
    if (threads[samples.thread[sample]!]!.worker !== worker) return;
    for (const frame of framesOf(profile, samples.stack[sample]!)) found.add(strings[frames.function[frame]!]!);
  });
  return found;
}

describeWith('uwsgi', 'with a real uWSGI to which something happens', () => {
  const folder = temporaryFolder();
  let apps = 0;
  const writeApp = (text: string) => {
    const file = join(folder, `app${++apps}.py`);
    writeFileSync(file, text);
    return file;
  };

  it.each([
    ['tracebacker', []],
    ['agent', withAgent],
  ])(
    'goes on through a reload (touch-reload), asking the %s: all workers come back as other processes, and nothing is lost',
    async (source, args) => {
      const app = writeApp(waitingApp());
      const touch = join(folder, 'reload');
      writeFileSync(touch, '');
      const uwsgi = await startUwsgi({
        app,
        processes: 6,
        threads: 2,
        args: [...args, '--touch-reload', touch, '--lazy-apps'],
      });
      keepBrowsing(uwsgi, 6);
      const recording = startRecording(folder, ['-s', uwsgi.prefix, '-r', '50']);
      const all = [0, 1, 2, 3, 4, 5];
      await recording.until('dumps of all', (coverage) => all.every((worker) => observed(coverage, worker) > 25));
      writeFileSync(touch, 'now');
      await recording.until('dumps of all after their respawn', (_, profile) =>
        all.every((worker) => {
          const { times, respawns } = timesOf(profile, worker);
          return respawns.length > 0 && times.filter((time) => time > respawns[0]!.timeMs).length > 25;
        }),
      );
      const { exitCode, stderr, coverage, profile } = await recording.end();
      expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: expect.stringContaining('1 respawn') });
      expectAllTicks(coverage, profile, 50);
      expect(coverage.workers.map((worker) => worker.source)).toEqual(all.map(() => source));
      for (const worker of all) {
        const { times, respawns } = timesOf(profile, worker);
        expect(respawns.map(({ count }) => count)).toEqual([uwsgi.workerPid(worker + 1)]);
        expect(times.filter((time) => time < respawns[0]!.timeMs).length).toBeGreaterThan(20);
      }
    },
  );

  it.each([
    ['tracebacker', []],
    ['agent', withAgent],
  ])('goes on through the respawns of max-requests, asking the %s', async (source, args) => {
    const app = writeApp(waitingApp());
    // With more threads uWSGI 2.0.21 on Python 3.11 never ends such a worker, with or without the agent.
    const uwsgi = await startUwsgi({
      ...{ app, processes: 1, threads: 1 },
      args: [...args, '--enable-threads', '--max-requests', '5', '--min-worker-lifetime', '1'],
    });
    const before = uwsgi.workerPid(1);
    const recording = startRecording(folder, ['-s', uwsgi.prefix, '-r', '50']);
    await recording.until('dumps', (coverage) => observed(coverage, 0) > 25);
    for (const lives of [1, 2]) {
      const stopBrowsing = keepBrowsing(uwsgi, 1);
      await recording.until(`respawn ${lives}`, ({ workers }) => workers[0]!.respawns >= lives);
      await stopBrowsing();
      await recording.until('dumps of the last process', (_, profile) => {
        const { times, respawns } = timesOf(profile, 0);
        const last = respawns.at(-1)!;
        return last.count === uwsgi.workerPid(1) && times.filter((time) => time > last.timeMs).length > 25;
      });
    }
    const { exitCode, stderr, coverage, profile } = await recording.end();
    const { respawns } = timesOf(profile, 0);
    expect({ exitCode, stderr }).toEqual({
      exitCode: 0,
      stderr: expect.stringContaining(`${respawns.length} respawns`),
    });
    expect(new Set([before, ...respawns.map(({ count }) => count)]).size).toBe(respawns.length + 1);
    expectAllTicks(coverage, profile, 50);
    expect(coverage.workers).toMatchObject([{ source, left: null, isGone: false }]);
  });

  it('takes in the workers that `cheaper` adds, and lets go of those that it stops', async () => {
    const app = writeApp(waitingApp());
    const cheaper = ['--cheaper', '1', '--cheaper-initial', '1', '--cheaper-algo', 'manual', '--lazy-apps'];
    const uwsgi = await startUwsgi({
      app,
      processes: 3,
      atFirst: 1,
      threads: 2,
      args: [...cheaper, '--master-fifo', 'FOLDER/fifo'],
    });
    const tellMaster = (commands: string) => writeFileSync(join(uwsgi.folder, 'fifo'), commands);
    keepBrowsing(uwsgi);
    const recording = startRecording(folder, ['-s', uwsgi.prefix, '-r', '50']);
    await recording.until('the first worker', (coverage) => observed(coverage, 0) > 10);
    tellMaster('+');
    await recording.until('a second worker', (coverage) => observed(coverage, 1) > 10);
    tellMaster('+');
    await recording.until('a third worker', (coverage) => observed(coverage, 2) > 10);
    tellMaster('-');
    await recording.until(
      'one worker less',
      ({ workers }) => workers.filter(({ isGone }) => isGone).length === 1 && workers.length === 3,
    );
    const { exitCode, coverage, profile } = await recording.end();
    expect(exitCode).toBe(0);
    expectAllTicks({ ...coverage, workers: coverage.workers.slice(0, 1) }, profile, 50);
    // Whoever came later has no ticks from before.
    const planned = coverage.workers.map((worker) => worker.planned);
    expect(planned[0]! > planned[1]! && planned[1]! > planned[2]!, `${planned}`).toBe(true);
    expect(profile.workers.map(({ number }) => number)).toEqual([1, 2, 3]);
    expect(coverage.workers.map(({ left }) => left)).toEqual([null, null, null]);
  });

  it('tells of a worker that is killed and comes back, and keeps all of the other one', async () => {
    const app = writeApp(waitingApp());
    const uwsgi = await startUwsgi({ app, processes: 2, threads: 2, args: ['--lazy-apps'] });
    keepBrowsing(uwsgi);
    const recording = startRecording(folder, ['-s', uwsgi.prefix, '-r', '50']);
    await recording.until('dumps of both', (coverage) => observed(coverage, 0) > 10 && observed(coverage, 1) > 10);
    process.kill(uwsgi.workerPid(1), 'SIGKILL');
    await recording.until('dumps of the new process', (_, profile) => {
      const { times, respawns } = timesOf(profile, 0);
      return respawns.length === 1 && times.some((time) => time > respawns[0]!.timeMs + 500);
    });
    const { exitCode, stderr, coverage, profile } = await recording.end();
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: expect.stringMatching(/worker 1: .*1 respawn/) });
    expect(timesOf(profile, 0).respawns[0]!.count).toBe(uwsgi.workerPid(1));
    expectAllTicks(coverage, profile, 50);
    const [, other] = coverage.workers;
    expect(other).toMatchObject({ left: null, respawns: 0, isGone: false });
    expect(other!.observed).toBeGreaterThan(0.9 * other!.planned);
  });

  it('says what a non-ASCII comment does to a worker, leaves that one alone, and keeps the other one', async () => {
    const poisonous = 'def read_menu(seconds):\n    time.sleep(seconds)  # a la carte, s\u2019il vous pla\u00eet\n';
    const app = writeApp(waitingApp(poisonous));
    const uwsgi = await startUwsgi({ app, processes: 2, threads: 2, args: ['--lazy-apps'] });
    keepBrowsing(uwsgi);
    const recording = startRecording(folder, ['-s', uwsgi.prefix, '-r', '50']);
    await recording.until('dumps of both', (coverage) => observed(coverage, 0) > 10 && observed(coverage, 1) > 10);
    await uwsgi.get('/?view=read_menu&seconds=0.5');
    await recording.until('a poisoned worker', ({ workers }) => workers.some(({ left }) => left === 'poisoned'));
    const { exitCode, stderr, coverage, profile } = await recording.end();
    expect(exitCode).toBe(3);
    expect(stderr).toMatch(/! worker \d: poisoned, .*bug of uWSGI.*non-ASCII.*Python 3\.11.*unharmed.*reload/);
    expectAllTicks(coverage, profile, 50);
    const healthy = coverage.workers.find(({ left }) => left === null)!;
    expect(coverage.workers.map(({ left }) => left).sort()).toEqual(['poisoned', null].sort());
    expect(healthy.observed).toBeGreaterThan(0.9 * healthy.planned);
    expect(healthy.gaps.has('poisoned')).toBe(false);
    expect(functionsOf(profile, healthy.worker)).toEqual(new Set(['application', 'wait']));
    // The application is unharmed, and nobody has died.
    expect((await uwsgi.get('/')).body).toBe('done');
    expect(uwsgi.log()).not.toContain('DAMN');
  });

  const threadAtImport =
    'import threading\n\nthreading.Thread(target=lambda: time.sleep(100000), daemon=True).start()\n';

  const deathsOf = (uwsgi: Uwsgi) => uwsgi.log().match(/DAMN ! worker \d+ .*died/g) ?? [];

  it('asks nobody where a thread was started before the fork, and names the cure', async () => {
    const app = writeApp(waitingApp(threadAtImport));
    const uwsgi = await startUwsgi({ app, processes: 4, threads: 2, args: ['--enable-threads'] });
    const { exitCode, stderr } = await startRecording(folder, ['-s', uwsgi.prefix, '-d', '60s']).finished;
    expect({ exitCode, stderr }).toEqual({ exitCode: 1, stderr: expect.stringContaining('lazy-apps = true') });
    expect(stderr).toMatch(/nobody was asked: in the uWSGI server \d+ a thread was started in the master/);
    expect((await uwsgi.get('/')).body).toBe('done'); // all of what was done to it is in the log by now
    expect(deathsOf(uwsgi)).toEqual([]);
  });

  it('kills one worker at most where the danger cannot be seen beforehand', async () => {
    const app = writeApp(waitingApp(threadAtImport));
    const uwsgi = await startUwsgi({ app, processes: 4, threads: 2, args: ['--enable-threads'] });
    // Behind forwarded ports nobody can see the processes.
    const ports = await Promise.all([1, 2, 3, 4].map((worker) => forward(`${uwsgi.prefix}${worker}`, 'tcp')));
    const sockets = ports.flatMap(({ address }) => ['-s', address]);
    const { exitCode, stderr } = await startRecording(folder, [...sockets, '-d', '60s']).finished;
    expect({ exitCode, stderr }).toEqual({ exitCode: 1, stderr: expect.stringContaining('lazy-apps = true') });
    await eventually(
      () => deathsOf(uwsgi).length > 0 || null,
      () => `the worker lives, so this server cannot show it:\n${uwsgi.log()}`,
    );
    expect((await uwsgi.get('/')).body).toBe('done');
    expect(deathsOf(uwsgi)).toHaveLength(1);
    expect(ports.reduce((sum, port) => sum + port.connections(), 0)).toBe(1);
  });

  it('records the same application where it has lazy-apps', async () => {
    const app = writeApp(waitingApp(threadAtImport));
    const uwsgi = await startUwsgi({ app, processes: 2, threads: 2, args: ['--enable-threads', '--lazy-apps'] });
    keepBrowsing(uwsgi);
    const recording = startRecording(folder, ['-s', uwsgi.prefix, '-r', '50']);
    await recording.until('dumps of both', (coverage) => observed(coverage, 0) > 10 && observed(coverage, 1) > 10);
    const { exitCode, profile } = await recording.end();
    expect(exitCode).toBe(0);
    expect([...functionsOf(profile, 0), ...functionsOf(profile, 1)]).toContain('wait');
    expect(uwsgi.log()).not.toContain('DAMN');
  });

  it('reports what it saw of a server that was stopped on the way, and exits with 3', async () => {
    const app = writeApp(waitingApp());
    const uwsgi = await startUwsgi({ app, processes: 2, threads: 2 });
    keepBrowsing(uwsgi);
    const recording = startRecording(folder, ['-s', uwsgi.prefix, '-r', '50']);
    await recording.until('dumps of both', (coverage) => observed(coverage, 0) > 10 && observed(coverage, 1) > 10);
    await stop(uwsgi.process);
    await recording.until('that all are gone', ({ workers }) => workers.every(({ isGone }) => isGone));
    const { exitCode, stderr, coverage, profile } = await recording.end();
    expect(exitCode).toBe(3);
    expect(stderr).toContain('the server was gone at the end of the recording');
    expectAllTicks(coverage, profile, 50);
    expect(observed(coverage, 0)).toBeGreaterThan(10);
    expect(coverage.workers.map(({ left }) => left)).toEqual([null, null]);
    expect([...functionsOf(profile, 0), ...functionsOf(profile, 1)]).toContain('wait');
  });

  it.each([undefined, 'ini', 'yaml', 'xml', 'environment'] as const)(
    'finds the tracebackers of a server by its pid, configured by %s, and no request socket',
    async (configuredBy) => {
      const app = writeApp(waitingApp());
      const uwsgi = await startUwsgi({
        app,
        processes: 2,
        threads: 2,
        ...(configuredBy !== undefined && { configuredBy }),
        args: ['--socket', 'FOLDER/s.req.1', '--stats', 'FOLDER/stats.2'],
      });
      keepBrowsing(uwsgi);
      const recording = startRecording(folder, ['--pid', `${uwsgi.process.pid}`, '-r', '50']);
      await recording.until('dumps of both', (coverage) => observed(coverage, 0) > 10 && observed(coverage, 1) > 10);
      const { exitCode, profile } = await recording.end();
      expect(exitCode).toBe(0);
      expect(profile.workers).toMatchObject(
        [1, 2].map((number) => ({ number, address: `${uwsgi.prefix}${number}`, pid: uwsgi.workerPid(number) })),
      );
      // A connection to the request socket without a request is a line in the log.
      expect(uwsgi.log()).not.toMatch(/invalid request|timeout/i);
    },
  );

  it('finds the tracebackers of a vassal, by the pid of its worker, and takes its emperor for no server', async () => {
    const home = join(folder, 'empire');
    mkdirSync(join(home, 'vassals'), { recursive: true });
    const options = {
      ...{ plugins: 'python3', 'wsgi-file': writeApp(waitingApp()), master: 'true', processes: '1' },
      ...{ socket: join(home, 'req.1'), 'py-tracebacker': join(home, 's.') },
    };
    const lines = Object.entries(options).map(([name, value]) => `${name} = ${value}\n`);
    writeFileSync(join(home, 'vassals', 'site.ini'), `[uwsgi]\n${lines.join('')}`);
    const emperor = spawn('uwsgi', ['--emperor', join(home, 'vassals'), '--die-on-term'], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    onTestFinished(() => stop(emperor));
    let log = '';
    emperor.stderr.on('data', (chunk: Buffer) => {
      log += chunk;
    });
    const worker = await eventually(
      () => {
        if (!log.includes(`for worker 1 available on ${home}/s.1\n`)) return null;
        return Number(/spawned uWSGI worker 1 \(pid: (\d+)/.exec(log)?.[1] ?? Number.NaN) || null;
      },
      () => `no vassal:\n${log}`,
    );
    const { stdout, stderr } = await runCli(['workers', '--json', '--pid', `${worker}`]);
    if (stdout === '') throw new Error(stderr);
    const { servers } = JSON.parse(stdout) as WorkersReport;
    expect(servers).toHaveLength(1);
    expect(servers[0]!.pid).not.toBe(emperor.pid);
    expect(servers[0]!.workers).toMatchObject([
      { worker: 1, pid: worker, address: join(home, 's.1'), verdict: 'ok', offers: 'tracebacker' },
    ]);
    const none = await runCli(['workers', '--json', '--pid', `${emperor.pid}`]);
    expect(none.exitCode).toBe(1);
  });

  it('finds them by the pid of a worker, where the file that names them is gone', async () => {
    const app = writeApp(waitingApp());
    const uwsgi = await startUwsgi({
      app,
      processes: 2,
      threads: 2,
      configuredBy: 'ini',
      args: ['--socket', 'FOLDER/req.1', '--stats', 'FOLDER/stats.2'],
    });
    rmSync(join(uwsgi.folder, 'site.ini'));
    keepBrowsing(uwsgi);
    const recording = startRecording(folder, ['--pid', `${uwsgi.workerPid(2)}`, '-r', '50']);
    await recording.until('dumps of both', (coverage) => observed(coverage, 0) > 10 && observed(coverage, 1) > 10);
    const { exitCode, profile } = await recording.end();
    expect(exitCode).toBe(0);
    expect(profile.workers.map(({ address }) => address)).toEqual([`${uwsgi.prefix}1`, `${uwsgi.prefix}2`]);
  });

  it('stops at Ctrl-Z with no dump in flight, goes on afterwards, and counts the ticks meanwhile as unobserved', async () => {
    const app = writeApp(waitingApp());
    const uwsgi = await startUwsgi({ app, processes: 2, threads: 2 });
    keepBrowsing(uwsgi);
    const recording = startRecording(folder, ['-s', uwsgi.prefix, '-r', '50']);
    await recording.until('dumps of both', (coverage) => observed(coverage, 0) > 10 && observed(coverage, 1) > 10);
    recording.process.kill('SIGTSTP');
    await eventually(
      () => readProcessStat(recording.process.pid!)?.state === 'T' || null,
      () => 'it does not stop',
    );
    await uwsgi.get('/?seconds=1'); // the pause is at least so long
    recording.process.kill('SIGCONT');
    const before = new Map<number, number>();
    await recording.until('dumps of both after the pause', (coverage) => {
      const paused = coverage.workers.every(({ gaps }) => gaps.has('paused'));
      for (const { worker, observed: seen } of paused ? coverage.workers : [])
        if (!before.has(worker)) before.set(worker, seen);
      return [0, 1].every((worker) => observed(coverage, worker) > (before.get(worker) ?? Infinity) + 10);
    });
    const { exitCode, coverage, profile } = await recording.end();
    expect(exitCode).toBe(0);
    expectAllTicks(coverage, profile, 50);
    for (const { gaps } of coverage.workers) expect(gaps.get('paused')).toBeGreaterThanOrEqual(45);
    expect(uwsgi.log()).not.toContain('Broken pipe');
  });

  it('lets two recordings of one server at once be as whole as one', async () => {
    const app = writeApp(waitingApp());
    const uwsgi = await startUwsgi({ app, processes: 2, threads: 2 });
    keepBrowsing(uwsgi);
    const both = [1, 2].map(() => startRecording(folder, ['-s', uwsgi.prefix, '-r', '50']));
    for (const recording of both) {
      await recording.until('dumps of both', (coverage) => observed(coverage, 0) > 50 && observed(coverage, 1) > 50);
    }
    for (const recording of both) {
      const { exitCode, coverage, profile } = await recording.end();
      expect(exitCode).toBe(0);
      expectAllTicks(coverage, profile, 50);
      for (const { observed: seen, planned, left, cutStacks, unreadableLines } of coverage.workers) {
        expect({ left, cutStacks, unreadableLines }).toEqual({ left: null, cutStacks: 0, unreadableLines: 0 });
        expect(seen).toBeGreaterThan(0.8 * planned);
      }
    }
    expect(uwsgi.log()).not.toMatch(/Broken pipe|DAMN/);
  });
});
