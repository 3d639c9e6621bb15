// Samples -> what each item (see diff-items.ts) had in blocks of time. Samples that follow each other are not independent,
// so chance is judged by how blocks differ (chance.ts): short ones of all threads together, in slow waves, show what all of
// them have in common, such as load; long ones of each thread show what stays for seconds.
import type { Side } from './diff-pair.ts';

/** What the weight of an item is divided by: all samples, or the time that was observed. */
export type Per = 'share' | 'second';

export interface ThreadBlocks {
  /** The part of its worker's observed time in each long block; their sum is 1. */
  readonly time: Float64Array;
  /** Ticks of all its samples by long block. */
  readonly sampled: Float64Array;
  /** Ticks by slot and long block; slots without any are not there. */
  readonly ticks: ReadonlyMap<number, Float64Array>;
}

export interface Blocks {
  /** What ticks are divided by, in each short block and in all of them. */
  readonly bases: Float64Array;
  readonly base: number;
  /** Ticks by slot and short block, slots one after another. */
  readonly ticks: Float64Array;
  /** How many slow waves of the short blocks tell of chance; see chance.ts. */
  readonly waves: number;
  readonly threads: readonly ThreadBlocks[];
  /** How many samples there are for a share, how many dumps for a time. */
  readonly draws: number;
  /** The most that one of them may count: 1, or the busiest dump. */
  readonly most: number;
}

/** When a profile was sampled. */
export interface TimeSpan {
  readonly startMs: number;
  readonly lengthMs: number;
}

/** From the first dump to the last; null where it does not say, as in collapsed stacks. */
export function spanOf({ profile: { dumps, meta } }: Side): TimeSpan | null {
  let first = Number.POSITIVE_INFINITY;
  let last = Number.NEGATIVE_INFINITY;
  for (const timeMs of dumps.timeMs) {
    first = Math.min(first, timeMs);
    last = Math.max(last, timeMs);
  }
  return meta.measure === 'count' || last <= first ? null : { startMs: first, lengthMs: last - first + 1 };
}

/**
 * Of 30 s: 8 waves, each over 6 short blocks at least, and 3 long blocks. In longer profiles there are more of them, and they
 * are longer, both with the square root of the length.
 */
const usualMs = 30_000;
const waves = { least: 8, most: 32 };
const blocksPerWave = 6;
const long = { least: 3, most: 12 };

interface BlockPlan {
  readonly span: TimeSpan;
  readonly slotsOfStacks: readonly Int32Array[];
  readonly slotCount: number;
  readonly per: Per;
}

export function tallyBlocks({ profile, stackOf }: Side, { span, slotsOfStacks, slotCount, per }: BlockPlan): Blocks {
  const { dumps, samples, threads } = profile;
  const count = ({ least, most }: { readonly least: number; readonly most: number }) =>
    Math.max(least, Math.min(most, Math.round(least * Math.sqrt(span.lengthMs / usualMs))));
  const divide = (blocks: number) => ({
    count: blocks,
    of: (timeMs: number) => Math.floor(((timeMs - span.startMs) / span.lengthMs) * blocks),
  });
  const waveCount = count(waves);
  const shortBlocks = divide(waveCount * blocksPerWave);
  const longBlocks = divide(count(long));
  const sampled = new Float64Array(shortBlocks.count);
  const observed = new Float64Array(shortBlocks.count);
  const time = profile.workers.map(() => new Float64Array(longBlocks.count));
  const ticks = new Float64Array(slotCount * shortBlocks.count);
  const byThread = threads.map(() => ({
    sampled: new Float64Array(longBlocks.count),
    ticks: new Map<number, Float64Array>(),
  }));
  let sampleCount = 0;
  let dumpCount = 0;
  let busiest = 1;
  let sample = 0;
  for (let dump = 0; dump < dumps.weight.length; dump++) {
    const weight = dumps.weight[dump]!;
    const merged = dumps.dumps[dump]!;
    const inShort = shortBlocks.of(dumps.timeMs[dump]!);
    const inLong = longBlocks.of(dumps.timeMs[dump]!);
    observed[inShort]! += weight;
    time[dumps.worker[dump]!]![inLong]! += weight;
    dumpCount += merged;
    let running = 0;
    for (; sample < dumps.sampleEnd[dump]!; sample++) {
      const its = samples.weight[sample]!;
      const thread = byThread[samples.thread[sample]!]!;
      running += its;
      sampled[inShort]! += its;
      thread.sampled[inLong]! += its;
      for (const slot of slotsOfStacks[stackOf[samples.stack[sample]!]!]!) {
        ticks[slot * shortBlocks.count + inShort]! += its;
        let inBlocks = thread.ticks.get(slot);
        if (inBlocks === undefined) {
          inBlocks = new Float64Array(longBlocks.count);
          thread.ticks.set(slot, inBlocks);
        }
        inBlocks[inLong]! += its;
      }
    }
    if (weight > 0) sampleCount += (running * merged) / weight;
    if (weight > 0) busiest = Math.max(busiest, running / weight);
  }
  const bases = per === 'share' ? sampled : observed;
  const parts = time.map(toParts);
  return {
    bases,
    base: bases.reduce((sum, ticksOfBlock) => sum + ticksOfBlock, 0),
    ticks,
    waves: waveCount,
    threads: byThread.map((blocks, thread) => ({ time: parts[threads[thread]!.worker]!, ...blocks })),
    draws: per === 'share' ? sampleCount : dumpCount,
    most: per === 'share' ? 1 : busiest,
  };
}

function toParts(weights: Float64Array): Float64Array {
  const all = weights.reduce((sum, weight) => sum + weight, 0);
  return all === 0 ? weights : weights.map((weight) => weight / all);
}
