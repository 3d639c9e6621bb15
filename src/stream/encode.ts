// Profile -> stream lines. The profile may still grow: each call gives the lines for what is new.
import type { Profile, ProfileMeta, ProfileWorker, SampleTable } from '../profile/profile.ts';
import { type DumpsLine, type HeaderLine, type StreamLine, streamVersion, type WorkersLine } from './lines.ts';

/** Rows per line: small enough that a cut costs little and that no line is a burden to parse. */
const rowsPerLine = 8_192;

type Table = 'workers' | 'strings' | 'frames' | 'stacks' | 'threads' | 'dumps' | 'processes' | 'events';

/** Remembers how far the reader of its lines has come. */
export class StreamEncoder {
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
    for (const [from, to] of this.#advance('frames', frames.line.length)) yield { frames: slice(frames, from, to) };
    for (const [from, to] of this.#advance('stacks', stacks.frame.length)) yield { stacks: slice(stacks, from, to) };
    for (const [from, to] of this.#advance('threads', threads.length)) yield { threads: threads.slice(from, to) };
    for (const [from, to] of this.#advance('dumps', dumps.weight.length)) yield encodeDumps(profile, from, to);
    for (const [from, to] of this.#advance('processes', processes.pid.length)) {
      yield { processes: slice(processes, from, to) };
    }
    for (const [from, to] of this.#advance('events', events.length)) yield { events: events.slice(from, to) };
    if (durationMs === null || this.#endDone) return;
    this.#endDone = true;
    yield { end: { durationMs, dumps: dumps.weight.length, samples: profile.samples.stack.length } };
  }

  /** The dumps so far have been merged, and the reader has them as they were. */
  skipDumps({ dumps }: Profile): void {
    this.#done.dumps = dumps.weight.length;
  }

  /** Ranges of rows that cover what is new in a table. */
  *#advance(table: Table, length: number): Generator<[from: number, to: number]> {
    for (let from = this.#done[table]; from < length; from += rowsPerLine) {
      yield [from, Math.min(from + rowsPerLine, length)];
    }
    this.#done[table] = length;
  }
}

/** The lines of a whole profile, as text with its line end. */
export function* printStream(profile: Profile): Generator<string> {
  for (const line of new StreamEncoder().linesSince(profile)) yield printLine(line);
}

/** The same in one piece. */
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

function encodeSampled(samples: SampleTable, from: number, to: number): DumpsLine['sampled'] {
  const { cpuUs, ...columns } = samples;
  const known = cpuUs.subarray(from, to);
  return { ...slice(columns, from, to), ...(known.some((us) => us >= 0) && { cpuUs: [...known] }) };
}

function encodeDumps({ dumps, samples }: Profile, from: number, to: number): DumpsLine {
  const firstSample = from === 0 ? 0 : dumps.sampleEnd[from - 1]!;
  const lastSample = dumps.sampleEnd[to - 1]!;
  const { sampleEnd, ...columns } = dumps;
  const counts = Array.from({ length: to - from }, (_, i) => sampleEnd[from + i]! - (sampleEnd[from + i - 1] ?? 0));
  return {
    dumps: { ...slice(columns, from, to), samples: counts },
    sampled: encodeSampled(samples, firstSample, lastSample),
  };
}

function slice<Name extends string>(
  columns: Record<Name, Int32Array>,
  from: number,
  to: number,
): Record<Name, number[]> {
  const slices = Object.entries<Int32Array>(columns).map(([name, column]) => [name, [...column.subarray(from, to)]]);
  return Object.fromEntries(slices) as Record<Name, number[]>;
}
