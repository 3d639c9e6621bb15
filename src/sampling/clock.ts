// The time that sampling is measured by: monotonic, so that a wall clock set back changes nothing. Injected, so that
// tests take no time.

export interface Clock {
  /** Monotonic milliseconds with a fraction; only differences mean something. */
  nowMs(): number;
  /** Resolves at the given time of this clock, never before, or as soon as the signal is aborted; never rejects. */
  sleepUntil(ms: number, signal: AbortSignal): Promise<void>;
}

/** Node fires timers beyond this at once. */
const longestTimerMs = 2 ** 31 - 1;

export const monotonicClock: Clock = {
  nowMs: () => performance.now(),
  async sleepUntil(ms, signal) {
    // Timers may fire a little early, and know no time beyond 25 days.
    for (let leftMs = ms - performance.now(); leftMs > 0 && !signal.aborted; leftMs = ms - performance.now()) {
      await nap(Math.min(leftMs, longestTimerMs), signal);
    }
  },
};

function nap(delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, delayMs);
    signal.addEventListener('abort', done);
  });
}
