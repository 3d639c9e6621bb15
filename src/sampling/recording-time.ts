// Milliseconds since a recording began. They stand still once it has ended.
import { setMaxListeners } from 'node:events';
import type { Clock } from './clock.ts';

interface RecordingTimeOptions {
  /** Undefined: until `stop`. */
  readonly durationMs?: number | undefined;
  readonly stop: AbortSignal;
}

export class RecordingTime {
  readonly #clock: Clock;
  readonly #startMs: number;
  readonly #ended = new AbortController();
  #endMs = Number.POSITIVE_INFINITY;

  constructor(clock: Clock, { stop, durationMs }: RecordingTimeOptions) {
    this.#clock = clock;
    this.#startMs = clock.nowMs();
    setMaxListeners(0, this.#ended.signal); // one for each worker that sleeps
    if (stop.aborted) this.end();
    else stop.addEventListener('abort', () => this.end(), { once: true });
    if (durationMs !== undefined) {
      this.#endMs = durationMs;
      this.sleepUntil(durationMs).then(() => this.end());
    }
  }

  get hasEnded(): boolean {
    return this.#ended.signal.aborted || this.nowMs() >= this.#endMs;
  }

  nowMs(): number {
    return Math.min(this.#clock.nowMs() - this.#startMs, this.#endMs);
  }

  end(): void {
    if (this.#ended.signal.aborted) return;
    this.#endMs = this.nowMs();
    this.#ended.abort();
  }

  /** Until then, or until the recording ends, or another signal in its place. */
  sleepUntil(ms: number, signal?: AbortSignal): Promise<void> {
    return this.#clock.sleepUntil(this.#startMs + ms, signal ?? this.#ended.signal);
  }

  /** Returns how to take it back. */
  onEnd(callback: () => void): () => void {
    const { signal } = this.#ended;
    if (signal.aborted) callback();
    else signal.addEventListener('abort', callback, { once: true });
    return () => signal.removeEventListener('abort', callback);
  }
}
