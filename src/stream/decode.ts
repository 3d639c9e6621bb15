// Stream text -> profile. Everything in a file is hostile: each number is checked before it names anything. A stream
// that stops anywhere is read up to its last whole line.
import { exitCodes, TbprofError } from '../errors.ts';
import { ProfileBuilder } from '../profile/builder.ts';
import { type EventKind, eventKinds, type Measure, measures, type Profile } from '../profile/profile.ts';
import { streamVersion } from './lines.ts';
import { StreamTables } from './tables.ts';
import {
  dumpColumns,
  equalColumns,
  type JsonObject,
  list,
  look,
  Malformed,
  object,
  orNull,
  orUnknown,
  parseObject,
  positive,
  sampleColumns,
  text,
  whole,
} from './values.ts';

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
    try {
      const parsed = parseObject(line);
      if (this.#decoder === null) this.#decoder = new StreamDecoder(parseHeader(parsed, this.#name));
      else this.#decoder.take(parsed);
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

class StreamDecoder {
  readonly builder: ProfileBuilder;
  ended = false;
  readonly #workers: number[] = [];
  readonly #tables: StreamTables;

  constructor(builder: ProfileBuilder) {
    this.builder = builder;
    this.#tables = new StreamTables(builder);
  }

  take(line: JsonObject): void {
    if (this.ended) throw new Malformed('it goes on after its end');
    if (this.#tables.take(line, this.#workers)) return;
    if ('dumps' in line) this.#takeDumps(object(line.dumps), object(line.sampled));
    else if ('processes' in line) this.#takeProcesses(object(line.processes));
    else if ('workers' in line) this.#takeWorkers(list(line.workers));
    else if ('events' in line) this.#takeEvents(list(line.events));
    else if ('end' in line) this.#takeEnd(object(line.end));
    // Other lines are of a later minor revision and say nothing that this version needs.
  }

  #takeWorkers(workers: readonly unknown[]): void {
    for (const worker of workers) {
      const { number, address, pid, host } = object(worker);
      const row = { number: orNull(number), address: text(address), pid: orNull(pid) };
      this.#workers.push(this.builder.addWorker({ ...row, host: host == null ? null : text(host) }));
    }
  }

  #takeDumps(columns: JsonObject, sampled: JsonObject): void {
    const { workers, times, dumps, weights, waits, sends, counts } = dumpColumns(columns);
    const { threads, stacks, sampleWeights, cpuUs } = sampleColumns(sampled);
    let sample = 0;
    for (let row = 0; row < counts.length; row++) {
      const end = sample + whole(counts[row]);
      if (end > threads.length) throw new Malformed('a dump has more samples than there are');
      for (; sample < end; sample++) {
        const thread = look(this.#tables.threads, threads[sample], 'thread');
        const stack = look(this.#tables.stacks, stacks[sample], 'stack');
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
  return new ProfileBuilder({
    startedEpochMs: whole(line.startedEpochMs, latestDateMs),
    rateHz: rate(line.rateHz),
    measure: parseMeasure(line.measure),
    host: text(line.host),
    source: text(line.source),
    recorder: text(line.recorder),
  });
}

/** Ticks of a profile that is weighed by processor time are microseconds, those of imported ones may be nanoseconds. */
function rate(value: unknown): number {
  if (typeof value !== 'number' || !(value > 0 && value <= 1e9)) throw new Malformed('its rate is no rate');
  return value;
}

function parseMeasure(value: unknown = 'wall'): Measure {
  const found = measures.find((measure) => measure === value);
  if (found === undefined) throw new Malformed('what its weights count is not known to this version');
  return found;
}

function unreadable(name: string, line: number, why: string): TbprofError {
  const message = `cannot read ${name}: line ${line} of its stream is wrong: ${why}`;
  return new TbprofError(message, { code: 'unreadable', exitCode: exitCodes.usage });
}
