// Dumps -> a growing profile, with a word on every tick that nothing was seen of.
import type { ProfileBuilder } from './profile/builder.ts';
import type { EventKind, ProfileEvent } from './profile/profile.ts';
import type { SampledDump } from './sampling/sampler.ts';
import { DumpParser } from './tracebacker/parse.ts';
import type { Reading } from './tracebacker/read.ts';
import type { Verdict } from './tracebacker/verdict.ts';

/** What a dump cost, as far as it can be told from outside. */
export interface DumpCost {
  readonly sendMs: number;
  readonly lines: number;
}

export class Intake {
  readonly #builder: ProfileBuilder;
  readonly #parser = new DumpParser();
  readonly #lastVerdicts = new Map<number, Verdict>();
  /** One dump after another may have the same to say: it is told once per flush, so that hours of it need no memory. */
  readonly #waiting = new Map<string, ProfileEvent>();

  constructor(builder: ProfileBuilder) {
    this.#builder = builder;
  }

  /** The cost of the dump; null where there was none. */
  take({ worker, outcome, span }: SampledDump<Reading>): DumpCost | null {
    const { timeMs, weight, unobserved } = span;
    const note = (kind: EventKind, count: number, reason = '') => {
      if (count > 0) this.#note({ timeMs, worker, kind, count, reason });
    };
    if (typeof outcome === 'string') {
      // The rest of the recording of a worker that was given up is lost for the same reason.
      note('gap', unobserved, outcome === 'end' ? (this.#lastVerdicts.get(worker) ?? outcome) : outcome);
      return null;
    }
    const { verdict, reading, consequence } = outcome;
    if (verdict !== 'dump') {
      note('gap', unobserved, verdict);
      if (consequence === 'leave worker' || consequence === 'leave server') note('left', 1, verdict);
      this.#lastVerdicts.set(worker, verdict);
      return null;
    }
    // After a failure there is a pause before the next dump is asked for: its ticks are lost to the failure too.
    note('gap', unobserved, this.#lastVerdicts.get(worker) ?? 'late');
    this.#lastVerdicts.delete(worker);
    const { threads, warnings, firstWarning } = this.#parser.parse(reading.bytes);
    for (const { thread, frames } of threads) {
      this.#builder.addSample(this.#builder.thread(worker, thread), this.#builder.stackOf(frames), weight);
    }
    const waitMs = reading.waitMs ?? 0;
    const sendMs = reading.tookMs - waitMs;
    this.#builder.endDump({ worker, timeMs, weight, waitUs: waitMs * 1_000, sendUs: sendMs * 1_000 });
    note('cut', threads.filter(({ cut }) => cut).length);
    note('unreadable', warnings, firstWarning ?? '');
    return { sendMs, lines: threads.reduce((sum, { frames }) => sum + frames.length, 0) };
  }

  /** Hands on what has been noted since the last time. */
  flush(): void {
    for (const event of this.#waiting.values()) this.#builder.addEvent(event);
    this.#waiting.clear();
  }

  /** Where there are several of a kind, the time is that of the last one: a dump after it ends a gap. */
  #note(event: ProfileEvent): void {
    const key = `${event.worker} ${event.kind} ${event.kind === 'unreadable' ? '' : event.reason}`;
    const before = this.#waiting.get(key);
    this.#waiting.set(key, before ? { ...before, timeMs: event.timeMs, count: before.count + event.count } : event);
  }
}
