// Dumps and streams -> a growing profile, with a word on every tick that nothing was seen of.
import type { ProfileBuilder } from './profile/builder.ts';
import type { EventKind, ProfileEvent } from './profile/profile.ts';
import type { SampledDump, StreamPiece } from './sampling/sampled.ts';
import { StreamIntake } from './stream-intake.ts';
import { DumpParser } from './tracebacker/parse.ts';
import type { Reading } from './tracebacker/read.ts';
import type { Verdict } from './tracebacker/verdict.ts';

/** What a dump cost, as far as it can be told from outside. */
export interface DumpCost {
  readonly sendMs: number;
  readonly lines: number;
}

/** A {@link ProfileMeta.source} of what is sampled now. */
export type Source = 'agent' | 'tracebacker';

export class Intake {
  readonly #builder: ProfileBuilder;
  readonly #parser = new DumpParser();
  readonly #streams: StreamIntake;
  readonly #lastVerdicts = new Map<number, Verdict>();
  /** Who answers for all, as the profile says it. */
  readonly #source: string;
  /** Who answers for a worker, where that is not what the profile says of all. */
  readonly #sources = new Map<number, Source>();
  /** One dump after another may have the same to say: it is told once per flush, so that hours of it need no memory. */
  readonly #waiting = new Map<string, ProfileEvent>();

  constructor(builder: ProfileBuilder) {
    this.#builder = builder;
    const { rateHz, source } = builder.view().meta;
    this.#source = source;
    this.#streams = new StreamIntake({ builder, rateHz, note: (event) => this.#noteSome(event) });
  }

  /** Says once who answers for a worker from now on. */
  sourceIs(worker: number, source: Source, timeMs: number): void {
    const before = this.#sources.get(worker) ?? this.#source;
    this.#sources.set(worker, source);
    if (before !== source) this.#builder.addEvent({ timeMs, worker, kind: 'source', count: 1, reason: source });
  }

  /** What is wrong with the stream, where this piece shows it: it is to be refused then. Null elsewhere. */
  takePiece(piece: StreamPiece): string | null {
    const { worker, untilMs, end } = piece;
    if (piece.bytes.length > 0) this.sourceIs(worker, 'agent', untilMs);
    const wrong = this.#streams.take(piece);
    if (end === null) return wrong;
    const { verdict, consequence } = end;
    // Said in any case: this is how a reader learns that the agent could not be used.
    if (consequence === 'dumps' && verdict !== 'gone') this.#fallBack(worker, untilMs);
    if (consequence === 'leave worker' || consequence === 'leave server') {
      this.#noteSome({ timeMs: untilMs, worker, kind: 'left', count: 1, reason: verdict });
    }
    return wrong;
  }

  #fallBack(worker: number, timeMs: number): void {
    this.#sources.set(worker, 'tracebacker');
    this.#builder.addEvent({ timeMs, worker, kind: 'source', count: 1, reason: 'tracebacker' });
  }

  /** The cost of the dump; null where there was none. */
  take({ worker, outcome, span }: SampledDump<Reading>): DumpCost | null {
    const { timeMs, weight, unobserved } = span;
    const note = (kind: EventKind, count: number, reason = '') => {
      this.#noteSome({ timeMs, worker, kind, count, reason });
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
    this.sourceIs(worker, 'tracebacker', timeMs);
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

  #noteSome(event: ProfileEvent): void {
    if (event.count > 0) this.#note(event);
  }

  /** Where there are several of a kind, the time is that of the last one: a dump after it ends a gap. */
  #note(event: ProfileEvent): void {
    const key = `${event.worker} ${event.kind} ${event.kind === 'unreadable' ? '' : event.reason}`;
    const before = this.#waiting.get(key);
    // How many ticks a dump stands for is no number of things, and what was left out each time is the same things.
    const isLatest = event.kind === 'throttle' || event.kind === 'unsearched';
    const count = (isLatest ? 0 : (before?.count ?? 0)) + event.count;
    this.#waiting.set(key, { ...(before ?? event), timeMs: event.timeMs, count });
  }
}
