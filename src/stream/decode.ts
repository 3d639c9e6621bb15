// Stream text -> profile. Everything in a file is hostile: each number is checked before it names anything. A stream
// that stops anywhere is read up to its last whole line.
import { exitCodes, TbprofError } from '../errors.ts';
import { ProfileBuilder } from '../profile/builder.ts';
import { type EventKind, eventKinds, type Measure, measures, type Profile } from '../profile/profile.ts';
import { streamVersion } from './lines.ts';

export interface DecodedStream {
  readonly profile: Profile;
  /** True where the stream has its end line: nothing is missing. */
  readonly whole: boolean;
}

/**
 * Reads a stream, as text or as UTF-8; `name` is what errors call it. Throws a TbprofError where it is none or
 * contradicts itself.
 */
export function decodeStream(stream: string | Uint8Array, name: string): DecodedStream {
  const reader = new StreamReader(name);
  for (const line of typeof stream === 'string' ? linesOfText(stream) : linesOfBytes(stream)) reader.take(line);
  return reader.finish();
}

/** As {@link decodeStream}, line by line, for a stream that is longer than memory or not there yet. */
export class StreamReader {
  readonly #name: string;
  #decoder: StreamDecoder | null = null;
  #number = 0;

  constructor(name: string) {
    this.#name = name;
  }

  /** A whole line, without its end. */
  take(line: string): void {
    this.#number += 1;
    const parsed = parseJson(line, this.#name, this.#number);
    if (this.#decoder === null) {
      this.#decoder = new StreamDecoder(parseHeader(parsed, this.#name));
      return;
    }
    try {
      this.#decoder.take(parsed);
    } catch (error) {
      throw error instanceof Malformed ? unreadable(this.#name, this.#number, error.message) : error;
    }
  }

  finish(): DecodedStream {
    if (this.#decoder === null) throw unreadable(this.#name, 1, 'there is no whole line in it');
    return { profile: this.#decoder.builder.view(), whole: this.#decoder.ended };
  }
}

/** Whole lines only: what follows the last line end was cut in the middle. */
function* linesOfText(text: string): Generator<string> {
  let from = 0;
  for (let to = text.indexOf('\n'); to !== -1; to = text.indexOf('\n', from)) {
    yield text.slice(from, to);
    from = to + 1;
  }
}

/** Line by line, since the whole may be longer than a string can be. */
function* linesOfBytes(bytes: Uint8Array): Generator<string> {
  const decoder = new TextDecoder();
  let from = 0;
  for (let to = bytes.indexOf(10); to !== -1; to = bytes.indexOf(10, from)) {
    yield decoder.decode(bytes.subarray(from, to));
    from = to + 1;
  }
}

/** The end of time in JavaScript: https://tc39.es/ecma262/#sec-time-values-and-time-range */
const latestDateMs = 8.64e15;

type JsonObject = Readonly<Record<string, unknown>>;

class Malformed extends Error {}

/** Numbers in the stream are numbers of its own tables; in the profile they may differ, since it has no row twice. */
class StreamDecoder {
  readonly builder: ProfileBuilder;
  ended = false;
  readonly #workers: number[] = [];
  readonly #strings: number[] = [];
  readonly #frames: number[] = [];
  readonly #stacks: number[] = [];
  readonly #threads: number[] = [];

  constructor(builder: ProfileBuilder) {
    this.builder = builder;
  }

  take(line: JsonObject): void {
    if (this.ended) throw new Malformed('it goes on after its end');
    if ('strings' in line) this.#takeStrings(list(line.strings));
    else if ('frames' in line) this.#takeFrames(object(line.frames));
    else if ('stacks' in line) this.#takeStacks(object(line.stacks));
    else if ('dumps' in line) this.#takeDumps(object(line.dumps), object(line.sampled));
    else if ('processes' in line) this.#takeProcesses(object(line.processes));
    else if ('workers' in line) this.#takeWorkers(list(line.workers));
    else if ('threads' in line) this.#takeThreads(list(line.threads));
    else if ('events' in line) this.#takeEvents(list(line.events));
    else if ('end' in line) this.#takeEnd(object(line.end));
    // Other lines are of a later minor revision and say nothing that this version needs.
  }

  #takeStrings(strings: readonly unknown[]): void {
    for (const string of strings) this.#strings.push(this.builder.string(text(string)));
  }

  #takeFrames(columns: JsonObject): void {
    const [functions, files, lines, sources] = equalColumns(columns, ['function', 'file', 'line', 'source']);
    for (let row = 0; row < lines.length; row++) {
      const frame = this.builder.frame(
        look(this.#strings, functions[row], 'string'),
        look(this.#strings, files[row], 'string'),
        whole(lines[row]),
        look(this.#strings, sources[row], 'string'),
      );
      this.#frames.push(frame);
    }
  }

  #takeStacks(columns: JsonObject): void {
    const [parents, frames] = equalColumns(columns, ['parent', 'frame']);
    for (let row = 0; row < frames.length; row++) {
      // Parents are looked up among the stacks before this one, so that there can be no cycle.
      const parent = parents[row] === -1 ? -1 : look(this.#stacks, parents[row], 'stack');
      this.#stacks.push(this.builder.stack(parent, look(this.#frames, frames[row], 'frame')));
    }
  }

  #takeWorkers(workers: readonly unknown[]): void {
    for (const worker of workers) {
      const { number, address, pid, host } = object(worker);
      const row = { number: orNull(number), address: text(address), pid: orNull(pid) };
      this.#workers.push(this.builder.addWorker({ ...row, host: host == null ? null : text(host) }));
    }
  }

  #takeThreads(threads: readonly unknown[]): void {
    for (const thread of threads) {
      const { worker, name } = object(thread);
      this.#threads.push(this.builder.thread(look(this.#workers, worker, 'worker'), text(name)));
    }
  }

  #takeDumps(columns: JsonObject, sampled: JsonObject): void {
    const names = ['worker', 'timeMs', 'dumps', 'weight', 'waitUs', 'sendUs', 'samples'] as const;
    const [workers, times, dumps, weights, waits, sends, counts] = equalColumns(columns, names);
    const [threads, stacks, sampleWeights] = equalColumns(sampled, ['thread', 'stack', 'weight']);
    const cpuUs = 'cpuUs' in sampled ? equalColumns(sampled, ['cpuUs', 'thread'])[0] : null;
    let sample = 0;
    for (let row = 0; row < counts.length; row++) {
      const end = sample + whole(counts[row]);
      if (end > threads.length) throw new Malformed('a dump has more samples than there are');
      for (; sample < end; sample++) {
        const thread = look(this.#threads, threads[sample], 'thread');
        const stack = look(this.#stacks, stacks[sample], 'stack');
        this.builder.addSample(thread, stack, positive(sampleWeights[sample]), orUnknown(cpuUs?.[sample] ?? -1));
      }
      this.builder.endDump({
        worker: look(this.#workers, workers[row], 'worker'),
        timeMs: whole(times[row]),
        dumps: positive(dumps[row]),
        weight: positive(weights[row]),
        waitUs: orUnknown(waits[row]),
        sendUs: orUnknown(sends[row]),
      });
    }
    if (sample !== threads.length) throw new Malformed('there are samples of no dump');
    this.builder.bound();
  }

  #takeProcesses(columns: JsonObject): void {
    const [workers, times, pids, rssKbs, cpuMss] = equalColumns(columns, ['worker', 'timeMs', 'pid', 'rssKb', 'cpuMs']);
    for (let row = 0; row < pids.length; row++) {
      this.builder.addProcess({
        worker: look(this.#workers, workers[row], 'worker'),
        timeMs: whole(times[row]),
        pid: whole(pids[row]),
        rssKb: whole(rssKbs[row]),
        cpuMs: whole(cpuMss[row]),
      });
    }
  }

  #takeEvents(events: readonly unknown[]): void {
    for (const event of events) {
      const { timeMs, worker, kind, count, reason } = object(event);
      if (!eventKinds.includes(kind as EventKind)) continue; // of a later revision
      this.builder.addEvent({
        timeMs: whole(timeMs),
        worker: look(this.#workers, worker, 'worker'),
        kind: kind as EventKind,
        count: whole(count),
        reason: text(reason),
      });
    }
  }

  #takeEnd({ durationMs }: JsonObject): void {
    this.builder.end(whole(durationMs));
    this.ended = true;
  }
}

function parseHeader(line: JsonObject, name: string): ProfileBuilder {
  if (!('tbprof' in line)) throw unreadable(name, 1, 'it does not begin as a tbprof recording');
  if (line.tbprof !== streamVersion) {
    throw unreadable(name, 1, `it is of version ${JSON.stringify(line.tbprof)}, this tbprof reads ${streamVersion}`);
  }
  try {
    const rateHz = line.rateHz;
    if (typeof rateHz !== 'number' || !(rateHz > 0 && rateHz <= 1e9)) throw new Malformed('its rate is no rate');
    return new ProfileBuilder({
      startedEpochMs: whole(line.startedEpochMs, latestDateMs),
      rateHz,
      measure: parseMeasure(line.measure),
      host: text(line.host),
      source: text(line.source),
      recorder: text(line.recorder),
    });
  } catch (error) {
    throw error instanceof Malformed ? unreadable(name, 1, error.message) : error;
  }
}

function parseMeasure(value: unknown = 'wall'): Measure {
  const found = measures.find((measure) => measure === value);
  if (found === undefined) throw new Malformed('what its weights count is not known to this version');
  return found;
}

function parseJson(line: string, name: string, lineNumber: number): JsonObject {
  try {
    return object(JSON.parse(line));
  } catch {
    throw unreadable(name, lineNumber, 'it is not a JSON object');
  }
}

function unreadable(name: string, line: number, why: string): TbprofError {
  const message = `cannot read ${name}: line ${line} of its stream is wrong: ${why}`;
  return new TbprofError(message, { code: 'unreadable', exitCode: exitCodes.usage });
}

function object(value: unknown): JsonObject {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Malformed('an object is missing');
  return value as JsonObject;
}

function list(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw new Malformed('a list is missing');
  return value;
}

function text(value: unknown): string {
  if (typeof value !== 'string') throw new Malformed('a text is missing');
  return value;
}

/** A whole number from 0 to `max`; columns are 32 bits wide. */
function whole(value: unknown, max = 2 ** 31 - 1): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0 || value > max) {
    throw new Malformed(`${JSON.stringify(value)} is not a whole number from 0 to ${max}`);
  }
  return value;
}

function positive(value: unknown): number {
  const number = whole(value);
  if (number === 0) throw new Malformed('a weight or count is 0');
  return number;
}

/** A whole number, or null where it is not known. */
function orNull(value: unknown): number | null {
  return value === null ? null : whole(value);
}

/** A whole number, or -1 where it is not known. */
function orUnknown(value: unknown): number {
  return value === -1 ? -1 : whole(value);
}

function look(rows: readonly number[], value: unknown, what: string): number {
  const row = typeof value === 'number' ? rows[value] : undefined;
  if (row === undefined) throw new Malformed(`there is no ${what} ${JSON.stringify(value)}`);
  return row;
}

type Columns<Names extends readonly string[]> = { [Index in keyof Names]: readonly unknown[] };

function equalColumns<const Names extends readonly string[]>(columns: JsonObject, names: Names): Columns<Names> {
  const lists = names.map((name) => list(columns[name]));
  if (lists.some((column) => column.length !== lists[0]!.length)) throw new Malformed('columns differ in length');
  return lists as Columns<Names>;
}
