// The agent in real uWSGI workers, beside the stock tracebacker and without it, and what may happen to them.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import { accountOf, agentFolder, functionsOf, openStream, readText, withAgent } from '../helpers/agent-client.ts';
import { describeWith } from '../helpers/describe-with.ts';
import { expectAllTicks, type LiveRecording, startRecording } from '../helpers/live-recording.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';
import { eventually, startUwsgi, stop, type Uwsgi } from '../helpers/uwsgi.ts';

/** Answers with what the view of the query says, as text. Not all of it is ASCII. */
const app = (atImport = '') => `import sys, threading, time, os
from urllib.parse import parse_qs
${atImport}

def park(seconds):
    time.sleep(seconds)


def hôte(seconds):
    time.sleep(seconds)  # 中文


def compute(seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        sum(range(1000))


def interval(_):
    return "%.6f" % sys.getswitchinterval()


def child(_):
    import multiprocessing
    context = multiprocessing.get_context("fork")
    receiver, sender = context.Pipe()
    process = context.Process(target=report, args=(sender,))
    process.start()
    answer = receiver.recv()
    process.join()
    return answer


def report(sender):
    sender.send("%.6f %d" % (sys.getswitchinterval(), threading.active_count()))


def application(environ, start_response):
    query = parse_qs(environ["QUERY_STRING"])
    view = globals()[query.get("view", ["park"])[0]]
    answer = view(float(query.get("seconds", ["0"])[0]))
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [str(answer).encode()]
`;

/** From Python 3.10 on, what an except clause does by itself when it is left has no line (PEP 626). */
const noLine = `
seen = []


class Dropped:
    def __init__(self, seconds):
        self.seconds = seconds

    def __del__(self):
        seen.append(sys._getframe(1).f_lineno)
        time.sleep(self.seconds)


def leave(seconds):
    try:
        raise KeyError
    except KeyError as error:
        error = Dropped(seconds)  # dropped where \`error\` is deleted
        raise


def without_line(seconds):
    leave(seconds)


def line_seen(_):
    return seen[0]
`;

const ownPrefix = ['--set', 'tbprof=FOLDER/t.'];

/** The blocks of a dump but those of the agent's own threads, which a stock tracebacker shows. */
const blocksOf = (text: string) =>
  text
    .split('\n\n')
    .filter((block) => !block.includes('tbprof_agent.py'))
    .join('\n\n');

/** Memory of a process in kB. */
const rssKb = (pid: number) => Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]);

describeWith('uwsgi', 'the agent in a real uWSGI', () => {
  const folder = temporaryFolder();
  let apps = 0;
  const writeApp = (text = app()) => {
    const file = join(folder, `agent_app${++apps}.py`);
    writeFileSync(file, text);
    return file;
  };
  const start = (options: Partial<Parameters<typeof startUwsgi>[0]> = {}) =>
    startUwsgi({
      app: writeApp(),
      processes: 1,
      threads: 3,
      tracebacker: null,
      ...options,
      args: [...withAgent, ...(options.args ?? ownPrefix)],
    });
  const prefixOf = (uwsgi: Uwsgi) => join(uwsgi.folder, 't.');
  const streamOf = (uwsgi: Uwsgi, request = {}) =>
    eventually(
      () => openStream(`${prefixOf(uwsgi)}1.stream`, request),
      () => `no stream:\n${uwsgi.log()}`,
    );

  for (const lazy of [false, true]) {
    const args = [...ownPrefix, ...(lazy ? ['--lazy-apps'] : [])];

    it(`prints what the stock tracebacker prints, byte for byte ${lazy ? 'with' : 'without'} lazy-apps`, async () => {
      const uwsgi = await start({ tracebacker: undefined as never, args, processes: 2 });
      uwsgi.keepBusy(4, '/?view=park&seconds=600');
      let stock = '';
      let own = '';
      await eventually(
        async () => {
          stock = blocksOf(await readText(`${uwsgi.prefix}1`));
          own = await readText(`${prefixOf(uwsgi)}1`);
          return (own.match(/function = park/g)?.length ?? 0) >= 1 && stock === own ? true : null;
        },
        () => `stock:\n${stock}\nagent:\n${own}`,
      );
      const printed = spawnSync('uwsgi', ['--connect-and-read', `${prefixOf(uwsgi)}1`], { encoding: 'utf8' }).stderr;
      expect(printed).toContain(own.trim());
      expect(existsSync(`${prefixOf(uwsgi)}2.stream`)).toBe(true);
    });
  }

  it('serves the stream beside a stock tracebacker of the same prefix, with one line more', async () => {
    const uwsgi = await start({ tracebacker: undefined as never, args: [] });
    uwsgi.keepBusy(1, '/?view=park&seconds=600');
    expect(uwsgi.log()).toContain(`for worker 1 available on ${uwsgi.prefix}1`);
    expect(await readText(`${uwsgi.prefix}1`)).toContain('tbprof_agent.py'); // it is the stock one that answers
    const stream = await openStream(`${uwsgi.prefix}1.stream`);
    await eventually(
      () => functionsOf(stream.profile()).has('park') || null,
      () => stream.text(),
    );
    expect(stream.profile().workers[0]).toMatchObject({
      number: 1,
      address: `${uwsgi.prefix}1`,
      pid: uwsgi.workerPid(1),
    });
    expect(statSync(`${uwsgi.prefix}1.stream`).mode & 0o777).toBe(0o600);
  });

  it('lets whom it is told to connect, and by default nobody else', async () => {
    const modes = (uwsgi: Uwsgi) =>
      ['1', '1.stream'].map((name) => (statSync(`${prefixOf(uwsgi)}${name}`).mode & 0o777).toString(8));
    expect(modes(await start())).toEqual(['600', '600']);
    expect(modes(await start({ args: [...ownPrefix, '--set', 'tbprof-mode=660'] }))).toEqual(['660', '660']);
    const wrong = await start({ args: [...ownPrefix, '--set', 'tbprof-mode=rw'] });
    expect(wrong.log()).toMatch(/^tbprof: not started in worker 1: tbprof-mode is an octal number .* not rw$/m);
  });

  it('says what is missing where Python threads are disabled, and the site works', async () => {
    const uwsgi = await start({ threads: 0 });
    expect(uwsgi.log()).toMatch(/^tbprof: not started in worker 1: .* add `enable-threads = true`/m);
    expect(existsSync(`${prefixOf(uwsgi)}1`)).toBe(false);
  });

  const early = 'threading.Thread(target=time.sleep, args=(1000,), daemon=True, name="early").start()';

  it('refuses where a thread was started before the fork, and the site works', async () => {
    const uwsgi = await start({ app: writeApp(app(early)) });
    expect(uwsgi.log()).toMatch(/^tbprof: not started in worker 1: thread early .*`lazy-apps = true`/m);
    expect(existsSync(`${prefixOf(uwsgi)}1`)).toBe(false);
    expect((await uwsgi.get('/?view=interval')).status).toBe(200);
  });

  // Not imported by uWSGI: that would start it in the workers, too.
  const startedAtImport = (prefix: string) => `import tbprof_agent\ntbprof_agent.start("${prefix}")`;

  it('refuses to start in the master, and a dump of the tracebacker crashes no worker', async () => {
    const prefix = join(folder, 'm.');
    const uwsgi = await startUwsgi({
      ...{ app: writeApp(app(startedAtImport(prefix))), processes: 1, threads: 3 },
      args: ['--pythonpath', agentFolder, '--enable-threads'],
    });
    expect(uwsgi.log()).toMatch(/^tbprof: not started: .* leave start\(\) out, .*`import = tbprof_agent`/m);
    uwsgi.keepBusy(1, '/?view=park&seconds=600');
    await eventually(
      async () => (await readText(`${uwsgi.prefix}1`)).includes('function = park') || null,
      () => uwsgi.log(),
    );
    expect(uwsgi.log()).not.toMatch(/segmentation fault|DAMN/i);
    // Its import was enough: each worker serves its stream beside the tracebacker.
    expect((await openStream(`${uwsgi.prefix}1.stream`)).profile().workers[0]!.pid).toBe(uwsgi.workerPid(1));
  });

  it('starts in the worker where the same application has lazy-apps', async () => {
    const prefix = join(folder, 'l.');
    const uwsgi = await startUwsgi({
      ...{ app: writeApp(app(startedAtImport(prefix))), processes: 1, threads: 3, tracebacker: null },
      args: ['--pythonpath', agentFolder, '--enable-threads', '--lazy-apps', '--set', `tbprof=${prefix}`],
    });
    expect((await openStream(`${prefix}1.stream`)).profile().workers[0]!.pid).toBe(uwsgi.workerPid(1));
  });

  it('refuses beside a thread that is lost where the application calls start() after the fork, too', async () => {
    const prefix = join(folder, 'h.');
    const hook = `import uwsgi

def start():
    import tbprof_agent
    tbprof_agent.start("${prefix}")

uwsgi.post_fork_hook = start
`;
    const uwsgi = await startUwsgi({
      ...{ app: writeApp(app(`${early}\n${hook}`)), processes: 1, threads: 3, tracebacker: null },
      args: ['--pythonpath', agentFolder],
    });
    expect(uwsgi.log()).toMatch(/^tbprof: not started: thread early .*`lazy-apps = true`/m);
    expect(existsSync(`${prefix}1`)).toBe(false);
  });

  it('starts where that thread is started in the worker', async () => {
    const uwsgi = await start({ app: writeApp(app(early)), args: [...ownPrefix, '--lazy-apps'] });
    expect(await readText(`${prefixOf(uwsgi)}1`)).toContain('thread_id = early ');
  });

  it('is not lost where the app sets the hook of the fork itself, and leaves mules alone', async () => {
    const hook = 'import uwsgi\nuwsgi.post_fork_hook = lambda: print("hook of the app", file=sys.stderr)';
    const uwsgi = await start({ app: writeApp(app(hook)), args: [...ownPrefix, '--mule'] });
    expect(uwsgi.log()).toContain('hook of the app');
    expect(await readText(`${prefixOf(uwsgi)}1`)).toContain('*** uWSGI Python tracebacker output ***');
    expect(existsSync(`${prefixOf(uwsgi)}0.stream`)).toBe(false);
  });

  it('shows code that is not ASCII, dump after dump', async () => {
    const uwsgi = await start();
    uwsgi.keepBusy(1, `/?view=${encodeURIComponent('hôte')}&seconds=600`);
    const stream = await streamOf(uwsgi);
    await eventually(
      () => functionsOf(stream.profile()).has('hôte') || null,
      () => stream.text(),
    );
    expect(stream.profile().strings).toContain('time.sleep(seconds)  # 中文');
    for (let dump = 0; dump < 2; dump++) {
      expect(await readText(`${prefixOf(uwsgi)}1`)).toContain('function = hôte line = time.sleep(seconds)  # 中文\n');
    }
  });

  it('gives a frame without a line that of its function, where the dumps of uWSGI end', async () => {
    const source = app(noLine);
    const uwsgi = await start({ app: writeApp(source) });
    uwsgi.keepBusy(1, '/?view=without_line&seconds=600');
    await eventually(
      async () => (await uwsgi.get('/?view=line_seen')).body === 'None' || null, // the frame has none, and stays there
      () => uwsgi.log(),
    );
    const first = source.split('\n').indexOf('def leave(seconds):') + 1;
    const text = await readText(`${prefixOf(uwsgi)}1`);
    expect(text).toContain(` lineno = ${first} function = leave line = def leave(seconds):\n`);
    expect(text).toMatch(/function = leave .*\n.* function = __del__ line = time\.sleep\(self\.seconds\)\n/);
    const stream = await streamOf(uwsgi);
    await eventually(
      () => functionsOf(stream.profile()).has('__del__') || null,
      () => stream.text(),
    );
    const { frames, strings } = stream.profile();
    const row = [...frames.function].findIndex((name) => strings[name] === 'leave');
    expect([frames.line[row], strings[frames.source[row]!]]).toEqual([first, 'def leave(seconds):']);
  });

  it('ends a stream when the worker is reloaded, and the new worker serves again', async () => {
    const touch = join(folder, 'reload');
    writeFileSync(touch, '');
    const uwsgi = await start({ args: [...ownPrefix, '--touch-reload', touch] });
    const stream = await streamOf(uwsgi);
    const before = uwsgi.workerPid(1);
    utimesSync(touch, new Date(), new Date(Date.now() + 60_000));
    await eventually(
      () => stream.ended || null,
      () => uwsgi.log(),
    );
    const next = await streamOf(uwsgi);
    expect(next.profile().workers[0]!.pid).not.toBe(before);
  });

  // With more threads uWSGI 2.0.21 on Python 3.11 never ends such a worker, with or without the agent.
  const maxRequests = ['--enable-threads', '--max-requests', '5', '--min-worker-lifetime', '1'];

  it('serves again from the worker that follows one of max-requests', async () => {
    const uwsgi = await start({ threads: 1, args: [...ownPrefix, ...maxRequests] });
    const stream = await streamOf(uwsgi);
    const before = stream.profile().workers[0]!.pid;
    await eventually(
      async () => {
        await uwsgi.get('/?view=interval').catch(() => null);
        return stream.ended || null;
      },
      () => uwsgi.log(),
    );
    await eventually(
      async () => (await streamOf(uwsgi)).profile().workers[0]!.pid !== before || null,
      () => uwsgi.log(),
    );
  });

  it('does not grow while it samples', async () => {
    const uwsgi = await start();
    uwsgi.keepBusy(3, '/?view=park&seconds=600');
    const stream = await streamOf(uwsgi, { rateHz: 1000, maxOverhead: 1 });
    const ticks = () => stream.profile().dumps.weight.reduce((sum, weight) => sum + weight, 0);
    const after = (count: number) =>
      eventually(
        () => ticks() >= count || null,
        () => `${ticks()} ticks`,
      );
    await after(2_000);
    const before = rssKb(uwsgi.workerPid(1));
    await after(12_000);
    // A stock tracebacker leaks 110 bytes or more per line: 10,000 dumps of 12 lines are 13 MB.
    expect(rssKb(uwsgi.workerPid(1)) - before).toBeLessThan(1_000);
  });

  it('is not in the children of a worker (multiprocessing), and its stream goes on', async () => {
    const uwsgi = await start();
    const stream = await streamOf(uwsgi);
    const { body } = await uwsgi.get('/?view=child');
    expect(body).toBe('0.005000 1');
    const dumps = stream.profile().dumps.weight.length;
    await eventually(
      () => stream.profile().dumps.weight.length > dumps || null,
      () => uwsgi.log(),
    );
    expect(existsSync(`${prefixOf(uwsgi)}1.stream`)).toBe(true);
  });

  it('removes its sockets when the server stops', async () => {
    const uwsgi = await start();
    await streamOf(uwsgi);
    await stop(uwsgi.process);
    expect(existsSync(`${prefixOf(uwsgi)}1`)).toBe(false);
    expect(existsSync(`${prefixOf(uwsgi)}1.stream`)).toBe(false);
    expect(uwsgi.log()).not.toMatch(/segmentation fault|Fatal Python error/i);
  });

  it('accounts for every tick of a minute under load', { timeout: 240_000 }, async () => {
    const uwsgi = await start({ threads: 4 });
    let over = false;
    onTestFinished(() => {
      over = true;
    });
    const browse = async (path: string) => {
      while (!over) await uwsgi.get(path).catch(() => sleep(50));
    };
    const views = ['compute&seconds=0.02', 'compute&seconds=0.002', 'park&seconds=0.005'];
    const browsing = views.map((view) => browse(`/?view=${view}`));
    const stream = await streamOf(uwsgi);
    const recording = startRecording(folder, ['-s', `${prefixOf(uwsgi)}1`]);
    await sleep(60_000); // what the test is about: no more than the length of the load
    over = true;
    await Promise.all(browsing);
    const account = () => accountOf(stream.profile(), 100);
    expect(account().planned).toBeGreaterThan(5_900);
    await eventually(
      () => {
        const { observed, gaps, planned } = account();
        return observed + gaps === planned || null; // between two lines of a batch it may not add up yet
      },
      () => JSON.stringify(account()),
    );
    expect(functionsOf(stream.profile())).toContain('compute');
    const { exitCode, stderr, coverage, profile } = await recording.end();
    expect(exitCode, stderr).toBe(0);
    expect(coverage.workers).toMatchObject([{ source: 'agent', left: null, fallbacks: 0 }]);
    expectAllTicks(coverage, profile, 100);
  });
});

const greenApp = `import time


def waiting(seconds):
    time.sleep(seconds)


def application(environ, start_response):
    waiting(600 if environ["PATH_INFO"] == "/wait" else 0)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"done"]
`;

describeWith('gunicorn', 'the agent in a real gunicorn', () => {
  const folder = temporaryFolder();

  const startGunicorn = async (workerClass: string) => {
    const prefix = join(folder, `${workerClass}.`);
    writeFileSync(join(folder, 'green.py'), greenApp);
    writeFileSync(
      join(folder, 'conf.py'),
      `def post_fork(server, worker):\n    import tbprof_agent\n    tbprof_agent.start("${prefix}", worker.age)\n`,
    );
    const socket = join(folder, `${workerClass}.http`);
    const args = [
      '-m',
      'gunicorn',
      '-c',
      'conf.py',
      '--graceful-timeout',
      '1',
      '-k',
      workerClass,
      '-b',
      `unix:${socket}`,
      'green:application',
    ];
    const child = spawn('/usr/bin/python3', args, {
      cwd: folder,
      env: { PATH: process.env.PATH, PYTHONPATH: agentFolder, PYTHONDONTWRITEBYTECODE: '1' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    onTestFinished(() => stop(child, 'SIGTERM'));
    let log = '';
    for (const output of [child.stdout, child.stderr]) {
      output.on('data', (chunk: Buffer) => {
        log += chunk;
      });
    }
    const stream = await eventually(
      () => openStream(`${prefix}1.stream`, { greenlets: true }),
      () => `no stream of gunicorn:\n${log}`,
    );
    return { stream, prefix, socket, child, log: () => log };
  };

  it('starts in post_fork, and removes its sockets in the end', async () => {
    const { stream, prefix, child, log } = await startGunicorn('gthread');
    await eventually(
      () => stream.profile().dumps.weight.length > 10 || null,
      () => log(),
    );
    expect(await readText(`${prefix}1`)).toContain('thread_id = MainThread ');
    await stop(child, 'SIGTERM');
    expect(existsSync(`${prefix}1`), log()).toBe(false);
    expect(stream.text()).toMatch(/\{"end":\{[^\n]*\n$/);
  });

  it('samples with real threads under gevent, and shows greenlets that wait', async () => {
    const { stream, socket, log } = await startGunicorn('gevent');
    const client = spawn('/usr/bin/python3', ['-c', httpClient, socket], { stdio: 'ignore' });
    onTestFinished(() => stop(client, 'SIGKILL'));
    await eventually(
      () => functionsOf(stream.profile()).has('waiting') || null,
      () => `${log()}\n${stream.text()}`,
    );
    expect(stream.profile().threads.map(({ name }) => name)).toContainEqual(expect.stringMatching(/^greenlet-/));
    expect(log()).not.toContain('tbprof:');
  });

  it('is asked for greenlets by `tbprof record --greenlets`, and only by that', async () => {
    const { prefix, socket } = await startGunicorn('gevent');
    const client = spawn('/usr/bin/python3', ['-c', httpClient, socket], { stdio: 'ignore' });
    onTestFinished(() => stop(client, 'SIGKILL'));
    const asked = startRecording(folder, ['-s', `${prefix}1`, '--greenlets']);
    await asked.until('a greenlet that waits', (_, profile) => functionsOf(profile).has('waiting'));
    // It has begun after the other one had found it.
    const notAsked = startRecording(folder, ['-s', `${prefix}1`]);
    await notAsked.until('dumps', ({ workers }) => workers[0]!.dumps > 10);
    const greenlets = async (recording: LiveRecording) => {
      const { exitCode, stderr, profile } = await recording.end();
      expect(exitCode, stderr).toBe(0);
      return profile.threads.filter(({ name }) => name.startsWith('greenlet-')).length;
    };
    expect(await greenlets(asked)).toBeGreaterThan(0);
    expect(await greenlets(notAsked)).toBe(0);
  });
});

const httpClient = `import socket, sys
client = socket.socket(socket.AF_UNIX)
client.connect(sys.argv[1])
client.sendall(b"GET /wait HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n")
client.recv(1)
`;
