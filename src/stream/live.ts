// A stream that one worker's agent is just sending -> a profile that grows. The agent is hostile until proven otherwise:
// it gets no more ticks than have passed, no more memory than its tables may need, and is cut off at its first lie.
import type { DumpRow, ProfileBuilder } from '../profile/builder.ts';
import type { EventKind } from '../profile/profile.ts';
import { streamVersion } from './lines.ts';
import { StreamTables } from './tables.ts';
import {
  dumpColumns,
  type JsonObject,
  list,
  look,
  Malformed,
  object,
  orUnknown,
  parseObject,
  positive,
  sampleColumns,
  text,
  whole,
} from './values.ts';

/** Agents end their stream long before, so that their own memory stays bounded. */
const maxRows = 2_000_000;
const maxNameLength = 1_000;
const maxSamplesPerDump = 20_000;

/** Its clock and ours are read a moment apart. */
const clockSlackMs = 1_000;

/** What an agent tells, and why; the first reason stands for words that are not known. */
const toldReasons: ReadonlyMap<EventKind, readonly string[]> = new Map([
  ['gap', ['late', 'behind']],
  ['cut', ['']],
  ['throttle', ['overhead']],
  ['unsearched', ['most', 'objects']],
]);

/** An event of the agent; `timeMs` is since the recording began. */
export interface LiveEvent {
  readonly timeMs: number;
  readonly kind: EventKind;
  readonly count: number;
  readonly reason: string;
}

export interface LiveStreamOptions {
  readonly builder: ProfileBuilder;
  /** The worker that it is about, whatever it says. */
  readonly worker: number;
  readonly rateHz: number;
  /** When it was connected to, since the recording began: its own times begin there. */
  readonly sinceMs: number;
  /** Takes events: there may be many of a kind. */
  readonly note: (event: LiveEvent) => void;
}

interface Sample {
  readonly thread: number;
  readonly stack: number;
  readonly weight: number;
  readonly cpuUs: number;
}

export class LiveStream {
  readonly #options: LiveStreamOptions;
  readonly #tables: StreamTables;
  /** Of the one worker, as threads and dumps name it. */
  readonly #workers: number[] = [];
  #begun = false;
  #ended = false;
  #nowMs = 0;
  #lastMs = 0;
  /** Ticks that have passed and that it has not accounted for. */
  #open = 0;
  #passed = 0;
  /** Ticks that it has claimed before they had passed. */
  #overdrawn = 0;

  constructor(options: LiveStreamOptions) {
    this.#options = options;
    this.#tables = new StreamTables(options.builder, { maxNameLength });
  }

  /** So many more ticks have passed until `nowMs` of the recording. */
  pass(ticks: number, nowMs: number): void {
    this.#open += ticks;
    this.#passed += ticks;
    this.#nowMs = nowMs;
  }

  /** Takes whole lines. Throws {@link Malformed}; nothing may be given to it afterwards. */
  take(lines: string): void {
    for (const line of lines.split('\n')) if (line !== '') this.#takeLine(parseObject(line));
  }

  /** The ticks that have passed and that it has not accounted for: to be asked at its end. */
  settle(): number {
    const left = this.#open;
    this.#open = 0;
    return left;
  }

  #takeLine(line: JsonObject): void {
    if (this.#ended) throw new Malformed('it goes on after its end');
    if (!this.#begun) this.#takeHeader(line);
    else if (this.#tables.take(line, this.#workers)) this.#checkSize();
    else if ('dumps' in line) this.#takeDumps(object(line.dumps), object(line.sampled));
    else if ('workers' in line) this.#takeWorkers(list(line.workers));
    else if ('events' in line) this.#takeEvents(list(line.events));
    else if ('end' in line) this.#ended = true;
    // Other lines are of a later minor revision and say nothing that this version needs.
  }

  #takeHeader(line: JsonObject): void {
    if (line.tbprof !== streamVersion) throw new Malformed(`it is not of version ${streamVersion}`);
    if (line.rateHz !== this.#options.rateHz) throw new Malformed('its rate is not the one that was asked for');
    if ((line.measure ?? 'wall') !== 'wall') throw new Malformed('it does not measure wall time');
    this.#begun = true;
  }

  #takeWorkers(workers: readonly unknown[]): void {
    if (this.#workers.length + workers.length > 1) throw new Malformed('it tells of several workers');
    for (const worker of workers) {
      object(worker);
      this.#workers.push(this.#options.worker);
    }
  }

  #checkSize(): void {
    if (this.#tables.length > maxRows) throw new Malformed('its tables are too large');
  }

  #takeDumps(columns: JsonObject, sampled: JsonObject): void {
    const { workers, times, dumps, weights, waits, sends, counts } = dumpColumns(columns);
    const { threads, stacks, sampleWeights, cpuUs } = sampleColumns(sampled);
    let sample = 0;
    for (let row = 0; row < counts.length; row++) {
      const end = sample + whole(counts[row], maxSamplesPerDump);
      if (end > threads.length) throw new Malformed('a dump has more samples than there are');
      if (dumps[row] !== 1) throw new Malformed('dumps are merged');
      const place = { worker: look(this.#workers, workers[row], 'worker'), timeMs: this.#takeTime(times[row]) };
      const latency = { waitUs: orUnknown(waits[row]), sendUs: orUnknown(sends[row]) };
      const claimed = positive(weights[row]);
      // All of it is checked before any of it is added: half a dump would become part of the next one.
      const samples: Sample[] = [];
      for (; sample < end; sample++) {
        const weight = positive(sampleWeights[sample]);
        if (weight > claimed) throw new Malformed('a sample weighs more than its dump');
        samples.push({
          thread: look(this.#tables.threads, threads[sample], 'thread'),
          stack: look(this.#tables.stacks, stacks[sample], 'stack'),
          weight,
          cpuUs: this.#takeCpu(cpuUs?.[sample] ?? -1),
        });
      }
      this.#add({ ...place, ...latency, weight: this.#claim(claimed) }, samples);
    }
    if (sample !== threads.length) throw new Malformed('there are samples of no dump');
  }

  #add(dump: DumpRow, samples: readonly Sample[]): void {
    if (dump.weight === 0) return;
    const { builder } = this.#options;
    for (const { thread, stack, weight, cpuUs } of samples) {
      builder.addSample(thread, stack, Math.min(weight, dump.weight), cpuUs);
    }
    builder.endDump(dump);
  }

  #takeEvents(events: readonly unknown[]): void {
    for (const event of events) {
      const { timeMs, worker, count, reason, ...rest } = object(event);
      const kind = rest.kind as EventKind; // so it is where the map has it
      const reasons = toldReasons.get(kind);
      if (reasons === undefined) continue; // ours to say, or of a later revision
      look(this.#workers, worker, 'worker');
      const why = text(reason);
      this.#options.note({
        timeMs: this.#options.sinceMs + Math.min(whole(timeMs), this.#elapsedMs()),
        kind,
        count: kind === 'gap' ? this.#claim(whole(count)) : whole(count),
        reason: reasons.includes(why) ? why : reasons[0]!,
      });
    }
  }

  /** Time of a dump, since the recording began. */
  #takeTime(value: unknown): number {
    const timeMs = whole(value);
    if (timeMs < this.#lastMs) throw new Malformed('its time goes backwards');
    if (timeMs > this.#elapsedMs() + clockSlackMs) throw new Malformed('its time is ahead of ours');
    this.#lastMs = timeMs;
    return this.#options.sinceMs + Math.min(timeMs, this.#elapsedMs());
  }

  /** A thread burns no more than there was. */
  #takeCpu(value: unknown): number {
    const us = orUnknown(value);
    if (us > 1_000 * (this.#elapsedMs() + clockSlackMs))
      throw new Malformed('a thread burned more time than has passed');
    return us;
  }

  #elapsedMs(): number {
    return Math.max(0, this.#nowMs - this.#options.sinceMs);
  }

  /**
   * Of the ticks that it accounts for, those that have passed. Its schedule may be a tick ahead of ours, and its clock a
   * little faster; beyond that it invents them.
   */
  #claim(ticks: number): number {
    const granted = Math.min(ticks, this.#open);
    const overdrawn = this.#overdrawn + ticks - granted;
    if (overdrawn > 2 + this.#options.rateHz / 4 + this.#passed / 1_000) {
      throw new Malformed('it accounts for more ticks than have passed');
    }
    this.#overdrawn = overdrawn;
    this.#open -= granted;
    return granted;
  }
}
