// Clients of the agent in real uWSGI workers: none, many, killed, and such that never read. None may cost a request.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { framesOf, type Profile } from '../../src/profile/profile.ts';
import { accountOf, openStream, readText, withAgent } from '../helpers/agent-client.ts';
import { describeWith } from '../helpers/describe-with.ts';
import { startRecording } from '../helpers/live-recording.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';
import { eventually, startUwsgi, type Uwsgi } from '../helpers/uwsgi.ts';

/** Answers with what the view of the query says: among them what only the worker knows of its agent. */
const app = `
import gc, sys, time
from urllib.parse import parse_qs


def park(seconds):
    time.sleep(seconds)


def deep(seconds, depth=900):
    if depth:
        return deep(seconds, depth - 1)
    park(seconds)


def compute(seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        pass


def interval(_):
    return "%.6f" % sys.getswitchinterval()


def clients(_):
    return len(sys.modules["tbprof_agent"]._agent.clients)


def pending(_):
    kind = sys.modules["tbprof_agent"].Stream
    return sum(len(item.pending) for item in gc.get_objects() if type(item) is kind)


def application(environ, start_response):
    query = parse_qs(environ["QUERY_STRING"])
    answer = globals()[query.get("view", ["park"])[0]](float(query.get("seconds", ["0"])[0]))
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [str(answer).encode()]
`;

/** Memory of a process in kB. */
const rssKb = (pid: number) => Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]);

const threadsOf = (pid: number) => readdirSync(`/proc/${pid}/task`).map(Number);

/** What a thread has cost: how often it was switched to, and its CPU time in nanoseconds. */
function costOf(pid: number, thread: number) {
  const task = `/proc/${pid}/task/${thread}`;
  const switches = [...readFileSync(`${task}/status`, 'utf8').matchAll(/ctxt_switches:\s+(\d+)/g)];
  return {
    switches: switches.map(([, count]) => Number(count)),
    cpuNs: Number(readFileSync(`${task}/schedstat`, 'utf8').split(' ')[0]),
  };
}

/** The stacks in which a function is, as text, with their threads. */
function stacksWith(profile: Profile, name: string): Set<string> {
  const { samples, strings, frames, threads } = profile;
  const found = new Set<string>();
  samples.stack.forEach((stack, sample) => {
    const names = framesOf(profile, stack).map((frame) => strings[frames.function[frame]!]!);
    const lines = framesOf(profile, stack).map((frame) => frames.line[frame]);
    if (names.includes(name)) found.add(`${threads[samples.thread[sample]!]!.name} ${names} ${lines}`);
  });
  return found;
}

describeWith('uwsgi', 'clients of the agent in a real uWSGI', () => {
  const folder = temporaryFolder();
  const file = join(folder, 'app.py');
  writeFileSync(file, app);

  const start = async (threads: number) => {
    const args = [...withAgent, '--enable-threads', '--set', 'tbprof=FOLDER/t.'];
    const uwsgi = await startUwsgi({ app: file, processes: 1, threads, tracebacker: null, args });
    return { uwsgi, text: join(uwsgi.folder, 't.1'), stream: join(uwsgi.folder, 't.1.stream') };
  };
  const ask = async (uwsgi: Uwsgi, view: string) => (await uwsgi.get(`/?view=${view}`)).body;
  const becomes = (uwsgi: Uwsgi, view: string, test: (answer: string) => boolean) =>
    eventually(
      async () => test(await ask(uwsgi, view)) || null,
      () => `${view}:\n${uwsgi.log()}`,
    );
  /** Requests that stay, and are seen. */
  const occupy = async (uwsgi: Uwsgi, text: string, requests: number, view: string) => {
    uwsgi.keepBusy(requests, `/?view=${view}&seconds=600`);
    await eventually(
      async () => ((await readText(text)).match(/function = park/g) ?? []).length === requests || null,
      () => uwsgi.log(),
    );
  };
  /** Connects, says this, and never reads. */
  const stall = (path: string, request = '') => {
    const socket = connect({ path, onread: { buffer: Buffer.alloc(1), callback: () => false } });
    onTestFinished(() => {
      socket.destroy();
    });
    socket.on('error', () => {});
    if (request !== '') socket.write(request);
    return socket;
  };

  it('cost nothing where there are none: the agent does not even wake up', async () => {
    const { uwsgi, stream } = await start(1);
    const worker = uwsgi.workerPid(1);
    const others = () => threadsOf(worker).filter((thread) => thread !== worker);
    const [agent, ...more] = others();
    expect(more).toEqual([]); // one thread serves requests, and it is the main one
    const costsNothing = async () => {
      await ask(uwsgi, 'interval');
      const before = costOf(worker, agent!);
      for (let request = 0; request < 50; request++) await uwsgi.get('/?view=compute&seconds=0.03');
      expect(costOf(worker, agent!)).toEqual(before);
    };
    await costsNothing();
    const before = costOf(worker, agent!);
    (await openStream(stream)).close();
    await eventually(
      () => others().length === 1 || null,
      () => 'the thread of the stream stays',
    );
    expect(costOf(worker, agent!)).not.toEqual(before); // it is the agent's
    await costsNothing();
  });

  it('leave nothing behind where tbprof is killed, again and again', async () => {
    const { uwsgi, text, stream } = await start(4);
    await occupy(uwsgi, text, 3, 'park');
    const before = await ask(uwsgi, 'interval');
    const open = () => [threadsOf(uwsgi.workerPid(1)).length, readdirSync(`/proc/${uwsgi.workerPid(1)}/fd`).length];
    const openBefore = `${open()}`;
    const rss: number[] = [];
    for (let kill = 0; kill < 5; kill++) {
      const recording = startRecording(folder, ['-s', text]);
      await recording.until('dumps', ({ workers }) => (workers[0]?.dumps ?? 0) > 50);
      expect(await ask(uwsgi, 'clients')).toBe('1');
      recording.process.kill('SIGKILL');
      await recording.finished;
      await becomes(uwsgi, 'clients', (clients) => clients === '0');
      await becomes(uwsgi, 'interval', (interval) => interval === before);
      await eventually(
        () => `${open()}` === openBefore || null,
        () => `threads and files: ${openBefore} became ${open()}`,
      );
      rss.push(rssKb(uwsgi.workerPid(1)));
    }
    expect(rss[4]! - rss[1]!, `${rss}`).toBeLessThan(1_000);
    expect((await openStream(stream)).profile().workers[0]!.pid).toBe(uwsgi.workerPid(1));
  });

  it('see the same and miss nothing unsaid, ten at once', async () => {
    const { uwsgi, text, stream } = await start(4);
    const before = await ask(uwsgi, 'interval');
    await occupy(uwsgi, text, 2, 'park');
    const streams = await Promise.all(Array.from({ length: 10 }, () => openStream(stream)));
    expect(await ask(uwsgi, 'clients')).toBe('10');
    for (const { profile } of streams) {
      await eventually(
        () => {
          const { observed, gaps, planned } = accountOf(profile(), 100);
          return (planned > 100 && observed + gaps === planned) || null; // between two lines it may not add up yet
        },
        () => JSON.stringify(accountOf(profile(), 100)),
      );
    }
    const seen = streams.map(({ profile }) => stacksWith(profile(), 'park'));
    expect(seen[0]!.size).toBe(2);
    for (const stacks of seen) expect(stacks).toEqual(seen[0]);
    for (const { close } of streams) close();
    await becomes(uwsgi, 'clients', (clients) => clients === '0');
    expect(await ask(uwsgi, 'interval')).toBe(before);
  });

  it('delay no request and nobody else where they never read', async () => {
    const { uwsgi, text, stream } = await start(4);
    const before = await ask(uwsgi, 'interval');
    await occupy(uwsgi, text, 3, 'deep');
    const whole = (dump: string) => expect(dump.match(/function = deep/g)!.length).toBe(3 * 901);
    const stalled = stall(stream, `${JSON.stringify({ tbprof: 1, rateHz: 1_000, maxOverhead: 1 })}\n`);
    await becomes(uwsgi, 'pending', (bytes) => Number(bytes) > 0); // what the kernel takes for it is full
    const dumps = Array.from({ length: 16 }, () => stall(text));
    await becomes(uwsgi, 'clients', (clients) => clients === '17');
    // There is no place for one more: it waits, as with uWSGI's tracebacker, and then gets all of a dump.
    const late = readText(text);
    for (let request = 0; request < 20; request++) expect((await uwsgi.get('/?view=interval')).status).toBe(200);
    const other = await openStream(stream);
    await eventually(
      () => stacksWith(other.profile(), 'deep').size === 3 || null,
      () => other.text(),
    );
    dumps[0]!.destroy();
    whole(await late);
    other.close();
    // Nobody reads them, and still they are not kept.
    await becomes(uwsgi, 'clients', (clients) => clients === '1');
    whole(await readText(text));
    stalled.destroy();
    await becomes(uwsgi, 'clients', (clients) => clients === '0');
    expect(await ask(uwsgi, 'interval')).toBe(before);
  });
});
