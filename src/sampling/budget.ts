// How much sampling may cost a worker, and the stride (one dump in so many ticks) that keeps to it. Pure.

/** What a stock tracebacker leaks per line that it prints, at most of what was measured: never freed strings. */
export const leakBytesPerLine = 266;

export interface BudgetLimits {
  /** Share of a core per worker, 0 to 1, that writing dumps may take. */
  readonly maxOverhead: number;
  /** Bytes per worker that the recording may leak. */
  readonly maxLeakBytes: number;
}

interface WorkerCost {
  /**
   * The least that a line has cost, from the first byte of a dump to its last. Dumps of a busy worker take longer, but
   * that is the dumping thread waiting for its turn, which costs nobody anything.
   */
  msPerLine: number;
  lines: number;
  dumps: number;
  /** Since the recording began. */
  leakBytes: number;
  /** Growth of the process, which bounds what we can have leaked; null where it cannot be read. */
  growthBytes: number | null;
}

export interface Advice {
  /** 1: every tick. */
  readonly stride: number;
  /** The leak has reached its limit: the worker must not be asked any more. */
  readonly spent: boolean;
  /** What asked for a stride above 1. */
  readonly reason: 'overhead' | 'leak';
}

/** Old dumps count for less and less: what matters is what the next ones will cost. */
const smoothing = 0.1;

/** Before so many dumps their least cost is not known. */
const enoughDumps = 5;

export class Budget {
  readonly #limits: BudgetLimits;
  readonly #rateHz: number;
  readonly #workers = new Map<number, WorkerCost>();

  constructor(limits: BudgetLimits, rateHz: number) {
    this.#limits = limits;
    this.#rateHz = rateHz;
  }

  noteDump(worker: number, { sendMs, lines }: { readonly sendMs: number; readonly lines: number }): void {
    const cost = this.#costOf(worker);
    const share = cost.dumps === 0 ? 1 : smoothing;
    if (lines > 0) cost.msPerLine = Math.min(cost.msPerLine, sendMs / lines);
    cost.lines += (lines - cost.lines) * share;
    cost.dumps += 1;
    cost.leakBytes += lines * leakBytesPerLine;
  }

  noteGrowth(worker: number, bytes: number | null): void {
    this.#costOf(worker).growthBytes = bytes;
  }

  /** `leftMs`: what is left of the recording; null where nobody knows. */
  advise(worker: number, leftMs: number | null): Advice {
    const cost = this.#costOf(worker);
    const overhead = this.#strideForOverhead(cost);
    const leak = this.#strideForLeak(cost, leftMs);
    const spent = leakOf(cost) >= this.#limits.maxLeakBytes;
    return { stride: Math.max(overhead, leak), spent, reason: spent || leak > overhead ? 'leak' : 'overhead' };
  }

  /** Never slower than a dump a second: what is seen less often than that is no profile. */
  #atMostOneSecond(stride: number): number {
    return Math.max(1, Math.min(Math.ceil(stride), Math.floor(this.#rateHz)));
  }

  #strideForOverhead({ msPerLine, lines, dumps }: WorkerCost): number {
    if (dumps < enoughDumps || lines === 0) return 1;
    return this.#atMostOneSecond((msPerLine * lines * this.#rateHz) / 1_000 / this.#limits.maxOverhead);
  }

  #strideForLeak(cost: WorkerCost, leftMs: number | null): number {
    if (leftMs === null) return 1;
    const left = this.#limits.maxLeakBytes - leakOf(cost);
    const needed = (cost.lines * leakBytesPerLine * this.#rateHz * leftMs) / 1_000;
    return left <= 0 ? 1 : this.#atMostOneSecond(needed / left);
  }

  #costOf(worker: number): WorkerCost {
    let cost = this.#workers.get(worker);
    if (cost === undefined) {
      cost = { msPerLine: Number.POSITIVE_INFINITY, lines: 0, dumps: 0, leakBytes: 0, growthBytes: null };
      this.#workers.set(worker, cost);
    }
    return cost;
  }
}

function leakOf({ leakBytes, growthBytes }: WorkerCost): number {
  return growthBytes === null ? leakBytes : Math.min(leakBytes, growthBytes);
}
