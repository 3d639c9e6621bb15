// pprof: https://github.com/google/pprof/blob/main/proto/profile.proto
// Go, and most that write it, take a sample type for the count and one for the time. Here weights are wall time where there
// is some, with the processor time beside it; else processor time; else what the file shows by default.
import type { Measure, Profile } from '../profile/profile.ts';
import { type ImportedMeta, ImportedProfile } from './imported.ts';
import { BadProtobuf, Message } from './protobuf.ts';
import { collect, type Input, type Reader, type Reading, SkipCount, unreadable } from './reader.ts';
import { parseWorkerLabel } from './worker-text.ts';

export const readPprof: Reader = {
  name: 'pprof',
  description: 'pprof',
  recognises: (start, text) => /[\0-\x08]/.test(text.slice(0, 4_096)) && isProfile(start),
  read,
};

/** Fields of a profile that are messages or texts; the others, up to 15, are numbers, and 13 is a list of them. */
const messageFields = [1, 2, 3, 4, 5, 6, 11, 13];

/** The format has no mark at its beginning, but its fields follow each other without a hole. */
function isProfile(start: Uint8Array): boolean {
  const message = new Message(start);
  let fields = 0;
  try {
    for (; message.next() && fields < 1_000; fields++) {
      if (message.field > 15 || (message.isBytes !== messageFields.includes(message.field) && message.field !== 13)) {
        return false;
      }
    }
  } catch (error) {
    // The first field that is longer than the start of the file, or where it was cut.
    return error instanceof BadProtobuf && error.isCut && fields > 0;
  }
  return fields > 0;
}

async function read(input: Input): Promise<Reading> {
  const bytes = await collect(input);
  const skipped = new SkipCount();
  try {
    const tables = new PprofTables(bytes);
    return { profile: importSamples(tables, input.name, skipped), whole: true, skipped: skipped.list() };
  } catch (error) {
    if (error instanceof BadProtobuf)
      throw unreadable(input.name, `${error.message} (byte ${error.at} of its protobuf)`);
    throw error;
  }
}

interface SampleType {
  readonly type: string;
  readonly unit: string;
}

/** Rows of a table: what the largest programs have is a tenth of it. */
const maxRows = 4_000_000;

/** The first way through the file: where everything is. What it holds is read when it is needed. */
class PprofTables {
  readonly whole: Message;
  readonly types: readonly SampleType[];
  readonly locations = new Map<number, Message>();
  readonly functions = new Map<number, Message>();
  readonly mappings = new Map<number, Message>();
  readonly #strings: Message[] = [];
  readonly #texts = new Map<number, string>();
  readonly timeNanos: number;
  readonly durationNanos: number;
  readonly period: number;
  readonly periodType: SampleType | null;
  readonly defaultType: string;
  readonly comment: string;

  constructor(bytes: Uint8Array) {
    this.whole = new Message(bytes);
    const types: Message[] = [];
    let periodType: Message | null = null;
    for (const message = this.whole.again(); message.next(); ) {
      if (message.field === 1 && types.length < 100) types.push(message.message());
      else if (message.field === 3) keep(this.mappings, message.message());
      else if (message.field === 4) keep(this.locations, message.message());
      else if (message.field === 5) keep(this.functions, message.message());
      else if (message.field === 6) this.#strings.push(message.message());
      else if (message.field === 11) periodType = message.message();
      if (this.#strings.length > maxRows) throw new RangeError(`it has more than ${maxRows} strings`);
    }
    const {
      9: time = 0,
      10: duration = 0,
      12: period = 0,
      13: comment = 0,
      14: defaultType = 0,
    } = this.whole.numbers();
    this.timeNanos = time;
    this.durationNanos = duration;
    this.period = period;
    this.types = types.map((type) => this.#typeOf(type));
    this.periodType = periodType && this.#typeOf(periodType);
    this.defaultType = this.text(defaultType);
    this.comment = this.text(comment);
  }

  /** The empty text where there is none of this number. */
  text(index: number): string {
    let text = this.#texts.get(index);
    if (text === undefined) {
      text = this.#strings[index]?.text() ?? '';
      this.#texts.set(index, text);
    }
    return text;
  }

  #typeOf(message: Message): SampleType {
    const { 1: type = 0, 2: unit = 0 } = message.numbers();
    return { type: this.text(type), unit: this.text(unit) };
  }
}

function keep(table: Map<number, Message>, row: Message): void {
  if (table.size >= maxRows) throw new RangeError(`it has more than ${maxRows} rows in a table`);
  table.set(row.numbers()[1] ?? 0, row);
}

/** What the weights are to be. */
interface Weighing {
  readonly measure: Measure;
  readonly rateHz: number;
  /** Weight of the values of a sample. */
  readonly weigh: (values: readonly number[]) => number;
  /** Its processor time where that is told beside it, else -1. */
  readonly cpuUs: (values: readonly number[]) => number;
}

const unitNanos: Record<string, number> = { nanoseconds: 1, microseconds: 1e3, milliseconds: 1e6, seconds: 1e9 };

function chooseWeighing({ types, period, periodType, defaultType }: PprofTables): Weighing {
  const times = [...types.keys()].filter((type) => types[type]!.unit in unitNanos);
  const named = (name: string) => times.find((type) => types[type]!.type === name);
  const byDefault = types.findIndex(({ type }) => type !== '' && type === defaultType);
  const time = byDefault >= 0 ? times.find((type) => type === byDefault) : (named('wall') ?? named('cpu') ?? times[0]);
  if (time === undefined) {
    const index = byDefault >= 0 ? byDefault : Math.max(0, types.length - 1);
    return { measure: 'count', rateHz: 1, weigh: (values) => values[index] ?? 0, cpuUs: () => -1 };
  }
  const nanos = unitNanos[types[time]!.unit]!;
  const measure = types[time]!.type === 'cpu' ? 'cpu' : 'wall';
  const periodNanos = period * (unitNanos[periodType?.unit ?? ''] ?? 0);
  // Times are whole periods where they were sampled, so that ticks are what the sampler saw.
  const tickNanos = periodNanos >= 1e5 ? periodNanos : 1e3;
  const cpu = measure === 'cpu' ? undefined : named('cpu');
  const cpuScale = cpu === undefined ? 0 : unitNanos[types[cpu]!.unit]! / 1e3;
  return {
    measure,
    rateHz: 1e9 / tickNanos,
    weigh: (values) => ((values[time] ?? 0) * nanos) / tickNanos,
    cpuUs: (values) => (cpu === undefined ? -1 : Math.max(-1, (values[cpu] ?? -1) * cpuScale)),
  };
}

function importSamples(tables: PprofTables, file: string, skipped: SkipCount): Profile {
  const { measure, rateHz, weigh, cpuUs } = chooseWeighing(tables);
  const imported = new ImportedProfile(skipped);
  const stackOf = stackReader(tables, imported, skipped);
  let number = 0;
  let host: string | null = null;
  for (const message = tables.whole.again(); message.next(); ) {
    if (message.field !== 2) continue;
    number += 1;
    const { locations, values, labels } = readSample(message.message(), tables);
    const weight = weigh(values);
    host ??= labels.get('host') ?? null;
    if (weight > 0) {
      const stack = stackOf(locations);
      if (stack === -1) skipped.add('samples without a stack', `sample ${number}`);
      else imported.add(threadOf(imported, labels, file), stack, weight, cpuUs(values));
    } else {
      skipped.add(weight < 0 ? 'samples with a negative weight' : 'samples without weight', `sample ${number}`);
    }
  }
  if (number === 0 && tables.types.length === 0) throw new BadProtobuf('there is nothing of a profile in it', 0);
  const meta: ImportedMeta = { source: 'pprof', recorder: tables.comment || 'unknown', measure, rateHz };
  return imported.finish({
    ...meta,
    host: host ?? '',
    ...(tables.timeNanos > 0 && { startedEpochMs: Math.min(8.64e15, Math.round(tables.timeNanos / 1e6)) }),
    ...(tables.durationNanos > 0 && { durationMs: tables.durationNanos / 1e6 }),
  });
}

function stackReader(tables: PprofTables, imported: ImportedProfile, skipped: SkipCount) {
  const framesAt = locationReader(tables, imported, skipped);
  return (locations: readonly number[]): number => {
    let stack = -1;
    for (const location of locations.toReversed()) {
      for (const frame of framesAt(location)) stack = imported.stack(stack, frame);
    }
    return stack;
  };
}

interface Sample {
  /** Leaf first. */
  readonly locations: number[];
  readonly values: readonly number[];
  readonly labels: ReadonlyMap<string, string>;
}

/** Real stacks end a hundred times earlier. */
const maxPerSample = 1_000_000;

function pushUpTo(list: number[], value: number): void {
  if (list.push(value) > maxPerSample) throw new RangeError(`a sample has more than ${maxPerSample} frames or values`);
}

function readSample(message: Message, tables: PprofTables): Sample {
  const sample = { locations: [] as number[], values: [] as number[], labels: new Map<string, string>() };
  while (message.next()) {
    if (message.field === 1) message.ints((id) => pushUpTo(sample.locations, id));
    else if (message.field === 2) message.ints((value) => pushUpTo(sample.values, value));
    else if (message.field === 3) {
      const { 1: key = 0, 2: text = 0, 3: value = 0 } = message.message().numbers();
      if (sample.labels.size > maxPerSample) throw new RangeError(`a sample has more than ${maxPerSample} labels`);
      sample.labels.set(tables.text(key), text === 0 ? String(value) : tables.text(text));
    }
  }
  return sample;
}

/** By the labels that we write, and by those that are usual: `thread`, `thread_id`, `tid`; `pid`. */
function threadOf(imported: ImportedProfile, labels: ReadonlyMap<string, string>, file: string): number {
  const name = labels.get('thread') ?? labels.get('thread name') ?? labels.get('thread_id') ?? labels.get('tid');
  const worker = labels.get('worker') ?? '';
  const pid = /^\d{1,9}$/.exec(labels.get('pid') ?? '')?.[0];
  const row = imported.worker({
    address: worker || (pid === undefined ? file : `process ${pid}`),
    ...parseWorkerLabel(worker),
    host: labels.get('host') ?? null,
    ...(pid !== undefined && { pid: Number(pid) }),
  });
  return imported.thread(row, name ?? 'all threads');
}

/** The frames of a location, root first: where functions were inlined there are several. */
function locationReader(
  tables: PprofTables,
  imported: ImportedProfile,
  skipped: SkipCount,
): (location: number) => readonly number[] {
  const { locations, functions, mappings } = tables;
  const text = (index: number) => tables.text(index);
  const known = new Map<number, readonly number[]>();
  const read = (id: number): readonly number[] => {
    const message = locations.get(id)?.again();
    if (message === undefined) {
      skipped.add('frames whose location is missing');
      return [];
    }
    const frames: number[] = [];
    while (message.next()) {
      if (message.field !== 4) continue;
      const { 1: functionId = 0, 2: line = 0 } = message.message().numbers();
      const { 2: name = 0, 3: systemName = 0, 4: file = 0 } = functions.get(functionId)?.numbers() ?? {};
      frames.push(imported.frame({ function: text(name) || text(systemName), file: text(file), line: toLine(line) }));
    }
    if (frames.length > 0) return frames.reverse();
    const { 2: mapping = 0, 3: address = 0 } = locations.get(id)!.numbers();
    const { 5: file = 0 } = mappings.get(mapping)?.numbers() ?? {};
    return [imported.frame({ function: `0x${address.toString(16)}`, file: text(file), line: 0 })];
  };
  return (id) => {
    const frames = known.get(id) ?? read(id);
    known.set(id, frames);
    return frames;
  };
}

function toLine(line: number): number {
  return line > 0 && line < 2 ** 31 ? line : 0;
}
