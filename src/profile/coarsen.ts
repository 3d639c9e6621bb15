// Bounds the memory of long recordings: what happened within a bucket of time is told once per worker, thread and stack.
// Weights are added, so nothing of any total changes; what is lost is the order of things within a bucket.
import { IntColumn, viewColumns } from './columns.ts';
import type { DumpTable, Profile, SampleTable } from './profile.ts';

interface Bucket {
  readonly timeMs: number;
  readonly worker: number;
  dumps: number;
  weight: number;
  /** Of the dump that took longest among them: a mean would hide what they are there to show. */
  waitUs: number;
  sendUs: number;
  /** By thread and stack, packed into one exact number. */
  readonly samples: Map<number, { weight: number; cpuUs: number }>;
}

const maxStacks = 2 ** 31;

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

/** The dumps and samples of the profile, with all dumps of a worker within `bucketMs` merged. */
export function coarsen({ dumps, samples }: Profile, bucketMs: number): { dumps: DumpTable; samples: SampleTable } {
  const rows = newDumpColumns();
  const merged = newSampleColumns();
  const write = (bucket: Bucket) => {
    for (const [key, { weight, cpuUs }] of bucket.samples) {
      merged.thread.push(Math.floor(key / maxStacks));
      merged.stack.push(key % maxStacks);
      merged.weight.push(weight);
      merged.cpuUs.push(Math.min(cpuUs, maxCpuUs));
    }
    rows.worker.push(bucket.worker);
    rows.timeMs.push(bucket.timeMs);
    rows.dumps.push(bucket.dumps);
    rows.weight.push(bucket.weight);
    rows.waitUs.push(bucket.waitUs);
    rows.sendUs.push(bucket.sendUs);
    rows.sampleEnd.push(merged.stack.length);
  };

  const open = new Map<number, Bucket>();
  let sample = 0;
  for (let row = 0; row < dumps.worker.length; row++) {
    const worker = dumps.worker[row]!;
    const timeMs = dumps.timeMs[row]!;
    let bucket = open.get(worker);
    if (bucket && Math.floor(bucket.timeMs / bucketMs) !== Math.floor(timeMs / bucketMs)) {
      write(bucket);
      bucket = undefined;
    }
    if (bucket === undefined) {
      bucket = { timeMs, worker, dumps: 0, weight: 0, waitUs: -1, sendUs: -1, samples: new Map() };
      open.set(worker, bucket);
    }
    bucket.dumps += dumps.dumps[row]!;
    bucket.weight += dumps.weight[row]!;
    bucket.waitUs = Math.max(bucket.waitUs, dumps.waitUs[row]!);
    bucket.sendUs = Math.max(bucket.sendUs, dumps.sendUs[row]!);
    for (; sample < dumps.sampleEnd[row]!; sample++) {
      const key = samples.thread[sample]! * maxStacks + samples.stack[sample]!;
      const before = bucket.samples.get(key);
      const weight = samples.weight[sample]!;
      const cpuUs = samples.cpuUs[sample]!;
      if (before === undefined) {
        bucket.samples.set(key, { weight, cpuUs });
      } else {
        before.weight += weight;
        before.cpuUs = addKnown(before.cpuUs, cpuUs);
      }
    }
  }
  for (const bucket of open.values()) write(bucket);
  return { dumps: viewColumns(rows), samples: viewColumns(merged) };
}
