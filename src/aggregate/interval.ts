// How far the share of a frame may be off by chance: its 95 % interval. Samples that follow each other are alike, so how
// much they tell is seen from how the share varies between blocks of time (batch means: Schmeiser, Operations Research
// 30, 1982, finds 10 to 30 of them right). That gives the number of independent samples that would tell as much (Korn and
// Graubard, Survey Methodology 24, 1998), and for those Wilson's interval, which holds for small shares too (Dean and
// Pagano, Journal of Survey Statistics and Methodology 3, 2015).
import type { Profile } from '../profile/profile.ts';
import type { CallTree } from './call-tree.ts';

export interface Interval {
  /** 0 to 1. */
  readonly share: number;
  readonly low: number;
  readonly high: number;
}

const blockCount = 20;

/** 97.5 % of a normal distribution lie below it. */
const z = 1.959964;

/** What the intervals of all frames of a profile have in common, computed once. */
export class ShareIntervals {
  readonly #profile: Profile;
  /** By sample. */
  readonly #block: Uint8Array;
  /** Ticks of all samples, by block. */
  readonly #base: Float64Array;
  readonly #total: number;
  /** How many samples of equal weight there would be. */
  readonly #draws: number;
  /** How many blocks of equal weight there would be. */
  readonly #blocks: number;

  constructor(profile: Profile) {
    const { dumps, samples } = profile;
    this.#profile = profile;
    this.#block = new Uint8Array(samples.stack.length);
    this.#base = new Float64Array(blockCount);
    const place = placeInTime(dumps.timeMs);
    let total = 0;
    let squares = 0;
    let sample = 0;
    for (let row = 0; row < dumps.weight.length; row++) {
      const block = place(dumps.timeMs[row]!);
      for (; sample < dumps.sampleEnd[row]!; sample++) {
        const weight = samples.weight[sample]!;
        this.#block[sample] = block;
        this.#base[block]! += weight;
        total += weight;
        // Of merged dumps: as many samples as there were dumps with the thread, each of that part of the weight.
        const merged = Math.max(1, (weight * dumps.dumps[row]!) / Math.max(1, dumps.weight[row]!));
        squares += weight ** 2 / merged;
      }
    }
    this.#total = total;
    this.#draws = squares > 0 ? total ** 2 / squares : 0;
    this.#blocks = countEqual(this.#base);
  }

  /** Of the samples whose stack is marked with 1; null where there are no samples at all. */
  of(isIn: Uint8Array): Interval | null {
    if (this.#total === 0) return null;
    const { stack, weight } = this.#profile.samples;
    const ticks = new Float64Array(blockCount);
    for (let sample = 0; sample < stack.length; sample++) {
      if (isIn[stack[sample]!] === 1) ticks[this.#block[sample]!]! += weight[sample]!;
    }
    const share = ticks.reduce((sum, inBlock) => sum + inBlock, 0) / this.#total;
    const { count, factor } = this.#tell(ticks, share);
    return wilson(share, count, factor);
  }

  /** How many independent samples tell as much, and how many of their standard deviations are 95 %. */
  #tell(ticks: Float64Array, share: number): { count: number; factor: number } {
    const asIfIndependent = { count: this.#draws, factor: z };
    if (this.#blocks < 2 || share <= 0 || share >= 1) return asIfIndependent;
    let squares = 0;
    for (let block = 0; block < blockCount; block++) squares += (ticks[block]! - share * this.#base[block]!) ** 2;
    const variance = (squares * this.#blocks) / (this.#blocks - 1) / this.#total ** 2;
    const count = (share * (1 - share)) / variance;
    return count < this.#draws ? { count, factor: student(this.#blocks - 1) } : asIfIndependent;
  }
}

/** 1 for each stack whose samples are in the subtree of a node. */
export function markSubtree({ nodeOfStack, end }: CallTree, node: number): Uint8Array {
  const marks = new Uint8Array(nodeOfStack.length);
  for (let stack = 0; stack < marks.length; stack++) {
    const its = nodeOfStack[stack]!;
    if (its >= node && its < end[node]!) marks[stack] = 1;
  }
  return marks;
}

/** 1 for each stack whose samples are in the total of a group. */
export function markGroup(tree: CallTree, group: number): Uint8Array {
  const holds = new Uint8Array(tree.group.length);
  for (let node = 1; node < holds.length; node++) {
    if (tree.group[node] === group || holds[tree.parent[node]!] === 1) holds[node] = 1;
  }
  const marks = new Uint8Array(tree.nodeOfStack.length);
  for (let stack = 0; stack < marks.length; stack++) {
    const node = tree.nodeOfStack[stack]!;
    if (node !== -1) marks[stack] = holds[node]!;
  }
  return marks;
}

/** Blocks of equal length, from the first dump to the last. */
function placeInTime(timeMs: Int32Array): (timeMs: number) => number {
  let first = Number.POSITIVE_INFINITY;
  let last = 0;
  for (const time of timeMs) {
    first = Math.min(first, time);
    last = Math.max(last, time);
  }
  return (time) => Math.floor(((time - first) / (last - first + 1)) * blockCount);
}

function countEqual(weights: Float64Array): number {
  const squares = weights.reduce((sum, weight) => sum + weight ** 2, 0);
  return squares > 0 ? weights.reduce((sum, weight) => sum + weight, 0) ** 2 / squares : 0;
}

/** https://en.wikipedia.org/wiki/Binomial_proportion_confidence_interval#Wilson_score_interval */
function wilson(share: number, count: number, factor: number): Interval {
  const spread = factor ** 2 / count;
  const middle = (share + spread / 2) / (1 + spread);
  const half = (factor / (1 + spread)) * Math.sqrt((share * (1 - share)) / count + spread / (4 * count));
  return { share, low: Math.max(0, Math.min(share, middle - half)), high: Math.min(1, Math.max(share, middle + half)) };
}

/** The 97.5 % quantile of Student's t: Abramowitz and Stegun 26.7.5; a tenth off at 1 degree, a thousandth from 3 on. */
function student(degrees: number): number {
  const terms = [
    (z ** 3 + z) / 4,
    (5 * z ** 5 + 16 * z ** 3 + 3 * z) / 96,
    (3 * z ** 7 + 19 * z ** 5 + 17 * z ** 3 - 15 * z) / 384,
    (79 * z ** 9 + 776 * z ** 7 + 1482 * z ** 5 - 1920 * z ** 3 - 945 * z) / 92_160,
  ];
  return terms.reduce((sum, term, at) => sum + term / degrees ** (at + 1), z);
}
