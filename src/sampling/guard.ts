// Protects the workers of one server from us. A stock tracebacker can crash its worker, and then it does so at the first
// connection (threads started before the fork): so one worker is asked first, and the others only when it has survived.
import type { Verdict } from '../tracebacker/verdict.ts';

/** A server whose workers die this often while we are connected is not killed by chance. */
const maxDeaths = 3;

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

  /** `insists`: a person has said that crashes are to be risked (`--keep-going`). */
  constructor(insists: boolean) {
    this.#insists = insists;
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

  /** `answered`: whether this process has given a dump before, which one that crashes by itself never does. */
  conclude(verdict: Verdict, answered: boolean): Consequence {
    if (verdict === 'dump') this.#proven = true;
    const consequence = this.#weigh(verdict, answered);
    if (consequence === 'leave server') this.#left = true;
    this.passOn();
    return consequence;
  }

  #weigh(verdict: Verdict, answered: boolean): Consequence {
    switch (verdict) {
      case 'dump':
        return 'go on';
      case 'gone':
      case 'too-slow':
        return 'later';
      case 'died':
        this.#deaths += 1;
        if (this.#insists || (answered && this.#deaths < maxDeaths)) return 'later';
        return 'leave server';
      case 'silent':
        return this.#insists || answered ? 'leave worker' : 'leave server';
      default:
        return 'leave worker';
    }
  }

  #wake(): void {
    for (const resume of this.#waiting.splice(0)) resume();
  }
}
