// When what was running: busy, idle and unobserved ticks of workers and threads in buckets of time, and which part of the
// code each bucket is mostly of.
//
// Everything is spread over the ticks that it stands for, from its time on. Of merged dumps (profile/coarsen.ts) and of gaps
// nobody knows better; where dumps were merged over more than a bucket, the timeline says so.
import { PairTable } from '../profile/pairs.ts';
import type { Profile } from '../profile/profile.ts';
import { measureCoverage } from './coverage.ts';

/** One row of a timeline, in ticks by bucket. busy + idle + unobserved are its planned ticks. */
export interface Lane {
  readonly busy: Float64Array;
  readonly idle: Float64Array;
  readonly unobserved: Float64Array;
  /** What most of the busy ticks are of, as the option `partOf` numbers it; -1 where there are none. */
  readonly top: Int32Array;
}

export interface Timeline {
  readonly bucketMs: number;
  readonly buckets: number;
  /** All workers together. */
  readonly fleet: Lane;
  /** A worker's ticks count once for each of its threads that were seen, at least once: idle threads are idle time. */
  readonly workers: readonly Lane[];
  /** Those that were asked for, in that order. */
  readonly threads: readonly Lane[];
  /** True where dumps were merged over more than a bucket: within them, what was when is not known. */
  readonly isBlurred: boolean;
}

export interface TimelineOptions {
  readonly mostBuckets: number;
  /** Rows of threads are only made where they are wanted: there may be thousands. */
  readonly threads: readonly number[];
  /** The part of the code that a stack counts for, by stack: any number from 0 on, say of a group; -1: of none. */
  readonly partOf: Int32Array;
}

/** What people count time in, in milliseconds; then minutes. */
const steps = [10, 20, 50, 100, 200, 250, 500, 1_000, 2_000, 5_000, 10_000, 15_000, 30_000];

export function measureTimeline(profile: Profile, { mostBuckets, threads, partOf }: TimelineOptions): Timeline {
  const scale = new Scale(profile, mostBuckets);
  const tallies = {
    fleet: new Tally(scale.buckets),
    workers: profile.workers.map(() => new Tally(scale.buckets)),
    threads: new Map(threads.map((thread) => [thread, new Tally(scale.buckets)])),
  };
  const observed = profile.workers.map(() => new Float64Array(scale.buckets));
  const { dumps, samples } = profile;
  let isBlurred = false;
  let sample = 0;
  for (let row = 0; row < dumps.weight.length; row++) {
    const worker = dumps.worker[row]!;
    const parts = scale.spread(dumps.timeMs[row]!, dumps.weight[row]!);
    isBlurred ||= dumps.dumps[row]! > 1 && parts.length > 1;
    for (const { bucket, from, to } of parts) observed[worker]![bucket]! += to - from;
    for (; sample < dumps.sampleEnd[row]!; sample++) {
      const part = partOf[samples.stack[sample]!]!;
      const share = samples.weight[sample]! / dumps.weight[row]!;
      for (const { bucket, from, to } of parts) {
        // Whole ticks whose sum is the sample's weight.
        const ticks = Math.floor(to * share + 1e-9) - Math.floor(from * share + 1e-9);
        tallies.fleet.add(bucket, part, ticks);
        tallies.workers[worker]!.add(bucket, part, ticks);
        tallies.threads.get(samples.thread[sample]!)?.add(bucket, part, ticks);
      }
    }
  }
  const unobserved = placeGaps(profile, scale, observed);
  return {
    bucketMs: scale.bucketMs,
    buckets: scale.buckets,
    isBlurred,
    ...finish(profile, tallies, observed, unobserved),
  };
}

/** Ticks of a row that fall into one bucket: from its `from`th up to its `to`th. */
interface Part {
  readonly bucket: number;
  readonly from: number;
  readonly to: number;
}

/** Buckets of time, and where ticks fall. */
class Scale {
  readonly bucketMs: number;
  readonly buckets: number;
  readonly tickMs: number;

  constructor({ meta, dumps, events }: Profile, mostBuckets: number) {
    this.tickMs = 1_000 / meta.rateHz;
    let endMs = meta.durationMs ?? 0;
    for (let row = 0; row < dumps.timeMs.length; row++) {
      endMs = Math.max(endMs, dumps.timeMs[row]! + (meta.durationMs === null ? dumps.weight[row]! * this.tickMs : 1));
    }
    for (const { timeMs } of events) endMs = Math.max(endMs, timeMs + 1);
    const leastMs = Math.max(endMs / mostBuckets, this.tickMs);
    this.bucketMs = steps.find((step) => step >= leastMs) ?? Math.ceil(leastMs / 60_000) * 60_000;
    this.buckets = Math.max(1, Math.ceil(endMs / this.bucketMs));
  }

  /** What lies beyond the end stays in the last bucket. */
  bucketAt(timeMs: number): number {
    return Math.min(this.buckets - 1, Math.floor(timeMs / this.bucketMs));
  }

  /** So many ticks from a time on, by bucket. */
  spread(timeMs: number, ticks: number): Part[] {
    const parts: Part[] = [];
    let from = 0;
    for (let bucket = this.bucketAt(timeMs); from < ticks; bucket++) {
      const isLast = bucket >= this.buckets - 1;
      const before = isLast ? ticks : Math.ceil(((bucket + 1) * this.bucketMs - timeMs) / this.tickMs - 1e-9);
      const to = Math.min(ticks, before);
      if (to > from) parts.push({ bucket, from, to });
      from = Math.max(from, to);
    }
    return parts;
  }
}

class Tally {
  readonly busy: Float64Array;
  readonly #parts = new PairTable();
  readonly #ticks: number[] = [];

  constructor(buckets: number) {
    this.busy = new Float64Array(buckets);
  }

  add(bucket: number, part: number, ticks: number): void {
    this.busy[bucket]! += ticks;
    if (part === -1 || ticks === 0) return;
    const pair = this.#parts.number(bucket, part);
    this.#ticks[pair] = (this.#ticks[pair] ?? 0) + ticks;
  }

  /** Ties go to the lower number, so that the same profile gives the same picture. */
  top(): Int32Array {
    const most = new Float64Array(this.busy.length);
    const top = new Int32Array(this.busy.length).fill(-1);
    const buckets = this.#parts.first();
    const parts = this.#parts.second();
    for (const [pair, ticks] of this.#ticks.entries()) {
      const bucket = buckets[pair]!;
      if (ticks < most[bucket]! || (ticks === most[bucket] && parts[pair]! > top[bucket]!)) continue;
      most[bucket] = ticks;
      top[bucket] = parts[pair]!;
    }
    return top;
  }
}

/** Gaps fill, from their time on, what no dump of the worker has covered, since its ticks come at a fixed rate. */
function placeGaps({ workers, events }: Profile, scale: Scale, observed: readonly Float64Array[]): Float64Array[] {
  const unobserved = workers.map(() => new Float64Array(scale.buckets));
  const perBucket = Math.round(scale.bucketMs / scale.tickMs);
  for (const { kind, worker, timeMs, count } of events) {
    if (kind !== 'gap') continue;
    const its = unobserved[worker]!;
    const start = scale.bucketAt(timeMs);
    let left = count;
    for (let bucket = start; left > 0 && bucket < scale.buckets; bucket++) {
      const ticks = Math.min(left, Math.max(0, perBucket - observed[worker]![bucket]! - its[bucket]!));
      its[bucket]! += ticks;
      left -= ticks;
    }
    its[start]! += left;
  }
  return unobserved;
}

interface Tallies {
  readonly fleet: Tally;
  readonly workers: readonly Tally[];
  readonly threads: ReadonlyMap<number, Tally>;
}

function finish(
  profile: Profile,
  tallies: Tallies,
  observed: readonly Float64Array[],
  unobserved: readonly Float64Array[],
): Pick<Timeline, 'fleet' | 'workers' | 'threads'> {
  const laneOf = (tally: Tally, seen: Float64Array, unseen: Float64Array): Lane => ({
    busy: tally.busy,
    // Not below 0, should a file say that a thread ran for longer than it was looked at.
    idle: seen.map((ticks, bucket) => Math.max(0, ticks - tally.busy[bucket]!)),
    unobserved: unseen,
    top: tally.top(),
  });
  const threadCount = countThreads(profile);
  const times = (ticks: Float64Array, worker: number) => ticks.map((tick) => tick * threadCount[worker]!);
  const seen = observed.map(times);
  const unseen = unobserved.map(times);
  return {
    fleet: laneOf(tallies.fleet, sum(seen, tallies.fleet.busy.length), sum(unseen, tallies.fleet.busy.length)),
    workers: tallies.workers.map((tally, worker) => laneOf(tally, seen[worker]!, unseen[worker]!)),
    threads: [...tallies.threads].map(([thread, tally]) => {
      const { worker } = profile.threads[thread]!;
      return laneOf(tally, observed[worker]!, unobserved[worker]!);
    }),
  };
}

/** The threads of each worker, but at least its cores: one that was never seen running was idle. */
function countThreads(profile: Profile): number[] {
  const seen = profile.workers.map(() => 0);
  for (const { worker } of profile.threads) seen[worker]! += 1;
  return measureCoverage(profile).workers.map(({ cores }, worker) => Math.max(1, cores, seen[worker]!));
}

function sum(columns: readonly Float64Array[], length: number): Float64Array {
  const all = new Float64Array(length);
  for (const column of columns) for (let at = 0; at < length; at++) all[at]! += column[at]!;
  return all;
}
