// Recordings of made-up workloads whose samples depend on each other, as those of requests do: what a thread does lasts,
// from a tick to seconds, and a load that comes and goes may be common to all threads.
import { ProfileBuilder } from '../../src/profile/builder.ts';
import type { Profile } from '../../src/profile/profile.ts';

/** What a thread may be doing: `share` of its time, `seconds` at a stretch in the middle. */
export interface Work {
  readonly share: number;
  readonly seconds: number;
  /** Function names, root first; the leaf is chosen anew at each tick. */
  readonly path: readonly string[];
  readonly leaves: readonly string[];
  /** How much more often it begins while the load is high. */
  readonly loaded?: number;
}

export interface Simulation {
  readonly seed: number;
  readonly work: readonly Work[];
  readonly rateHz: number;
  readonly workers: number;
  readonly threads: number;
  readonly seconds?: number;
  /** How long the load stays high or low, in the middle. */
  readonly loadSeconds?: number;
}

/** Numbers from 0 up to 1; the 32-bit linear congruential generator of Knuth, its upper bits mixed down. */
export function seededRandom(seed: number): () => number {
  let state = Math.imul(seed + 1, 2_654_435_761) >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    const mixed = Math.imul(state ^ (state >>> 15), 2_246_822_519) >>> 0;
    return ((mixed ^ (mixed >>> 13)) >>> 0) / 2 ** 32;
  };
}

export function simulateRecording({
  seed,
  work,
  rateHz,
  workers,
  threads,
  seconds = 30,
  loadSeconds = 2,
}: Simulation): Profile {
  const random = seededRandom(seed);
  const builder = new ProfileBuilder({ startedEpochMs: 0, rateHz, host: 'h', source: 'test', recorder: 'tbprof 0' });
  const stacks = work.map(({ path, leaves }) =>
    leaves.map((leaf) =>
      builder.stackOf([...path, leaf].map((name) => ({ function: name, file: '/app/a.py', line: 1, source: '' }))),
    ),
  );
  const begins = [1, 0].map((high) =>
    work.map(({ share, seconds: stretch, loaded = 1 }) => (share / stretch) * (high ? loaded : 1)),
  );
  const chances = begins.map((weights) => weights.reduce((sum, weight) => sum + weight, 0));
  const choose = (weights: readonly number[], sum: number) => {
    let left = random() * sum;
    for (const [index, weight] of weights.entries()) {
      left -= weight;
      if (left < 0) return index;
    }
    return weights.length - 1;
  };
  const shares = work.map(({ share }) => share);
  const all = shares.reduce((sum, share) => sum + share, 0);
  const rows = Array.from({ length: workers }, (_, worker) => {
    builder.addWorker({ number: worker + 1, address: `/tmp/tbsocket.${worker + 1}` });
    return Array.from({ length: threads }, (_, core) => ({
      thread: builder.thread(worker, `uWSGIWorker${worker + 1}Core${core}`),
      doing: choose(shares, all),
    }));
  });
  let load = random() < 0.5 ? 0 : 1;
  for (let tick = 0; tick < seconds * rateHz; tick++) {
    if (random() < 1 / (loadSeconds * rateHz)) load = 1 - load;
    for (const [worker, cores] of rows.entries()) {
      for (const core of cores) {
        const leaves = stacks[core.doing]!;
        builder.addSample(core.thread, leaves[Math.floor(random() * leaves.length)]!, 1);
        if (random() < 1 / (work[core.doing]!.seconds * rateHz)) core.doing = choose(begins[load]!, chances[load]!);
      }
      builder.endDump({ worker, timeMs: (tick * 1_000) / rateHz, weight: 1, waitUs: 0 });
    }
  }
  builder.end(seconds * 1_000);
  return builder.view();
}
