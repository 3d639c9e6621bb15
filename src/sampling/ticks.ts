// The fixed-rate schedule of one worker: when a dump is due, how many ticks it stands for, which ticks nothing covers.
// Pure: times come in as arguments, in milliseconds since the recording began.

/** A dump later than this speaks only for so much time: what came after is unobserved, not guessed. */
export const creditLimitMs = 1_000;

/** Share of a period by which a dump may be asked for later than due, so that sampling locks on to no periodic work. */
const jitterShare = 0.2;

/** In ticks: sums of periods are not exact. */
const rounding = 1e-9;

interface TickScheduleOptions {
  readonly rateHz: number;
  /** When the worker joined; 0 where it was there from the beginning. */
  readonly startMs?: number;
  /** Where in the first period the first tick lies, 0 <= phase < 1: workers are staggered by it. */
  readonly phase: number;
  /** 0 <= random() < 1. */
  readonly random: () => number;
}

/** What became of a span of ticks; planned = observed + unobserved at all times. */
export interface TickSpan {
  /** Time of the tick that asked for the dump. */
  readonly timeMs: number;
  /** Ticks that the dump stands for; at least 1 unless the dump failed. */
  readonly weight: number;
  /** Ticks that it does not: before it was asked for (we were late) and beyond the credit limit. */
  readonly unobserved: number;
}

export class TickSchedule {
  readonly #periodMs: number;
  readonly #firstMs: number;
  readonly #creditTicks: number;
  readonly #random: () => number;
  /** Ticks before this one are accounted for. */
  #next = 0;
  #stride = 1;

  constructor({ rateHz, startMs = 0, phase, random }: TickScheduleOptions) {
    this.#periodMs = 1_000 / rateHz;
    this.#firstMs = startMs + phase * this.#periodMs;
    this.#creditTicks = Math.max(1, Math.floor((creditLimitMs * rateHz) / 1_000));
    this.#random = random;
  }

  /** When to ask for the next dump: a tick's due time and a little jitter, which keeps the mean rate. */
  nextAskMs(): number {
    return this.#dueMs(this.#next + this.#stride - 1) + this.#random() * jitterShare * this.#periodMs;
  }

  /** From now on dumps are asked for at every nth tick only, and stand for the n - 1 ticks before it too. */
  setStride(stride: number): void {
    this.#stride = stride;
  }

  /** The tick that a dump asked for now belongs to: the last one due, at least the next one not yet accounted for. */
  tickAt(nowMs: number): number {
    return Math.max(this.#next, Math.floor((nowMs - this.#firstMs) / this.#periodMs + rounding));
  }

  /** Accounts for a dump that was asked for at `tick` and has arrived whole at `nowMs`. */
  observe(tick: number, nowMs: number): TickSpan {
    const first = Math.max(this.#next, tick - this.#stride + 1);
    const end = Math.max(this.#ticksBefore(nowMs), tick + 1);
    const weight = Math.min(end - first, Math.max(this.#creditTicks, this.#stride));
    return this.#account(tick, weight, end);
  }

  /**
   * Accounts for ticks that nothing covers, up to `nowMs`: a failed dump, a pause, the time after the last dump.
   * `tick` is the one that was tried in vain, if any: it is over, however early it failed.
   */
  miss(nowMs: number, tick = -1): TickSpan {
    return this.#account(this.#next, 0, Math.max(this.#next, this.#ticksBefore(nowMs), tick + 1));
  }

  /** Accounts for the ticks before one that is about to be asked for. */
  missBefore(tick: number): TickSpan {
    return this.#account(this.#next, 0, Math.max(this.#next, tick));
  }

  /** Accounts for the ticks due until now, of which somebody else knows what became: their number. */
  handOver(nowMs: number): number {
    const { unobserved } = this.miss(nowMs);
    return unobserved;
  }

  #account(tick: number, weight: number, end: number): TickSpan {
    const unobserved = end - this.#next - weight;
    this.#next = end;
    return { timeMs: this.#dueMs(tick), weight, unobserved };
  }

  #dueMs(tick: number): number {
    return this.#firstMs + tick * this.#periodMs;
  }

  /** Number of ticks due before a time; a recording of 2 s at 100 Hz has 200. */
  #ticksBefore(timeMs: number): number {
    return Math.max(0, Math.ceil((timeMs - this.#firstMs) / this.#periodMs - rounding));
  }
}

/** Spreads any number of workers over a period without knowing how many there will be (golden ratio sequence). */
export function staggeredPhase(index: number): number {
  return (index * 0.618_033_988_749_895) % 1;
}
