// What each thread did, one thing after another, with real times: for formats that have a time axis. Idle cores and time
// that nobody observed are told as such.
import { coarsen } from '../profile/coarsen.ts';
import { coreOf } from '../profile/labels.ts';
import { rowsByWorker } from '../profile/pick.ts';
import type { Profile } from '../profile/profile.ts';

/** In place of a stack. */
export const idle = -1;
export const unobserved = -2;

/** Rows by rising time; a row lasts until the next one begins. */
export interface Timeline {
  /** Milliseconds since the recording began. */
  readonly timeMs: number[];
  /** A stack, {@link idle} or {@link unobserved}. */
  readonly stack: number[];
  readonly ticks: number[];
  /** -1 where unknown. */
  readonly cpuUs: number[];
}

/** One for each thread. Where there would be more than about `maxRows` in all, neighbouring dumps are merged, as far as it pays. */
export function timelinesOf(recorded: Profile, maxRows: number): Timeline[] {
  const profile = bound(recorded, maxRows);
  const { meta, dumps, samples, threads, events } = profile;
  const timelines = threads.map((): Timeline => ({ timeMs: [], stack: [], ticks: [], cpuUs: [] }));
  const push = (thread: number, [timeMs, stack, ticks, cpuUs]: readonly [number, number, number, number]) => {
    const rows = timelines[thread]!;
    rows.timeMs.push(timeMs);
    rows.stack.push(stack);
    rows.ticks.push(ticks);
    rows.cpuUs.push(cpuUs);
  };
  const threadsOf = rowsByWorker(
    threads.map(({ worker }) => worker),
    profile,
  );
  const absent = threads.map(({ name }) => (coreOf(name) === null ? unobserved : idle));
  const tickMs = 1_000 / meta.rateHz;
  const seen = new Float64Array(threads.length);
  let sample = 0;
  for (let row = 0; row < dumps.worker.length; row++) {
    const timeMs = dumps.timeMs[row]!;
    for (; sample < dumps.sampleEnd[row]!; sample++) {
      const thread = samples.thread[sample]!;
      const ticks = samples.weight[sample]!;
      // A dump has one sample of a thread; merged ones, and files without times, tell theirs one after another.
      push(thread, [timeMs + seen[thread]! * tickMs, samples.stack[sample]!, ticks, samples.cpuUs[sample]!]);
      seen[thread]! += ticks;
    }
    for (const thread of threadsOf[dumps.worker[row]!]!) {
      const rest = dumps.weight[row]! - seen[thread]!;
      if (rest > 0) push(thread, [timeMs + seen[thread]! * tickMs, absent[thread]!, rest, 0]);
      seen[thread] = 0;
    }
  }
  for (const { kind, worker, timeMs, count } of events) {
    if (kind === 'gap') for (const thread of threadsOf[worker]!) push(thread, [timeMs, unobserved, count, -1]);
  }
  return timelines.map(inOrder);
}

const firstBucketMs = 250;
const longestBucketMs = 2 ** 31;

/** What each longer bucket must take away: where stacks hardly repeat, longer ones cost order and win nothing. */
const leastGain = 0.1;

function bound(profile: Profile, maxRows: number): Profile {
  const count = profile.workers.map(() => 0);
  for (const { worker } of profile.threads) count[worker]! += 1;
  // Each thread has a row in each dump, with a stack or without; merged dumps have several stacks of a thread.
  const rowsOf = ({ dumps, samples }: Pick<Profile, 'dumps' | 'samples'>) =>
    Math.max(
      dumps.worker.reduce((sum, worker) => sum + count[worker]!, 0),
      samples.stack.length,
    );
  let bounded = profile;
  for (let bucketMs = firstBucketMs; rowsOf(bounded) > maxRows && bucketMs <= longestBucketMs; bucketMs *= 4) {
    const merged = { ...bounded, ...coarsen(bounded, bucketMs) };
    const isWorthIt = rowsOf(merged) <= (1 - leastGain) * rowsOf(bounded);
    if (isWorthIt) bounded = merged;
    else if (bucketMs > firstBucketMs) break; // the first bucket may be shorter than the time between two dumps
  }
  return bounded;
}

/** Gaps lie between dumps, and merged recordings one after another. */
function inOrder(rows: Timeline): Timeline {
  const { timeMs } = rows;
  if (timeMs.every((time, row) => row === 0 || timeMs[row - 1]! <= time)) return rows;
  const order = [...timeMs.keys()].sort((a, b) => timeMs[a]! - timeMs[b]! || a - b);
  const pick = (column: readonly number[]) => order.map((row) => column[row]!);
  return { timeMs: pick(timeMs), stack: pick(rows.stack), ticks: pick(rows.ticks), cpuUs: pick(rows.cpuUs) };
}
