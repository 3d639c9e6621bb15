// Pieces of agents' streams -> a growing profile. Whatever an agent says, its worker's ticks are each observed or in a gap,
// once: what it does not account for is lost to the way in which its stream ended.
import type { ProfileBuilder } from './profile/builder.ts';
import type { StreamPiece } from './sampling/sampled.ts';
import { type LiveEvent, LiveStream } from './stream/live.ts';
import { Malformed } from './stream/values.ts';

/** What one worker's names may take in the memory of a recording. Those of a large site take 10 MB. */
const defaultMaxNamesBytes = 128 * 1024 * 1024;

export type WorkerEvent = LiveEvent & { readonly worker: number };

interface OpenStream {
  readonly sinceMs: number;
  readonly live: LiveStream;
  /** Why its lines are not read any more; null where they are. */
  wrong: string | null;
}

interface StreamIntakeOptions {
  readonly builder: ProfileBuilder;
  readonly rateHz: number;
  readonly note: (event: WorkerEvent) => void;
  /** Of one worker. */
  readonly maxNamesBytes?: number;
}

export class StreamIntake {
  readonly #options: StreamIntakeOptions;
  readonly #open = new Map<number, OpenStream>();
  readonly #namesBytes = new Map<number, number>();

  constructor(options: StreamIntakeOptions) {
    this.#options = options;
  }

  /** What is wrong with the stream, where this piece shows it; null elsewhere, and for what comes after. */
  take(piece: StreamPiece): string | null {
    const { worker, untilMs, bytes, ticks, end } = piece;
    const stream = this.#streamOf(piece);
    stream.live.pass(ticks, untilMs);
    const wrong = bytes.length > 0 && stream.wrong === null ? this.#read(stream, piece) : null;
    if (end !== null) {
      this.#options.note({ timeMs: untilMs, worker, kind: 'gap', count: stream.live.settle(), reason: end.gap });
      this.#open.delete(worker);
    }
    return wrong;
  }

  #streamOf({ worker, sinceMs }: StreamPiece): OpenStream {
    let stream = this.#open.get(worker);
    if (stream === undefined) {
      const { builder, rateHz, note } = this.#options;
      const noteOwn = (event: LiveEvent) => note({ ...event, worker });
      const live = new LiveStream({ builder, worker, rateHz, sinceMs, note: noteOwn });
      stream = { sinceMs, live, wrong: null };
      this.#open.set(worker, stream);
    }
    return stream;
  }

  #read(stream: OpenStream, { worker, bytes }: StreamPiece): string | null {
    const { builder } = this.#options;
    const before = builder.namesBytes;
    try {
      stream.live.take(new TextDecoder().decode(bytes));
      const grown = (this.#namesBytes.get(worker) ?? 0) + builder.namesBytes - before;
      this.#namesBytes.set(worker, grown);
      if (grown > (this.#options.maxNamesBytes ?? defaultMaxNamesBytes)) throw new Malformed('it names too much');
    } catch (error) {
      if (!(error instanceof Malformed)) throw error;
      stream.wrong = error.message;
    }
    return stream.wrong;
  }
}
