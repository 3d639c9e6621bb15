// Profile -> stream lines. The profile may still grow: each call gives the lines for what is new.
import type { Profile, ProfileMeta, ProfileWorker, StackTable } from '../profile/profile.ts';
import {
  type Column,
  type DumpsLine,
  type HeaderLine,
  type StacksLine,
  type StreamLine,
  streamVersion,
  type WorkersLine,
} from './lines.ts';
import { packColumn } from './packed.ts';
import { encodePreorder } from './preorder.ts';

/** How columns are written. */
interface ColumnForm {
  /** Rows per line: small enough that a cut costs little and that no line is a burden to parse. */
  readonly rowsPerLine: number;
  readonly column: (numbers: Int32Array) => Column;
  /** Null: the stacks go by their parents. */
  readonly preorder: typeof encodePreorder | (() => null);
}

const listed: ColumnForm = { rowsPerLine: 8_192, column: toList, preorder: () => null };
const packed: ColumnForm = { rowsPerLine: 2 ** 22, column: packColumn, preorder: encodePreorder };

/** Spreading and `Array.from` go through an iterator, which takes ten times as long. */
function toList(numbers: Int32Array): number[] {
  const list = new Array<number>(numbers.length);
  for (let row = 0; row < list.length; row++) list[row] = numbers[row]!;
  return list;
}

type Table = 'workers' | 'strings' | 'frames' | 'stacks' | 'threads' | 'dumps' | 'processes' | 'events';

/** Remembers how far the reader of its lines has come. */
export class StreamEncoder {
  readonly #form: ColumnForm;
  #headerDone = false;
  #endDone = false;
  readonly #done: Record<Table, number> = {
    workers: 0,
    strings: 0,
    frames: 0,
    stacks: 0,
    threads: 0,
    dumps: 0,
    processes: 0,
    events: 0,
  };

  constructor(form: ColumnForm = listed) {
    this.#form = form;
  }

  /** The lines that bring the reader from the profile of the last call to this one; all of them must be taken. */
  *linesSince(profile: Profile): Generator<StreamLine> {
    const { meta, workers, strings, frames, stacks, threads, dumps, processes, events } = profile;
    const { durationMs } = meta;
    if (!this.#headerDone) yield encodeHeader(meta);
    this.#headerDone = true;
    for (const [from, to] of this.#advance('workers', workers.length)) {
      yield { workers: workers.slice(from, to).map(encodeWorker) };
    }
    for (const [from, to] of this.#advance('strings', strings.length)) yield { strings: strings.slice(from, to) };
    for (const [from, to] of this.#advance('frames', frames.line.length))
      yield { frames: this.#slice(frames, from, to) };
    for (const [from, to] of this.#advance('stacks', stacks.frame.length))
      yield { stacks: this.#stacks(stacks, from, to) };
    for (const [from, to] of this.#advance('threads', threads.length)) yield { threads: threads.slice(from, to) };
    for (const [from, to] of this.#advance('dumps', dumps.weight.length)) yield this.#dumps(profile, from, to);
    for (const [from, to] of this.#advance('processes', processes.pid.length)) {
      yield { processes: this.#slice(processes, from, to) };
    }
    for (const [from, to] of this.#advance('events', events.length)) yield { events: events.slice(from, to) };
    if (durationMs === null || this.#endDone) return;
    this.#endDone = true;
    yield { end: { durationMs, dumps: dumps.weight.length, samples: profile.samples.stack.length } };
  }

  /** The rows so far have been merged, and the reader has them as they were. */
  skipMerged({ dumps, processes, events }: Profile): void {
    this.#done.dumps = dumps.weight.length;
    this.#done.processes = processes.pid.length;
    this.#done.events = events.length;
  }

  /** Ranges of rows that cover what is new in a table. */
  *#advance(table: Table, length: number): Generator<[from: number, to: number]> {
    for (let from = this.#done[table]; from < length; from += this.#form.rowsPerLine) {
      yield [from, Math.min(from + this.#form.rowsPerLine, length)];
    }
    this.#done[table] = length;
  }

  #stacks(stacks: StackTable, from: number, to: number): StacksLine['stacks'] {
    const whole = from === 0 && to === stacks.parent.length;
    const preorder = whole ? this.#form.preorder(stacks) : null;
    return preorder ? this.#slice(preorder, 0, Number.POSITIVE_INFINITY) : this.#slice(stacks, from, to);
  }

  #dumps({ dumps, samples }: Profile, from: number, to: number): DumpsLine {
    const firstSample = from === 0 ? 0 : dumps.sampleEnd[from - 1]!;
    const lastSample = dumps.sampleEnd[to - 1]!;
    const { sampleEnd, ...columns } = dumps;
    const counts = sampleEnd.slice(from, to);
    for (let row = counts.length - 1; row >= 0; row--) counts[row]! -= row === 0 ? firstSample : counts[row - 1]!;
    const { cpuUs, ...sampled } = samples;
    const known = cpuUs.subarray(firstSample, lastSample);
    return {
      dumps: { ...this.#slice(columns, from, to), samples: this.#form.column(counts) },
      sampled: {
        ...this.#slice(sampled, firstSample, lastSample),
        ...(known.some((us) => us >= 0) && { cpuUs: this.#form.column(known) }),
      },
    };
  }

  #slice<Name extends string>(columns: Record<Name, Int32Array>, from: number, to: number): Record<Name, Column> {
    const slices = Object.entries<Int32Array>(columns).map(([name, column]) => [
      name,
      this.#form.column(column.subarray(from, to)),
    ]);
    return Object.fromEntries(slices) as Record<Name, Column>;
  }
}

/** The lines of a whole profile, as text with its line end. */
export function* printStream(profile: Profile): Generator<string> {
  for (const line of new StreamEncoder().linesSince(profile)) yield printLine(line);
}

/** The same for a page: smaller and faster to read, in lines that hold a whole table each. */
export function* printPacked(profile: Profile): Generator<string> {
  for (const line of new StreamEncoder(packed).linesSince(profile)) yield printLine(line);
}

/** {@link printStream} in one piece. */
export function encodeStream(profile: Profile): string {
  return [...printStream(profile)].join('');
}

export function printLine(line: StreamLine): string {
  return `${JSON.stringify(line)}\n`;
}

// What says nothing that is not said anyway is left out.

function encodeHeader({ durationMs: _, measure, ...header }: ProfileMeta): HeaderLine {
  return { tbprof: streamVersion, ...header, ...(measure !== 'wall' && { measure }) };
}

function encodeWorker({ host, ...worker }: ProfileWorker): WorkersLine['workers'][number] {
  return host === null ? worker : { ...worker, host };
}
