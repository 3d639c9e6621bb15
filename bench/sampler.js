// What a dump costs tbprof, as a ratio to the least that any Node client can do (connect and drain) and to one
// `uwsgi --connect-and-read` per dump; and how much of a large fleet one core can watch. All in one run.
//
//     npm run bench:sampler
//
// The sampled fleet runs in processes of its own and serves dumps of 4 threads x 20 frames.
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { writeStream } from '../dist/live-profile.js';
import { Recorder } from '../dist/recorder.js';
import { printDump } from '../dist/tracebacker/dump.js';
import { serveFleet } from '../dist/tracebacker/serve.js';

const self = fileURLToPath(import.meta.url);
const rounds = 3;
const seconds = 5;

const roles = { fleet, tbprof, drain };
const [role, ...args] = process.argv.slice(2);
await (role ? roles[role](...args) : main());

async function main() {
  const folder = mkdtempSync(join(tmpdir(), 'tbbench-'));
  try {
    await compareClients(folder);
    await watchLargeFleet(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** CPU per dump at 8 workers x 100 dumps/s, the clients in turn. */
async function compareClients(folder) {
  const prefix = join(folder, 'a.');
  const stop = await startFleet(prefix, 1, 8);
  const microseconds = { tbprof: [], drain: [] };
  for (let round = 0; round < rounds; round++) {
    for (const client of ['tbprof', 'drain']) {
      const { dumps, cpuMs } = await measure(client, prefix, 100);
      microseconds[client].push((1_000 * cpuMs) / dumps);
    }
  }
  const perProcess = uwsgiMicroseconds(socketsOf(prefix)[0]);
  stop();
  const own = median(microseconds.tbprof);
  const drained = median(microseconds.drain);
  console.log(`CPU per dump, median of ${rounds}: tbprof ${own.toFixed(0)} us, drain only ${drained.toFixed(0)} us`);
  console.log(`tbprof / drain only: ${(own / drained).toFixed(2)} (aim: at most 2)`);
  if (perProcess === null) console.log('uwsgi is not installed: not compared with a process per dump');
  else console.log(`uwsgi --connect-and-read / tbprof: ${(perProcess / own).toFixed(0)} (aim: at least 50)`);
}

/** 64 workers x 100 dumps/s, the sampler on one core. */
async function watchLargeFleet(folder) {
  const prefix = join(folder, 'b.');
  const stops = [await startFleet(prefix, 1, 32), await startFleet(prefix, 33, 64)];
  const { planned, observed, cpuMs } = await measure('tbprof', prefix, 100, ['taskset', '-c', '0']);
  for (const stop of stops) stop();
  console.log(
    `64 workers at 100 dumps/s on one core: ${((100 * observed) / planned).toFixed(2)}% of the ticks observed ` +
      `(aim: 99%), ${((100 * cpuMs) / (seconds * 1_000)).toFixed(0)}% of the core used`,
  );
}

function measure(client, prefix, rateHz, wrapper = []) {
  const command = [...wrapper, process.execPath, self, client, prefix, String(rateHz)];
  return JSON.parse(execFileSync(command[0], command.slice(1), { encoding: 'utf8' }));
}

/** Everything that `tbprof record` does while it records, without its start and its reports. */
async function tbprof(prefix, rateHz) {
  const targets = socketsOf(prefix).map((path, index) => ({
    address: { kind: 'file', path },
    stream: null,
    worker: index + 1,
    process: null,
    server: prefix,
  }));
  const before = process.cpuUsage();
  const recorder = new Recorder({
    targets,
    lookAgain: () => [],
    meta: { startedEpochMs: Date.now(), rateHz: Number(rateHz), host: '', source: 'tracebacker', recorder: '' },
    durationMs: seconds * 1_000,
    keepGoing: false,
    dumpRates: { ofTracebackers: Number(rateHz), insteadOfAgents: Number(rateHz) },
    greenlets: false,
    tasks: false,
    limits: { maxOverhead: 1, maxLeakBytes: Number.POSITIVE_INFINITY },
    stop: new AbortController().signal,
    hurry: new AbortController().signal,
    follower: writeStream(() => {}),
  });
  const { dumps, events } = await recorder.done;
  const observed = dumps.weight.reduce((sum, weight) => sum + weight, 0);
  const gaps = events.filter(({ kind }) => kind === 'gap').reduce((sum, { count }) => sum + count, 0);
  print(before, { dumps: dumps.weight.length, observed, planned: observed + gaps });
}

/** The least: connect, count the bytes, again at the next tick. */
async function drain(prefix, rateHz) {
  const before = process.cpuUsage();
  let dumps = 0;
  const read = (path) => {
    const socket = connect({ path });
    let size = 0;
    socket.on('data', (chunk) => {
      size += chunk.length;
    });
    socket.on('close', () => {
      if (size > 0) dumps += 1;
    });
  };
  const timers = socketsOf(prefix).map((path) => setInterval(read, 1_000 / Number(rateHz), path));
  await new Promise((resolve) => setTimeout(resolve, seconds * 1_000));
  for (const timer of timers) clearInterval(timer);
  print(before, { dumps });
}

function print(before, result) {
  const { user, system } = process.cpuUsage(before);
  console.log(JSON.stringify({ ...result, cpuMs: (user + system) / 1_000 }));
}

/** Null where uWSGI is not installed. The shell's `times` knows what its children used. */
function uwsgiMicroseconds(path) {
  const dumps = 40;
  const script = `for i in $(seq ${dumps}); do uwsgi --connect-and-read ${path} > /dev/null 2>&1 || exit 1; done; times`;
  try {
    const lines = execFileSync('bash', ['-c', script], { encoding: 'utf8' }).trim().split('\n');
    const [user, system] = [...lines[1].matchAll(/(\d+)m([\d.]+)s/g)].map(([, m, s]) => Number(m) * 60 + Number(s));
    return ((user + system) * 1e6) / dumps;
  } catch {
    return null;
  }
}

async function startFleet(prefix, from, to) {
  const child = spawn(process.execPath, [self, 'fleet', prefix, String(from), String(to)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await new Promise((resolve) => child.stdout.once('data', resolve));
  return () => child.kill();
}

/** Workers from `from` to `to`; each has a dump that changes every now and then, as real ones do. */
async function fleet(prefix, from, to) {
  const dumps = Array.from({ length: 16 }, (_, variant) => {
    const frames = (core) =>
      Array.from({ length: 20 }, (_, depth) => ({
        function: `call_${depth}`,
        file: `/srv/site/package_${depth % 5}/module_${core}.py`,
        line: depth === 19 ? 100 + variant : 10 + depth,
        source: `return self.call_${depth + 1}(request, **arguments)`,
      }));
    return printDump(Array.from({ length: 4 }, (_, core) => ({ thread: `Core${core}`, frames: frames(core) })));
  });
  let turn = 0;
  for (let worker = Number(from); worker <= Number(to); worker++) {
    await serveFleet(`${prefix}${worker}x`, 1, () => dumps[turn++ % dumps.length]);
  }
  console.log('ready');
}

function socketsOf(prefix) {
  const folder = join(prefix, '..');
  return readdirSync(folder)
    .map((name) => join(folder, name))
    .filter((path) => path.startsWith(prefix));
}

function median(numbers) {
  return numbers.toSorted((a, b) => a - b)[numbers.length >> 1];
}
