// Protects the workers of one server from us. A stock tracebacker can crash its worker, and then it does so at the first
// connection (threads started before the fork): so one worker is asked first, and the others only when it has survived.
import type { Verdict } from '../tracebacker/verdict.ts';

/** A server whose workers die this often while we are connected is not killed by chance. */
const maxDeaths = 3;

/**
 * Workers of which each dies once, one soon after another, have one cause: a reload, which ends them while they are being
 * asked. It counts as one death.
 */
const reloadMs = 10_000;

/** What a verdict is about. */
export interface Case {
  readonly worker: number;
  readonly nowMs: number;
  /** Whether this process has given a dump before, which one that crashes by itself never does. */
  readonly answered: boolean;
}

/** What follows from a verdict for the worker. */
export type Consequence =
  | 'go on'
  /** Try again after a pause that grows. */
  | 'later'
  /** Never connect to this worker again. */
  | 'leave worker'
  /** Never connect to any worker of this server again. */
  | 'leave server';

export class ServerGuard {
  readonly #insists: boolean;
  readonly #waiting: (() => void)[] = [];
  #proven = false;
  #probing = false;
  #left = false;
  #deaths = 0;
  #lastDeathMs = Number.NEGATIVE_INFINITY;
  /** Workers that died of what looks like one cause. */
  #dying = new Set<number>();

  /** `insists`: a person has said that crashes are to be risked (`--keep-going`). */
  constructor(insists: boolean) {
    this.#insists = insists;
  }

  /** A worker of the server has survived a dump: all may be asked at once. */
  get isProven(): boolean {
    return this.#proven;
  }

  /** Waits for this worker's turn to connect; false where it must not connect at all. */
  async mayConnect(): Promise<boolean> {
    while (!this.#left && !this.#proven && !this.#insists && this.#probing) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    this.#probing = true;
    return !this.#left;
  }

  /** A probe that takes too long is no reason to keep the others waiting: a worker in a long C call is no dead one. */
  passOn(): void {
    this.#probing = false;
    this.#wake();
  }

  conclude(verdict: Verdict, about: Case): Consequence {
    if (verdict === 'dump') this.#proven = true;
    const consequence = this.#weigh(verdict, about);
    if (consequence === 'leave server') this.#left = true;
    this.passOn();
    return consequence;
  }

  #weigh(verdict: Verdict, about: Case): Consequence {
    switch (verdict) {
      case 'dump':
        return 'go on';
      case 'gone':
      case 'too-slow':
        return 'later';
      case 'died':
        this.#countDeath(about);
        if (this.#insists || (about.answered && this.#deaths < maxDeaths)) return 'later';
        return 'leave server';
      case 'silent':
        return this.#insists || about.answered ? 'leave worker' : 'leave server';
      default:
        return 'leave worker';
    }
  }

  #countDeath({ worker, nowMs }: Case): void {
    if (nowMs - this.#lastDeathMs > reloadMs || this.#dying.has(worker)) {
      this.#deaths += 1;
      this.#dying.clear();
    }
    this.#dying.add(worker);
    this.#lastDeathMs = nowMs;
  }

  #wake(): void {
    for (const resume of this.#waiting.splice(0)) resume();
  }
}
