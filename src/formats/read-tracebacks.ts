// Tracebacks in a text (tracebacker/log.ts): dumps that were saved, and logs of uWSGI with what it did before it killed a
// worker. Each stack counts once: what a log shows is how often, not how long.
import { ProfileBuilder } from '../profile/builder.ts';
import type { Profile } from '../profile/profile.ts';
import { LineSplitter } from '../stream/line-splitter.ts';
import { banner } from '../tracebacker/dump.ts';
import { type Traceback, TracebackReader } from '../tracebacker/log.ts';
import { type Input, type Reader, type Reading, SkipCount, unreadable } from './reader.ts';

export const readTracebacks: Reader = {
  name: 'tracebacks',
  description: 'dumps of a tracebacker, logs of uWSGI with harakiri tracebacks',
  recognises: (_start, text) =>
    text.includes(banner) ||
    text.includes('*** HARAKIRI ON WORKER') ||
    text.includes('*** Starting uWSGI') ||
    text.split('\n').some((line) => frameMarks.every((mark) => line.includes(mark))) ||
    /\[pid: \d+\|app: /.test(text),
  read,
};

/** Not in one regular expression: it would go through a hostile line again and again. */
const frameMarks = ['thread_id = ', ' filename = ', ' lineno = '];

/** A log may hold anything; frames are shorter. */
const maxLineBytes = 1024 * 1024;

async function read({ name, chunks }: Input): Promise<Reading> {
  const skipped = new SkipCount();
  const tracebacks = new Tracebacks(name, skipped);
  const reader = new TracebackReader();
  const splitter = new LineSplitter(maxLineBytes);
  for await (const chunk of chunks) {
    for (const line of splitter.push(chunk)) tracebacks.take(reader.take(line));
  }
  const rest = splitter.rest();
  if (rest) tracebacks.take(reader.take(rest));
  tracebacks.take(reader.finish());
  skipped.add(`lines longer than ${maxLineBytes} bytes`, null, splitter.tooLong);
  return { profile: tracebacks.finish(), whole: true, skipped: skipped.list() };
}

class Tracebacks {
  readonly #name: string;
  readonly #skipped: SkipCount;
  readonly #builder = new ProfileBuilder({
    startedEpochMs: 0,
    rateHz: 1,
    measure: 'count',
    host: '',
    source: 'tracebacks',
    recorder: 'uWSGI',
  });
  readonly #workers = new Map<number | null, number>();
  #last: number | null = null;
  #startedEpochMs: number | null = null;
  #lastMs = 0;
  #taken = 0;

  constructor(name: string, skipped: SkipCount) {
    this.#name = name;
    this.#skipped = skipped;
  }

  take(traceback: Traceback | null): void {
    if (traceback === null) return;
    const { threads, unreadable: lines, attempt } = traceback;
    const place = `line ${traceback.line}`;
    this.#skipped.add('lines of tracebacks that are no frame', place, lines);
    if (attempt > 1) {
      this.#skipped.add('tracebacks of a worker that was being killed already', place);
      return;
    }
    const worker = this.#workerOf(traceback);
    for (const { thread, frames, cut } of threads) {
      this.#builder.addSample(this.#builder.thread(worker, thread), this.#builder.stackOf(frames), 1);
      if (cut) this.#skipped.add('leaf frames of stacks that were cut short', place);
    }
    this.#builder.endDump({ worker, timeMs: this.#timeOf(traceback), weight: 1, waitUs: -1 });
    this.#builder.bound();
    this.#taken += 1;
  }

  finish(): Profile {
    if (this.#taken === 0) {
      throw unreadable(
        this.#name,
        'there is no traceback in it, and it is of no other kind that is known',
        'uWSGI logs tracebacks where both harakiri and py-tracebacker are set',
      );
    }
    const profile = this.#builder.view();
    const startedEpochMs = this.#startedEpochMs ?? 0;
    return { ...profile, meta: { ...profile.meta, startedEpochMs, durationMs: this.#lastMs } };
  }

  /** A dump of an idle worker does not say whose it is: likely of the one before it. */
  #workerOf({ worker: named, pid, threads }: Traceback): number {
    const worker = named ?? (threads.length === 0 ? this.#last : null);
    this.#last = worker;
    let row = this.#workers.get(worker);
    if (row === undefined) {
      const address = worker === null ? this.#name : `worker ${worker}`;
      row = this.#builder.addWorker({ number: worker, address, pid });
      this.#workers.set(worker, row);
    }
    return row;
  }

  /** Since the first; what has no date, or an earlier one, was with the one before it. */
  #timeOf({ epochMs }: Traceback): number {
    if (epochMs !== null) {
      this.#startedEpochMs ??= epochMs;
      this.#lastMs = Math.max(this.#lastMs, Math.min(2 ** 31 - 1, epochMs - this.#startedEpochMs));
    }
    return this.#lastMs;
  }
}
