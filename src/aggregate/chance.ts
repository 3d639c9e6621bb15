// How far the share of an item may be off by chance, from how it differs between blocks of time.
//
// A share is a ratio, so what varies is a block's ticks less the share of the block's base (Cochran, Sampling Techniques,
// ch. 6). Two views of it, since neither sees all:
// - of all threads together, its slowest waves over the recording, in as many as it is long: chance that lasts for less than
//   a wave swings as much in each of them (Lazarus, Lewis, Stock, Watson, "HAR Inference: Recommendations for Practice",
//   JBES 36, 2018; Student's t with a degree for each wave);
// - of each thread, sums over few long blocks (Carlstein, Annals of Statistics 14, 1986; such blocks are what the block
//   bootstrap of Kuensch, Annals of Statistics 17, 1989 draws), with Student's t (Ibragimov, Mueller, JBES 28, 2010).
// The larger variance counts, and it is never less than that of samples that are independent. How well this holds,
// test/aggregate/chance.test.ts tries with simulated recordings.
import type { Blocks, Per, ThreadBlocks } from './blocks.ts';

/** A share or a rate and its uncertainty. */
export interface Estimate {
  readonly value: number;
  readonly variance: number;
  /** Of freedom, of the variance. */
  readonly degrees: number;
}

interface Variance {
  readonly variance: number;
  readonly degrees: number;
}

/** So many degrees are as good as all. */
const mostDegrees = 10_000;

/** How many blocks of equal base would tell as much as these: a block in which nothing ran tells nothing. */
export function countEffective(bases: Float64Array): number {
  let sum = 0;
  let squares = 0;
  for (const base of bases) {
    sum += base;
    squares += base * base;
  }
  return squares === 0 ? 0 : (sum * sum) / squares;
}

/** Estimates by slot. */
export class Chance {
  readonly #blocks: Blocks;
  /** Heights of the waves by short block. */
  readonly #waves: readonly Float64Array[];
  /** True of a share: what varies is then also what it is a share of. */
  readonly #isShare: boolean;
  readonly #threads: readonly CentredThread[];

  constructor(blocks: Blocks, per: Per) {
    this.#blocks = blocks;
    this.#waves = wavesOver(blocks);
    this.#isShare = per === 'share';
    this.#threads = blocks.threads.map(centre);
  }

  estimate(slot: number): Estimate {
    const { base, bases, ticks } = this.#blocks;
    const ofSlot = ticks.subarray(slot * bases.length, (slot + 1) * bases.length);
    const value = base === 0 ? 0 : ofSlot.reduce((sum, inBlock) => sum + inBlock, 0) / base;
    const variances = [this.#asIfIndependent(value), this.#ofWaves(ofSlot, value), this.#ofLong(slot, value)];
    const largest = variances.reduce((a, b) => (b.variance > a.variance ? b : a));
    return { value, ...largest };
  }

  /** One draw more of either kind, so that what was never or always seen is not taken for certain. */
  #asIfIndependent(value: number): Variance {
    const { draws, most } = this.#blocks;
    const part = ((value / most) * draws + 1) / (draws + 2);
    return { variance: (most * Math.max(0, part * (1 - part))) / Math.max(1, draws), degrees: mostDegrees };
  }

  #ofWaves(ticks: Float64Array, value: number): Variance {
    const { base, bases } = this.#blocks;
    let squares = 0;
    for (const wave of this.#waves) {
      let swing = 0;
      for (const [block, height] of wave.entries()) swing += height * (ticks[block]! - value * bases[block]!);
      squares += swing * swing;
    }
    const count = this.#waves.length;
    if (count === 0) return { variance: 0, degrees: 1 };
    return { variance: (2 * squares) / count / base ** 2, degrees: count };
  }

  /** Threads are independent of each other here: what they share is seen by the short blocks. */
  #ofLong(slot: number, value: number): Variance {
    const { base } = this.#blocks;
    let sum = 0;
    let spread = 0;
    for (const [thread, { sampled, count }] of this.#threads.entries()) {
      const ticks = this.#blocks.threads[thread]!.ticks.get(slot);
      const squares = squaresOf(this.#blocks.threads[thread]!, ticks, this.#isShare ? { sampled, value } : null);
      const variance = count > 1 ? (squares * count) / (count - 1) : squares;
      sum += variance;
      spread += variance ** 2 / Math.max(1, count - 1);
    }
    if (spread === 0) return { variance: 0, degrees: 1 };
    return { variance: sum / base ** 2, degrees: Math.min(mostDegrees, Math.max(1, sum ** 2 / spread)) };
  }
}

/** Cosines of half a turn and more. Time is what was sampled: a block in which nothing ran has no place in a wave. */
function wavesOver({ bases, base, waves }: Blocks): Float64Array[] {
  const count = Math.min(waves, Math.floor(countEffective(bases) / 2));
  let before = 0;
  const places = bases.map((itsBase) => {
    before += itsBase;
    return base === 0 ? 0 : (before - itsBase / 2) / base;
  });
  return Array.from({ length: count }, (_, wave) => places.map((place) => Math.cos(Math.PI * (wave + 1) * place)));
}

/** A thread's sampled ticks by long block, less what they would be if it always ran alike; and how many blocks tell. */
interface CentredThread {
  readonly sampled: Float64Array;
  readonly count: number;
}

function centre({ time, sampled }: ThreadBlocks): CentredThread {
  return { sampled: centreBy(time, sampled), count: countEffective(time) };
}

/** Where a worker was seen in one block alone there is nothing to compare with: its ticks stay as they are. */
function centreBy(time: Float64Array, ticks: Float64Array): Float64Array {
  if (countEffective(time) < 1.5) return ticks;
  const all = ticks.reduce((sum, inBlock) => sum + inBlock, 0);
  return ticks.map((inBlock, block) => inBlock - all * time[block]!);
}

interface ShareOf {
  readonly sampled: Float64Array;
  readonly value: number;
}

function squaresOf({ time }: ThreadBlocks, ticks: Float64Array | undefined, share: ShareOf | null): number {
  if (ticks === undefined && share === null) return 0;
  const centred = ticks && centreBy(time, ticks);
  let squares = 0;
  for (let block = 0; block < time.length; block++) {
    squares += ((centred?.[block] ?? 0) - (share === null ? 0 : share.value * share.sampled[block]!)) ** 2;
  }
  return squares;
}
