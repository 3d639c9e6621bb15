// A clock that only moves when told to: sampling tests take no time.
import { setMaxListeners } from 'node:events';
import type { Clock } from '../../src/sampling/clock.ts';

interface Sleeper {
  readonly wakeMs: number;
  readonly wake: () => void;
}

export class FakeClock implements Clock {
  #nowMs = 5_000; // not 0: whoever takes clock times for recording times must fail
  readonly #sleepers = new Set<Sleeper>();

  nowMs(): number {
    return this.#nowMs;
  }

  sleepUntil(ms: number, signal: AbortSignal): Promise<void> {
    if (ms <= this.#nowMs || signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const sleeper: Sleeper = {
        wakeMs: ms,
        wake: () => {
          this.#sleepers.delete(sleeper);
          resolve();
        },
      };
      this.#sleepers.add(sleeper);
      setMaxListeners(0, signal);
      signal.addEventListener('abort', sleeper.wake, { once: true });
    });
  }

  /** A sleep that nothing ends early: what a slow peer does. */
  sleep(ms: number): Promise<void> {
    return this.sleepUntil(this.#nowMs + ms, new AbortController().signal);
  }

  /** Moves on from sleeper to sleeper until the time is reached. */
  async advance(ms: number): Promise<void> {
    const untilMs = this.#nowMs + ms;
    for (let next = await this.#next(untilMs); next !== null; next = await this.#next(untilMs)) {
      this.#nowMs = next.wakeMs;
      next.wake();
    }
    this.#nowMs = untilMs;
    await settle();
  }

  async #next(untilMs: number): Promise<Sleeper | null> {
    await settle();
    const due = [...this.#sleepers].filter(({ wakeMs }) => wakeMs <= untilMs).sort((a, b) => a.wakeMs - b.wakeMs);
    return due[0] ?? null;
  }
}

/** Lets all promises that are ready go on. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
