// A profile in the making from a file of another tool: names become rows, weights are added up or laid out in time, and
// in the end they become whole ticks.
import { ProfileBuilder } from '../profile/builder.ts';
import { FloatColumn, IntColumn } from '../profile/columns.ts';
import { PairTable } from '../profile/pairs.ts';
import type { Measure, Profile, ProfileWorker } from '../profile/profile.ts';
import { detach } from '../stream/line-splitter.ts';
import { type FrameName, parseFrame } from './frame-text.ts';
import type { SkipCount } from './reader.ts';

/** What is known of the whole when all of it was read. */
export interface ImportedMeta {
  /** The format, for {@link ProfileMeta.source}. */
  readonly source: string;
  readonly recorder: string;
  readonly measure: Measure;
  /** Weights per second; 1 where they have no time. */
  readonly rateHz: number;
  /** 0: unknown. */
  readonly startedEpochMs?: number;
  readonly durationMs?: number;
  readonly host?: string;
}

type NewWorker = Partial<ProfileWorker> & Pick<ProfileWorker, 'address'>;

/** Weights are 32 bits wide. */
const maxWeight = 2 ** 31 - 1;

/** Into how many samples a larger one is split: 2e12 of them is an hour in nanoseconds. */
const maxSplit = 1_000;

/** What memory allows for: a file of nothing but new names must not take more than a few times its size. */
const maxFrames = 2 ** 21;
const maxStacks = 2 ** 25;
const maxWorkers = 2 ** 16;
const maxThreads = 2 ** 18;

export class ImportedProfile {
  readonly #skipped: SkipCount;
  readonly #builder = new ProfileBuilder({ startedEpochMs: 0, rateHz: 1, host: '', source: '', recorder: '' });
  readonly #workers = new Map<string, number>();
  readonly #threadWorkers: number[] = [];
  readonly #framesOfText = new Map<string, number>();
  #frames = 0;
  /** Thread and stack, and how much of it. */
  readonly #pairs = new PairTable();
  readonly #weights = new FloatColumn();
  readonly #cpuUs = new FloatColumn();
  /** The same in order of time, where it is known: see {@link run}. */
  readonly #runs = {
    thread: new IntColumn(),
    stack: new IntColumn(),
    start: new FloatColumn(),
    end: new FloatColumn(),
  };

  constructor(skipped: SkipCount) {
    this.#skipped = skipped;
  }

  /** Workers are told apart by their addresses and hosts. */
  worker(worker: NewWorker): number {
    const key = JSON.stringify([worker.address, worker.host ?? null]);
    let id = this.#workers.get(key);
    if (id === undefined) {
      if (this.#workers.size >= maxWorkers) throw new RangeError(`more than ${maxWorkers} processes`);
      id = this.#builder.addWorker({ number: null, ...worker });
      this.#workers.set(key, id);
    }
    return id;
  }

  thread(worker: number, name: string): number {
    const id = this.#builder.thread(worker, detach(name));
    if (id >= maxThreads) throw new RangeError(`more than ${maxThreads} threads`);
    this.#threadWorkers[id] = worker;
    return id;
  }

  frame({ function: name, file, line, source = '' }: FrameName): number {
    const text = (part: string) => this.#builder.string(detach(part));
    if (this.#frames >= maxFrames) return this.#tooMany();
    const frame = this.#builder.frame(text(name), text(file), line, text(source));
    this.#frames = Math.max(this.#frames, frame + 1);
    return frame;
  }

  /** The frame that a text such as `name (file:line)` stands for. `text` may be a slice of a longer one. */
  frameOfText(text: string, parse: (text: string) => FrameName = parseFrame): number {
    let frame = this.#framesOfText.get(text);
    if (frame === undefined) {
      if (this.#frames >= maxFrames) return this.#tooMany();
      frame = this.frame(parse(text));
      this.#framesOfText.set(detach(text), frame);
    }
    return frame;
  }

  #tooMany(): number {
    this.#skipped.add(`frames beyond the first ${maxFrames} distinct ones, shown as (other)`);
    const builder = this.#builder;
    return builder.frame(builder.string('(other)'), builder.string(''), 0, builder.string(''));
  }

  stack(parent: number, frame: number): number {
    const stack = this.#builder.stack(parent, frame);
    if (stack < maxStacks) return stack;
    throw new RangeError(`more than ${maxStacks} distinct stacks`);
  }

  /** So much more of a stack, whenever it was; of one stack either always or never with its processor time. */
  add(thread: number, stack: number, weight: number, cpuUs = -1): void {
    const pair = this.#pairs.number(thread, stack);
    if (pair === this.#weights.length) {
      this.#weights.push(weight);
      this.#cpuUs.push(cpuUs);
    } else {
      this.#weights.add(pair, weight);
      if (cpuUs > 0) this.#cpuUs.add(pair, cpuUs);
    }
  }

  /** A stack from one time to another, in weights since the beginning. A thread's come in order. */
  run(thread: number, stack: number, [start, end]: readonly [number, number]): void {
    this.#runs.thread.push(thread);
    this.#runs.stack.push(stack);
    this.#runs.start.push(start);
    this.#runs.end.push(end);
  }

  finish(meta: ImportedMeta): Profile {
    const scale = this.#scale();
    const rateHz = meta.rateHz / scale;
    const span = this.#runs.thread.length > 0 ? this.#layOut(scale, rateHz) : this.#addUp();
    this.#builder.bound();
    const profile = this.#builder.view();
    const { host = '', startedEpochMs = 0, source, recorder, measure } = meta;
    const durationMs = meta.durationMs ?? (measure === 'count' ? 0 : (span * 1_000) / rateHz);
    return {
      ...profile,
      meta: {
        startedEpochMs,
        rateHz,
        host,
        measure,
        source,
        recorder,
        durationMs: Math.min(maxWeight, Math.round(durationMs)),
      },
    };
  }

  /** Times that do not fit are told in thousands. */
  #scale(): number {
    const last = this.#runs.end.view().reduce((max, end) => Math.max(max, end), 0);
    let scale = 1;
    while (last / scale > maxWeight) scale *= 1_000;
    return scale;
  }

  /** As few dumps per worker as hold everything. */
  #addUp(): number {
    const threads = this.#pairs.first();
    const stacks = this.#pairs.second();
    const weights = this.#weights.view();
    const cpuUs = this.#cpuUs.view();
    const totals = new Map<number, number>();
    const order = Uint32Array.from(threads.keys()).sort(
      (a, b) => this.#threadWorkers[threads[a]!]! - this.#threadWorkers[threads[b]!]! || a - b,
    );
    let inDump = 0;
    order.forEach((pair, at) => {
      const worker = this.#threadWorkers[threads[pair]!]!;
      for (const [part, weight] of this.#split(weights[pair]!).entries()) {
        if (inDump + weight > maxWeight) inDump = this.#endDump(worker, inDump);
        this.#builder.addSample(threads[pair]!, stacks[pair]!, weight, part === 0 ? cpuUs[pair]! : -1);
        inDump += weight;
        totals.set(worker, (totals.get(worker) ?? 0) + weight);
      }
      const next = order[at + 1];
      const isLast = next === undefined || this.#threadWorkers[threads[next]!] !== worker;
      if (isLast && inDump > 0) inDump = this.#endDump(worker, inDump);
    });
    return Math.max(0, ...totals.values());
  }

  #endDump(worker: number, weight: number): number {
    this.#builder.endDump({ worker, timeMs: 0, weight, waitUs: -1 });
    return 0;
  }

  /** What is too large for one sample is several. */
  #split(exact: number): number[] {
    const weight = Math.round(exact);
    if (weight === 0) this.#skipped.add('stacks whose weight is nearly nothing');
    if (weight > maxWeight * maxSplit) {
      this.#skipped.add('stacks whose weight is beyond all measure');
      return [];
    }
    const whole = Array.from({ length: Math.floor(weight / maxWeight) }, () => maxWeight);
    return weight % maxWeight === 0 ? whole : [...whole, weight % maxWeight];
  }

  /** A dump wherever a stack begins; it stands for the time to the next one of its worker. */
  #layOut(scale: number, rateHz: number): number {
    const { thread, stack, start, end } = this.#runs;
    const ends = end.view();
    const starts = start.view();
    const workerOf = (run: number) => this.#threadWorkers[thread.at(run)]!;
    const order = Uint32Array.from(starts.keys()).sort(
      (a, b) => workerOf(a) - workerOf(b) || starts[a]! - starts[b]! || a - b,
    );
    let longest = 0;
    for (let at = 0; at < order.length; ) {
      const worker = workerOf(order[at]!);
      const from = starts[order[at]!]!;
      let until = from;
      for (; at < order.length && workerOf(order[at]!) === worker && starts[order[at]!] === from; at++) {
        const run = order[at]!;
        const weight = Math.round(ends[run]! / scale) - Math.round(from / scale);
        if (weight > 0) this.#builder.addSample(thread.at(run), stack.at(run), weight);
        else this.#skipped.add('stacks that lasted nearly nothing');
        until = Math.max(until, ends[run]!);
      }
      const next = at < order.length && workerOf(order[at]!) === worker ? starts[order[at]!]! : until;
      const weight = Math.max(1, Math.min(maxWeight, Math.round((next - from) / scale)));
      this.#builder.endDump({ worker, timeMs: (from / scale / rateHz) * 1_000, weight, waitUs: -1 });
      longest = Math.max(longest, until / scale);
    }
    return longest;
  }
}
