// Builds a profile from dumps or from a stream. A profile can be looked at while it grows.
import { coarsen, newDumpColumns, newSampleColumns } from './coarsen.ts';
import { IntColumn, Interner, viewColumns } from './columns.ts';
import { mergeEvents, thinProcesses } from './merge-events.ts';
import { PairTable } from './pairs.ts';
import type {
  Measure,
  Profile,
  ProfileEvent,
  ProfileMeta,
  ProfileThread,
  ProfileWorker,
  StackTable,
} from './profile.ts';

/** Frame with its text; tracebacker/dump.ts has the same shape. */
export interface FrameText {
  readonly function: string;
  readonly file: string;
  readonly line: number;
  readonly source: string;
}

/** A ProfileMeta before its end; weights are ticks of wall time where it does not say. */
export type NewProfileMeta = Omit<ProfileMeta, 'durationMs' | 'measure'> & { readonly measure?: Measure };

/** A ProfileWorker, whose process and host may be unknown. */
export type NewWorker = Pick<ProfileWorker, 'number' | 'address'> & Partial<ProfileWorker>;

/** A dump, or several merged ones; see DumpTable. */
export interface DumpRow {
  readonly worker: number;
  readonly timeMs: number;
  readonly weight: number;
  readonly dumps?: number;
  readonly waitUs: number;
  readonly sendUs?: number;
}

export interface ProcessRow {
  readonly worker: number;
  readonly timeMs: number;
  readonly pid: number;
  readonly rssKb: number;
  readonly cpuMs: number;
}

/** Far more than any program has; a file that says otherwise is not one of ours. */
const maxFrames = 2 ** 26;

/** About 50 MB of columns; of dumps, 110 MB. */
const maxSamples = 4_000_000;

/** Of each table: events and rows of processes. About 15 MB and 2 MB. */
const maxNews = 100_000;

/** Beyond this merging changes nothing any more: all is one bucket. */
const longestBucketMs = 2 ** 31;

/** Columns are 32 bits wide: what lies beyond (25 days of milliseconds) stays at their end. */
function toColumn(value: number): number {
  return Math.min(Math.round(value), 2 ** 31 - 1);
}

export class ProfileBuilder {
  #bucketMs = 250;
  #newsBucketMs = 500;
  #mostNews = maxNews;
  #meta: ProfileMeta;
  readonly #workers: ProfileWorker[] = [];
  readonly #threads: ProfileThread[] = [];
  /** By worker and name. */
  readonly #threadIds: Map<string, number>[] = [];
  readonly #strings: string[] = [];
  readonly #stringIds = new Interner<string>();
  #stringLength = 0;
  readonly #frames = {
    function: new IntColumn(),
    file: new IntColumn(),
    line: new IntColumn(),
    source: new IntColumn(),
  };
  readonly #frameIds = new Interner<string>();
  /** Parent and frame. */
  readonly #stacks = new PairTable();
  readonly #stackOfFrames = new WeakMap<readonly FrameText[], number>();
  readonly #dumps = newDumpColumns();
  readonly #samples = newSampleColumns();
  readonly #processes = {
    worker: new IntColumn(),
    timeMs: new IntColumn(),
    pid: new IntColumn(),
    rssKb: new IntColumn(),
    cpuMs: new IntColumn(),
  };
  #events: ProfileEvent[] = [];

  constructor(meta: NewProfileMeta) {
    this.#meta = { measure: 'wall', ...meta, durationMs: null };
  }

  addWorker({ number, address, pid = null, host = null }: NewWorker): number {
    return this.#workers.push({ number, address, pid, host }) - 1;
  }

  /** Threads are told apart by worker and name: names are all that a dump says of them. */
  thread(worker: number, name: string): number {
    const ids = this.#threadIds[worker] ?? new Map<string, number>();
    this.#threadIds[worker] = ids;
    let id = ids.get(name);
    if (id === undefined) {
      id = this.#threads.push({ worker, name }) - 1;
      ids.set(name, id);
      this.#stringLength += name.length;
    }
    return id;
  }

  string(text: string): number {
    const { id, isNew } = this.#stringIds.intern(text);
    if (isNew) {
      this.#strings.push(text);
      this.#stringLength += text.length;
    }
    return id;
  }

  /** About the memory that what is named takes: what only ever grows, however the dumps are merged. */
  get namesBytes(): number {
    const rows = this.#strings.length + this.#frames.line.length + this.#stacks.size + this.#threads.length;
    return 2 * this.#stringLength + 100 * rows;
  }

  /** `function`, `file` and `source` are numbers of strings. */
  frame(functionId: number, file: number, line: number, source: number): number {
    const { id, isNew } = this.#frameIds.intern(`${functionId} ${file} ${line} ${source}`);
    if (isNew) {
      if (id >= maxFrames) throw new RangeError(`more than ${maxFrames} distinct frames`);
      this.#frames.function.push(functionId);
      this.#frames.file.push(file);
      this.#frames.line.push(line);
      this.#frames.source.push(source);
    }
    return id;
  }

  /** The stack of `frame` on top of `parent` (-1: none). */
  stack(parent: number, frame: number): number {
    return this.#stacks.number(parent, frame);
  }

  /** Takes distinct stacks, with their numbers, as the first ones; false where there are stacks already. */
  adoptStacks({ parent, frame }: StackTable): boolean {
    if (this.#stacks.size > 0) return false;
    this.#stacks.adopt(parent, frame);
    return true;
  }

  /** Makes room for so many stacks more: faster than growing into them. */
  reserveStacks(more: number): void {
    this.#stacks.reserve(more);
  }

  /** Frames root first, at least one. The same array is remembered: parsers give it again for equal text. */
  stackOf(frames: readonly FrameText[]): number {
    let stack = this.#stackOfFrames.get(frames);
    if (stack === undefined) {
      stack = -1;
      for (const { function: name, file, line, source } of frames) {
        const frame = this.frame(this.string(name), this.string(file), line, this.string(source));
        stack = this.stack(stack, frame);
      }
      this.#stackOfFrames.set(frames, stack);
    }
    return stack;
  }

  /** A sample of the dump that {@link endDump} ends. */
  addSample(thread: number, stack: number, weight: number, cpuUs = -1): void {
    this.#samples.thread.push(thread);
    this.#samples.stack.push(stack);
    this.#samples.weight.push(weight);
    this.#samples.cpuUs.push(toColumn(cpuUs));
  }

  endDump({ worker, timeMs, weight, dumps = 1, waitUs, sendUs = -1 }: DumpRow): void {
    this.#dumps.worker.push(worker);
    this.#dumps.timeMs.push(toColumn(timeMs));
    this.#dumps.dumps.push(dumps);
    this.#dumps.weight.push(weight);
    this.#dumps.waitUs.push(toColumn(waitUs));
    this.#dumps.sendUs.push(toColumn(sendUs));
    this.#dumps.sampleEnd.push(this.#samples.stack.length);
  }

  addProcess(row: ProcessRow): void {
    for (const [name, column] of Object.entries(this.#processes)) column.push(toColumn(row[name as keyof ProcessRow]));
  }

  /**
   * Keeps memory bounded: merges neighbouring dumps, in ever longer buckets of time, while there are too many of them, which
   * idle workers give too, or too many samples; likewise events, and what was said of processes. True where that changed the
   * numbers of rows of these tables.
   */
  bound(): boolean {
    const [dumps, news] = [this.#boundDumps(), this.#boundNews()];
    return dumps || news;
  }

  #boundDumps(): boolean {
    const rows = () => Math.max(this.#samples.stack.length, this.#dumps.weight.length);
    if (rows() <= maxSamples) return false;
    while (rows() > maxSamples / 2 && this.#bucketMs < longestBucketMs) {
      this.#bucketMs *= 2;
      this.coarsen(this.#bucketMs);
    }
    return true;
  }

  #boundNews(): boolean {
    const rows = () => Math.max(this.#events.length, this.#processes.pid.length);
    if (rows() <= this.#mostNews) return false;
    while (rows() > maxNews / 2 && this.#newsBucketMs < longestBucketMs) {
      this.#newsBucketMs *= 2;
      this.#events = mergeEvents(this.#events, this.#newsBucketMs);
      const thin = thinProcesses(viewColumns(this.#processes), this.#newsBucketMs);
      for (const [name, column] of Object.entries(this.#processes)) column.replace(thin[name as keyof typeof thin]);
    }
    // Trying again at once would be in vain, where there is much that cannot be merged.
    this.#mostNews = Math.max(maxNews, 2 * rows());
    return true;
  }

  /** Merges neighbouring dumps of each worker; numbers of dumps and samples change, those of the other tables do not. */
  coarsen(bucketMs: number): void {
    const { dumps, samples } = coarsen(this.view(), bucketMs);
    for (const [name, column] of Object.entries(this.#dumps)) column.replace(dumps[name as keyof typeof dumps]);
    for (const [name, column] of Object.entries(this.#samples)) column.replace(samples[name as keyof typeof samples]);
  }

  addEvent(event: ProfileEvent): void {
    this.#events.push({ ...event, timeMs: toColumn(event.timeMs) });
  }

  end(durationMs: number): void {
    this.#meta = { ...this.#meta, durationMs: toColumn(durationMs) };
  }

  /** The profile so far. Cheap: columns are views. Lists are shared with the builder and only grow until it bounds them. */
  view(): Profile {
    return {
      meta: this.#meta,
      strings: this.#strings,
      frames: viewColumns(this.#frames),
      stacks: { parent: this.#stacks.first(), frame: this.#stacks.second() },
      workers: this.#workers,
      threads: this.#threads,
      dumps: viewColumns(this.#dumps),
      samples: viewColumns(this.#samples),
      processes: viewColumns(this.#processes),
      events: this.#events,
    };
  }
}
