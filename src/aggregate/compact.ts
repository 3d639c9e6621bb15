// A profile made ready to be embedded in a page: samples in buckets of time that are as long as the recording makes
// necessary, stacks in pre-order with the heaviest first, and only what a sample needs. Its numbers differ, its totals do
// not.
import { coarsen } from '../profile/coarsen.ts';
import type { FrameTable, Profile, SampleTable } from '../profile/profile.ts';
import { mergeStacks, weighTree } from './call-tree.ts';
import { foldStacks } from './fold.ts';

/** As many samples are kept as they came: eight busy threads, 20 times a second, for ten minutes. */
const samplesKept = 100_000;

/** Beyond that time is told in fewer than so many buckets, but not in fewer than half of them ... */
const fewestBuckets = 600;

/** ... except where even that were more samples than a page can be opened with. */
const mostSamples = 1_000_000;

const firstBucketMs = 250;
const longestBucketMs = 2 ** 31;

export function compactProfile(profile: Profile): Profile {
  const bounded = boundSamples(profile);
  const { stacks, map } = orderStacks(bounded);
  const { frame, ...tables } = renumberFrames(bounded, stacks.frame);
  return {
    ...bounded,
    ...tables,
    stacks: { ...stacks, frame },
    samples: sortWithinDumps(bounded, map),
  };
}

/** Longer buckets, until there are few enough samples. */
function boundSamples(profile: Profile): Profile {
  const lastMs = profile.dumps.timeMs.reduce((last, time) => Math.max(last, time), 0);
  const isTooLong = (bucketMs: number) => lastMs / bucketMs < fewestBuckets / 2;
  let bounded = profile;
  let bucketMs = firstBucketMs;
  // The first try is with eight times as many buckets: each try takes its time.
  while (lastMs / bucketMs > 8 * fewestBuckets) bucketMs *= 2;
  while (bucketMs < longestBucketMs) {
    const count = bounded.samples.stack.length;
    if (count <= samplesKept || (count <= mostSamples && isTooLong(bucketMs))) break;
    bounded = { ...profile, ...coarsen(bounded, bucketMs) };
    // Buckets of twice the length hold at least half as many samples: tries that cannot be enough are passed over.
    let least = bounded.samples.stack.length / 2;
    for (bucketMs *= 2; least > samplesKept && !isTooLong(2 * bucketMs); bucketMs *= 2) least /= 2;
  }
  return bounded;
}

/** Stacks that have weight, by number of the old; -1 where they have none. */
function orderStacks(profile: Profile): Pick<Profile, 'stacks'> & { map: Int32Array } {
  const frames = profile.frames.line.map((_, frame) => frame);
  const merged = mergeStacks(profile.stacks, { groupOf: frames, labels: [], example: Array.from(frames) });
  const { parent, group, nodeOfStack } = weighTree(merged, foldStacks(profile));
  // The root of the tree is no stack.
  const minusRoot = (column: Int32Array) => column.map((node) => node - 1);
  return { stacks: { parent: minusRoot(parent.subarray(1)), frame: group.slice(1) }, map: minusRoot(nodeOfStack) };
}

/** Frames and strings by their first appearance, since those that belong together are then near to each other. */
function renumberFrames({ strings, frames }: Profile, frameOfStack: Int32Array) {
  const frameIds = new Numbering(frames.line.length);
  const frame = frameOfStack.map((old) => frameIds.number(old));
  const stringIds = new Numbering(strings.length);
  const renumber = (column: Int32Array, row: number) => stringIds.number(column[row]!);
  const count = frameIds.old.length;
  const table: FrameTable = {
    function: new Int32Array(count),
    file: new Int32Array(count),
    line: new Int32Array(count),
    source: new Int32Array(count),
  };
  for (const [row, old] of frameIds.old.entries()) {
    table.function[row] = renumber(frames.function, old);
    table.file[row] = renumber(frames.file, old);
    table.line[row] = frames.line[old]!;
    table.source[row] = renumber(frames.source, old);
  }
  return { frame, frames: table, strings: stringIds.old.map((old) => strings[old]!) };
}

/** New numbers in order of first appearance. */
class Numbering {
  /** By new number. */
  readonly old: number[] = [];
  /** By old number, plus 1. */
  readonly #new: Int32Array;

  constructor(count: number) {
    this.#new = new Int32Array(count);
  }

  number(old: number): number {
    if (this.#new[old] === 0) this.#new[old] = this.old.push(old);
    return this.#new[old]! - 1;
  }
}

/** The samples of a dump were seen at once: they have no order, and by stack they are near to each other. */
function sortWithinDumps({ dumps, samples }: Profile, newStack: Int32Array): SampleTable {
  const { thread } = samples;
  const stack = samples.stack.map((old) => newStack[old]!);
  const order = stack.map((_, sample) => sample);
  const byThreadAndStack = (a: number, b: number) => thread[a]! - thread[b]! || stack[a]! - stack[b]! || a - b;
  let from = 0;
  for (const to of dumps.sampleEnd) {
    if (to - from > 1) order.subarray(from, to).sort(byThreadAndStack);
    from = to;
  }
  const sorted = (column: Int32Array) => order.map((sample) => column[sample]!);
  return {
    thread: sorted(thread),
    stack: sorted(stack),
    weight: sorted(samples.weight),
    cpuUs: sorted(samples.cpuUs),
  };
}
