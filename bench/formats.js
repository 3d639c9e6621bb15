// Writing and reading a large profile in every format, each in a process of its own; and collapsed stacks to SVG against
// inferno and flamegraph.pl, where they can be had (bench/peers.js), in one run.
//
//     npm run bench:formats
import { execFileSync, spawnSync } from 'node:child_process';
import { createWriteStream, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { formatNamed, formats } from '../dist/formats/index.js';
import { inBlocks } from '../dist/output/blocks.js';
import { readTemplate } from '../dist/output/files.js';
import { loadProfile } from '../dist/pipeline.js';
import { ProfileBuilder } from '../dist/profile/builder.js';
import { findPeer } from './peers.js';

const sampleCount = 1_000_000;
const stackCount = 100_000;
const view = { by: 'line', threads: false };
const megabytes = (bytes) => (bytes / 1e6).toFixed(1).padStart(8);
const seconds = (ms) => (ms / 1e3).toFixed(2).padStart(7);

if (process.argv[2] === 'write') await measureWriting(process.argv[3], process.argv[4], process.argv[5]);
else if (process.argv[2] === 'read') await measureReading(process.argv[3]);
else await main();

async function main() {
  const folder = mkdtempSync(join(tmpdir(), 'tbprof-bench-'));
  try {
    const recording = join(folder, 'input.tbprof');
    await write(makeProfile(), 'tbprof', recording);
    console.log(
      `${sampleCount} samples, ${stackCount} stacks; MB of files, s, peak MB of memory above the profile's own\n`,
    );
    console.log('format              file    write   memory    read');
    let pageMs = 0;
    for (const { name, extensions } of formats) {
      const file = join(folder, `output${extensions[0]}`);
      const written = inChild('write', recording, name, file);
      if (name === 'html') pageMs = written.ms;
      const read = inChild('read', file);
      const readIn = read.ms === null ? '      -' : seconds(read.ms);
      console.log(
        `${name.padEnd(16)}${megabytes(statSync(file).size)}  ${seconds(written.ms)} ${megabytes(written.peak)} ${readIn}`,
      );
    }
    compareSvg(folder, pageMs);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Whole programs, from a file to a file. */
function compareSvg(folder, pageMs) {
  const input = join(folder, 'output.collapsed');
  const size = statSync(input).size;
  console.log(`\ncollapsed (${megabytes(size).trim()} MB) to SVG`);
  const cli = new URL('../dist/cli.js', import.meta.url).pathname;
  const ours = timeProgram(process.execPath, [cli, 'report', input, '-o', join(folder, 'ours.svg')]);
  if (ours === null) {
    console.log('tbprof report does not read collapsed stacks here');
    return;
  }
  console.log(`tbprof report: ${seconds(ours).trim()} s`);
  const peers = [
    ['inferno-flamegraph', 'at most 3'],
    ['flamegraph.pl', 'at most 0.2'],
  ];
  for (const [name, aim] of peers) {
    const command = findPeer(name);
    const theirs = command === null ? null : timeProgram(command, [input]);
    if (theirs === null) {
      console.log(`${name}: not found, no ratio`);
      continue;
    }
    console.log(`${name}: ${seconds(theirs).trim()} s; ratio ${(ours / theirs).toFixed(2)} (aim: ${aim})`);
    console.log(
      `  writing our page over its picture: ${(pageMs / theirs).toFixed(2)} (aim: less than 1 for one of them)`,
    );
  }
}

/** Milliseconds, the best of three; null where it cannot be run. */
function timeProgram(command, args) {
  const times = [];
  for (let round = 0; round < 3; round++) {
    const start = performance.now();
    const { status } = spawnSync(command, args, { stdio: 'ignore' });
    if (status !== 0) return null;
    times.push(performance.now() - start);
  }
  return Math.min(...times);
}

function inChild(...args) {
  return JSON.parse(execFileSync(process.execPath, [import.meta.filename, ...args], { encoding: 'utf8' }));
}

async function measureWriting(recording, name, file) {
  const { profile } = await loadProfile(readFileSync(recording), recording);
  const before = process.resourceUsage().maxRSS;
  const start = performance.now();
  await write(profile, name, file);
  const peak = (process.resourceUsage().maxRSS - before) * 1_024;
  console.log(JSON.stringify({ ms: performance.now() - start, peak }));
}

async function measureReading(file) {
  const start = performance.now();
  const read = await loadProfile(readFileSync(file), file).catch(() => null);
  console.log(JSON.stringify({ ms: read === null ? null : performance.now() - start }));
}

async function write(profile, name, file) {
  const pieces = formatNamed(name).render(profile, view, { template: readTemplate });
  await pipeline(inBlocks(pieces), createWriteStream(file));
}

/** Twenty frames that every request has, and a tree of calls on top of them. */
function makeProfile() {
  const random = randomNumbers(1);
  const builder = new ProfileBuilder({
    startedEpochMs: Date.UTC(2026, 0, 1),
    rateHz: 20,
    host: 'bench',
    source: 'tracebacker',
    recorder: 'tbprof',
  });
  const workers = Array.from({ length: 8 }, (_, at) =>
    builder.addWorker({ number: at + 1, address: `/tmp/tbsocket.${at + 1}` }),
  );
  const threads = workers.map((worker) =>
    Array.from({ length: 4 }, (_, core) => builder.thread(worker, `uWSGIWorker${worker + 1}Core${core}`)),
  );
  const frames = Array.from({ length: 3_000 }, (_, at) => {
    const path =
      at % 3 === 0
        ? `/srv/shop/views/part${at % 40}.py`
        : `/usr/lib/python3/dist-packages/pkg${at % 25}/m${at % 200}.py`;
    const text = (of) => builder.string(of);
    return builder.frame(text(`function_${at % 1_700}`), text(path), 1 + (at % 400), text(`call_${at}()`));
  });
  const stacks = [];
  for (let depth = 0; depth < 20; depth++) stacks.push(builder.stack(stacks.at(-1) ?? -1, frames[depth]));
  while (stacks.length < stackCount) {
    const parent = stacks[19 + Math.floor(random() * (stacks.length - 19))];
    stacks.push(builder.stack(parent, frames[Math.floor(random() ** 3 * frames.length)]));
  }
  for (let dump = 0; dump < sampleCount / 4; dump++) {
    const worker = workers[dump % workers.length];
    for (const thread of threads[worker]) {
      builder.addSample(thread, stacks[19 + Math.floor(random() ** 2 * (stacks.length - 19))], 1);
    }
    builder.endDump({ worker, timeMs: 50 * Math.floor(dump / workers.length), weight: 1, waitUs: 200 });
  }
  builder.end((50 * sampleCount) / 4 / workers.length);
  return builder.view();
}

/** mulberry32: the same numbers in every run. */
function randomNumbers(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
