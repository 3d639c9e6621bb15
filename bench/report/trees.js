// The profiles that are drawn: a made-up site of any size, and the calls of a real Python program.
import { execFileSync } from 'node:child_process';
import { ProfileBuilder } from '../../dist/profile/builder.js';

const workers = 4;
const rateHz = 20;

/** Layers of functions that call those below them, a few of them often; walked until there are so many stacks. */
export function syntheticProfile(stackCount) {
  const random = generator(stackCount);
  const [layers, width] = [60, 110];
  const builder = newBuilder();
  const frames = Array.from({ length: layers * width }, (_, at) => {
    const file = `/usr/lib/python3/dist-packages/package${at % 37}/module_${at % 610}.py`;
    const source = builder.string(`    return handle_${at % 900}(request, *args, **kwargs)`);
    return builder.frame(
      builder.string(`function_${at % 2_900}`),
      builder.string(file),
      10 + ((at * 37) % 900),
      source,
    );
  });
  const callees = frames.map((_, at) => {
    const layer = Math.min(layers - 1, Math.floor(at / width) + 1);
    return Array.from({ length: 5 }, () => layer * width + Math.floor(random() * width));
  });
  const zipf = (count) => Math.floor(count * random() ** 2.2);
  let sample = 0;
  while (builder.view().stacks.parent.length < stackCount) {
    let at = zipf(4);
    let stack = builder.stack(-1, frames[at]);
    for (let depth = 1; depth < 50 + Math.floor(random() * 12); depth++) {
      if (builder.view().stacks.parent.length >= stackCount) break;
      at = callees[at][zipf(5)];
      stack = builder.stack(stack, frames[at]);
    }
    addSample(builder, stack, { sample, weight: 1 });
    sample += 1;
  }
  builder.end(Math.ceil(((sample / workers) * 1_000) / rateHz));
  return builder.view();
}

/** Null where there is no Python. Each call is a tick. */
export function realProfile() {
  const program = new URL('calls.py', import.meta.url).pathname;
  let calls;
  try {
    calls = JSON.parse(execFileSync('python3', [program], { maxBuffer: 2 ** 30, encoding: 'utf8' }));
  } catch (error) {
    if (error.code === 'ENOENT') return null;
    throw error;
  }
  const builder = newBuilder();
  const frames = calls.functions.map(([name, file, line]) =>
    builder.frame(builder.string(name), builder.string(file), line, builder.string('')),
  );
  const stacks = [];
  for (const [node, parent] of calls.parent.entries()) {
    stacks.push(builder.stack(parent === -1 ? -1 : stacks[parent], frames[calls.function[node]]));
    addSample(builder, stacks[node], { sample: 0, weight: calls.count[node] });
  }
  builder.end(60_000);
  return builder.view();
}

function newBuilder() {
  const builder = new ProfileBuilder({ startedEpochMs: 0, rateHz, host: 'bench', source: 'bench', recorder: 'bench' });
  for (let number = 1; number <= workers; number++) builder.addWorker({ number, address: `/tmp/tbsocket.${number}` });
  return builder;
}

function addSample(builder, stack, { sample, weight }) {
  const worker = sample % workers;
  builder.addSample(builder.thread(worker, `uWSGIWorker${worker + 1}Core0`), stack, weight);
  builder.endDump({ worker, timeMs: Math.floor(((sample / workers) * 1_000) / rateHz), weight, waitUs: -1 });
}

/** The same numbers in every run: mulberry32. */
function generator(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
