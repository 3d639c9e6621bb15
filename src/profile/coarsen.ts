// Bounds the memory of long recordings: what happened within a bucket of time is told once per worker, thread and stack.
// Weights are added, so nothing of any total changes; what is lost is the order of things within a bucket.
import { IntColumn, viewColumns } from './columns.ts';
import { PairTable } from './pairs.ts';
import type { DumpTable, Profile, SampleTable } from './profile.ts';

/** What one worker's dumps of a stretch of time come to; used again for its next one. */
class Bucket {
  timeMs = 0;
  dumps = 0;
  weight = 0;
  /** Of the dump that took longest among them: a mean would hide what they are there to show. */
  waitUs = -1;
  sendUs = -1;
  /** Threads and stacks, and what their samples have in common, by number of the pair. */
  readonly samples = new PairTable();
  readonly weights: number[] = [];
  readonly cpuUs: number[] = [];

  begin(timeMs: number): void {
    this.timeMs = timeMs;
    this.dumps = 0;
    this.weight = 0;
    this.waitUs = -1;
    this.sendUs = -1;
    this.samples.clear();
  }

  addSample(thread: number, stack: number, { weight, cpuUs }: { weight: number; cpuUs: number }): void {
    const known = this.samples.size;
    const pair = this.samples.number(thread, stack);
    this.weights[pair] = (pair < known ? this.weights[pair]! : 0) + weight;
    this.cpuUs[pair] = pair < known ? addKnown(this.cpuUs[pair]!, cpuUs) : cpuUs;
  }
}

/** Columns are 32 bits wide. */
const maxCpuUs = 2 ** 31 - 1;

/** The columns of a DumpTable, and of a SampleTable, to be filled. */
export const newDumpColumns = () => ({
  worker: new IntColumn(),
  timeMs: new IntColumn(),
  dumps: new IntColumn(),
  weight: new IntColumn(),
  waitUs: new IntColumn(),
  sendUs: new IntColumn(),
  sampleEnd: new IntColumn(),
});
export const newSampleColumns = () => ({
  thread: new IntColumn(),
  stack: new IntColumn(),
  weight: new IntColumn(),
  cpuUs: new IntColumn(),
});

/** -1 is unknown. */
function addKnown(a: number, b: number): number {
  if (a < 0) return b;
  return b < 0 ? a : a + b;
}

/**
 * The dumps and samples of the profile, with all dumps of a worker within `bucketMs` merged; but for its last one, whose time
 * tells whether the worker was there in the end.
 */
export function coarsen({ dumps, samples }: Profile, bucketMs: number): { dumps: DumpTable; samples: SampleTable } {
  const rows = newDumpColumns();
  const merged = newSampleColumns();
  const write = (worker: number, bucket: Bucket) => {
    const threads = bucket.samples.first();
    const stacks = bucket.samples.second();
    for (let pair = 0; pair < threads.length; pair++) {
      merged.thread.push(threads[pair]!);
      merged.stack.push(stacks[pair]!);
      merged.weight.push(bucket.weights[pair]!);
      merged.cpuUs.push(Math.min(bucket.cpuUs[pair]!, maxCpuUs));
    }
    rows.worker.push(worker);
    rows.timeMs.push(bucket.timeMs);
    rows.dumps.push(bucket.dumps);
    rows.weight.push(bucket.weight);
    rows.waitUs.push(bucket.waitUs);
    rows.sendUs.push(bucket.sendUs);
    rows.sampleEnd.push(merged.stack.length);
  };

  const open = new Map<number, Bucket>();
  const lastRows = new Map<number, number>();
  for (let row = 0; row < dumps.worker.length; row++) lastRows.set(dumps.worker[row]!, row);
  let sample = 0;
  for (let row = 0; row < dumps.worker.length; row++) {
    const worker = dumps.worker[row]!;
    const timeMs = dumps.timeMs[row]!;
    const known = open.get(worker);
    const bucket = known ?? new Bucket();
    if (known === undefined) {
      open.set(worker, bucket);
      bucket.begin(timeMs);
    } else if (Math.floor(bucket.timeMs / bucketMs) !== Math.floor(timeMs / bucketMs) || lastRows.get(worker) === row) {
      write(worker, bucket);
      bucket.begin(timeMs);
    }
    bucket.dumps += dumps.dumps[row]!;
    bucket.weight += dumps.weight[row]!;
    bucket.waitUs = Math.max(bucket.waitUs, dumps.waitUs[row]!);
    bucket.sendUs = Math.max(bucket.sendUs, dumps.sendUs[row]!);
    for (; sample < dumps.sampleEnd[row]!; sample++) {
      const [weight, cpuUs] = [samples.weight[sample]!, samples.cpuUs[sample]!];
      bucket.addSample(samples.thread[sample]!, samples.stack[sample]!, { weight, cpuUs });
    }
  }
  for (const [worker, bucket] of open) write(worker, bucket);
  return { dumps: viewColumns(rows), samples: viewColumns(merged) };
}
