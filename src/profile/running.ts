// What a growing profile comes to since its start, and what it was in the last seconds, however long it grows. Both are
// kept apart from it: it merges its dumps in ever longer buckets (coarsen.ts), and looking at all of them takes time.
import { newDumpColumns, newSampleColumns } from './coarsen.ts';
import { viewColumns } from './columns.ts';
import { filterProfile } from './filter.ts';
import { MergedEvents } from './merge-events.ts';
import { PairTable } from './pairs.ts';
import type { DumpTable, Profile, ProfileEvent, SampleTable } from './profile.ts';

/** Dumps and their samples, as they came. */
interface Slice {
  readonly dumps: DumpTable;
  readonly samples: SampleTable;
  readonly lastMs: number;
}

/** Columns are 32 bits wide. */
const mostPerRow = 2 ** 31 - 1;

export class RunningProfile {
  readonly #keepMs: number;
  #taken = 0;
  #newestMs = 0;
  #slices: Slice[] = [];
  readonly #sums: WorkerSum[] = [];
  readonly #events = new EventSum();

  /** `keepMs`: how far back {@link recent} can look. */
  constructor(keepMs: number) {
    this.#keepMs = keepMs;
  }

  /** Takes what is new in the profile; to be called before dumps are merged. */
  take(profile: Profile): void {
    this.#takeDumps(profile);
    this.#newestMs = Math.max(this.#newestMs, this.#events.take(profile));
    const fromMs = this.#newestMs - this.#keepMs;
    this.#slices = this.#slices.filter(({ lastMs }) => lastMs >= fromMs);
    this.#events.forget(fromMs);
  }

  /** The rows so far have been merged, and were taken before. */
  skipMerged(profile: Profile): void {
    this.#taken = profile.dumps.weight.length;
    this.#events.skipMerged(profile);
  }

  /**
   * The profile with one dump for each worker, and one gap for each reason, at the time of the last one. When things were,
   * how long dumps took and what the system said of the processes are not in it.
   */
  whole(profile: Profile): Profile {
    const dumps = newDumpColumns();
    const samples = newSampleColumns();
    for (const [worker, sum] of this.#sums.entries()) {
      if (sum === undefined) continue;
      sum.write(samples);
      dumps.worker.push(worker);
      dumps.timeMs.push(sum.lastMs);
      dumps.dumps.push(sum.dumps);
      dumps.weight.push(sum.weight);
      dumps.waitUs.push(-1);
      dumps.sendUs.push(-1);
      dumps.sampleEnd.push(samples.stack.length);
    }
    return {
      ...profile,
      dumps: viewColumns(dumps),
      samples: viewColumns(samples),
      processes: noProcesses,
      events: this.#events.whole(),
    };
  }

  /** The profile from a time on, which becomes its beginning, without the processes. */
  recent(profile: Profile, fromMs: number): Profile {
    const slices = this.#slices.filter(({ lastMs }) => lastMs >= fromMs);
    let samples = 0;
    const ends = slices.map(({ dumps, samples: own }) => {
      const before = samples;
      samples += own.stack.length;
      return dumps.sampleEnd.map((end) => end + before);
    });
    const dumps = concatenate(
      newDumpColumns(),
      slices.map((slice) => slice.dumps),
    );
    const joined = {
      ...profile,
      processes: noProcesses,
      events: this.#events.recent(fromMs),
      dumps: { ...dumps, sampleEnd: concatenateColumns(ends) },
      samples: concatenate(
        newSampleColumns(),
        slices.map((slice) => slice.samples),
      ),
    };
    return filterProfile(joined, { fromMs });
  }

  #takeDumps(profile: Profile): void {
    const from = this.#taken;
    this.#taken = profile.dumps.weight.length;
    if (from === this.#taken) return;
    for (let row = from; row < this.#taken; row++) this.#add(profile, row);
    const slice = cut(profile, from, this.#taken);
    this.#newestMs = Math.max(this.#newestMs, slice.lastMs);
    this.#slices.push(slice);
  }

  #add({ dumps, samples }: Profile, row: number): void {
    const worker = dumps.worker[row]!;
    this.#sums[worker] ??= new WorkerSum();
    const sum = this.#sums[worker];
    sum.dumps += dumps.dumps[row]!;
    sum.weight += dumps.weight[row]!;
    sum.lastMs = Math.max(sum.lastMs, dumps.timeMs[row]!);
    for (let sample = dumps.sampleEnd[row - 1] ?? 0; sample < dumps.sampleEnd[row]!; sample++) sum.add(samples, sample);
  }
}

/** All dumps of a worker. Its threads and stacks are as many as the profile has of them, however long it grows. */
class WorkerSum {
  dumps = 0;
  weight = 0;
  lastMs = 0;
  readonly #pairs = new PairTable();
  readonly #weights: number[] = [];
  /** -1 is unknown. */
  readonly #cpuUs: number[] = [];

  add({ thread, stack, weight, cpuUs }: SampleTable, sample: number): void {
    const known = this.#pairs.size;
    const pair = this.#pairs.number(thread[sample]!, stack[sample]!);
    if (pair === known) {
      this.#weights.push(0);
      this.#cpuUs.push(-1);
    }
    this.#weights[pair]! += weight[sample]!;
    const us = cpuUs[sample]!;
    if (us >= 0) this.#cpuUs[pair] = Math.max(0, this.#cpuUs[pair]!) + us;
  }

  /** What hours of processor time is too wide for a column: it goes on in further samples, which weigh nothing else. */
  write(samples: ReturnType<typeof newSampleColumns>): void {
    const [threads, stacks] = [this.#pairs.first(), this.#pairs.second()];
    for (let pair = 0; pair < threads.length; pair++) {
      let leftUs = this.#cpuUs[pair]!;
      let weight = this.#weights[pair]!;
      do {
        const us = Math.min(leftUs, mostPerRow);
        samples.thread.push(threads[pair]!);
        samples.stack.push(stacks[pair]!);
        samples.weight.push(weight);
        samples.cpuUs.push(us);
        weight = 0;
        leftUs -= us;
      } while (leftUs > 0);
    }
  }
}

class EventSum {
  #taken = 0;
  #recent: ProfileEvent[] = [];
  readonly #whole = new MergedEvents();
  /** Who answers for a worker, by its number. */
  readonly #sources = new Map<number, ProfileEvent>();

  /** Returns the time of the last one that is new; 0 where none is. */
  take({ events }: Profile): number {
    let lastMs = 0;
    for (; this.#taken < events.length; this.#taken++) {
      const event = events[this.#taken]!;
      lastMs = Math.max(lastMs, event.timeMs);
      this.#recent.push(event);
      this.#whole.add(event);
      if (event.kind === 'source') this.#sources.set(event.worker, event);
    }
    return lastMs;
  }

  skipMerged({ events }: Profile): void {
    this.#taken = events.length;
  }

  forget(fromMs: number): void {
    this.#recent = this.#recent.filter(({ timeMs }) => timeMs >= fromMs);
  }

  whole(): ProfileEvent[] {
    return this.#whole.list();
  }

  /** Who answers is known from the beginning on. */
  recent(fromMs: number): ProfileEvent[] {
    const sources = [...this.#sources.values()].map((event) => ({ ...event, timeMs: Math.ceil(fromMs) }));
    return [...sources, ...this.#recent.filter(({ kind, timeMs }) => kind !== 'source' && timeMs >= fromMs)];
  }
}

const noRows = new Int32Array(0);
const noProcesses = { worker: noRows, timeMs: noRows, pid: noRows, rssKb: noRows, cpuMs: noRows };

/** Copies: the columns of the profile go on growing, and may be as long as they like. */
function cut({ dumps, samples }: Profile, from: number, to: number): Slice {
  const start = dumps.sampleEnd[from - 1] ?? 0;
  const end = dumps.sampleEnd[to - 1]!;
  const rows = sliceColumns(dumps, from, to);
  return {
    dumps: { ...rows, sampleEnd: rows.sampleEnd.map((sample) => sample - start) },
    samples: sliceColumns(samples, start, end),
    lastMs: rows.timeMs.reduce((last, timeMs) => Math.max(last, timeMs), 0),
  };
}

function sliceColumns<Table extends object>(table: Table, from: number, to: number): Table {
  const columns = Object.entries<Int32Array>(table as Record<string, Int32Array>);
  return Object.fromEntries(columns.map(([name, column]) => [name, column.slice(from, to)])) as Table;
}

/** `like` names the columns. */
function concatenate<Name extends string>(
  like: Record<Name, unknown>,
  tables: readonly Record<Name, Int32Array>[],
): Record<Name, Int32Array> {
  const names = Object.keys(like) as Name[];
  const columns = names.map((name) => [name, concatenateColumns(tables.map((table) => table[name]))]);
  return Object.fromEntries(columns) as Record<Name, Int32Array>;
}

function concatenateColumns(columns: readonly Int32Array[]): Int32Array {
  const all = new Int32Array(columns.reduce((length, column) => length + column.length, 0));
  let at = 0;
  for (const column of columns) {
    all.set(column, at);
    at += column.length;
  }
  return all;
}
