// Does something again and again, at a fixed rate.
import type { Clock } from '../sampling/clock.ts';

export interface RepeatOptions {
  readonly everyMs: number;
  readonly clock: Clock;
  /** Ends it. */
  readonly signal: AbortSignal;
}

/** The first time after `everyMs`. Where it takes longer than that, times are left out, and none is made up for. */
export async function repeat(task: () => Promise<void>, { everyMs, clock, signal }: RepeatOptions): Promise<void> {
  let dueMs = clock.nowMs() + everyMs;
  while (!signal.aborted) {
    await clock.sleepUntil(dueMs, signal);
    if (signal.aborted) return;
    await task();
    dueMs += everyMs * Math.max(1, Math.ceil((clock.nowMs() - dueMs) / everyMs));
  }
}
