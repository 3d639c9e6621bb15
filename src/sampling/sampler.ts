// The loop: asks every worker for a dump at its ticks, or follows the stream of its agent, one connection per worker, and
// emits what each stands for. Knows neither sockets nor threads nor what is in a dump: reading, time and chance are
// injected.
import type { Clock } from './clock.ts';
import { type DumpWays, takeDump } from './dump-worker.ts';
import { ServerGuard } from './guard.ts';
import { PauseGate } from './pause-gate.ts';
import { RecordingTime } from './recording-time.ts';
import type { SampledDump } from './sampled.ts';
import { SampledWorker } from './sampled-worker.ts';
import { LatestStreams, type StreamWays, takeStream } from './stream-worker.ts';
import { staggeredPhase, TickSchedule } from './ticks.ts';

export interface SamplerOptions<Target, Reading>
  extends Pick<DumpWays<Target, Reading>, 'read' | 'mayRead'>,
    Pick<StreamWays<Target>, 'follow' | 'judge'> {
  readonly rateHz: number;
  /** How many dumps a second a tracebacker is asked for at most. */
  readonly dumpRates: DumpRates;
  readonly clock: Clock;
  /** 0 <= random() < 1. */
  readonly random: () => number;
  /** Length of the recording; undefined: until `stop`. */
  readonly durationMs?: number | undefined;
  /** Ends the recording early; dumps in flight are still read. */
  readonly stop: AbortSignal;
  /** Go on where a worker has crashed. */
  readonly keepGoing: boolean;
  /** Called once per connection for a dump, in order of completion; must not block. */
  readonly emit: (dump: SampledDump<Reading>) => void;
  /** The same for what arrives of streams. */
  readonly emitPiece: StreamWays<Target>['emit'];
  /** Closes the connections that are still open: called when they have not ended a while after the recording has. */
  readonly abandon: () => void;
}

export interface DumpRates {
  readonly ofTracebackers: number;
  /** Where a worker has an agent that is no good. */
  readonly insteadOfAgents: number;
}

/** How long dumps in flight may take to arrive after the end. A worker in a long C call answers when it returns. */
export const drainGraceMs = 5_000;

/** Samples until the duration is over, `stop` is aborted, or no worker can be sampled any more. */
export class Sampler<Target extends { readonly server: string; readonly stream: unknown }, Reading> {
  readonly #options: SamplerOptions<Target, Reading>;
  readonly #time: RecordingTime;
  readonly #gate = new PauseGate();
  readonly #streams = new LatestStreams();
  readonly #guards = new Map<string, ServerGuard>();
  readonly #workers: SampledWorker<Target, Reading>[] = [];
  readonly #strides = new Map<number, number>();
  /** Workers that have been tried by now, as long as none has answered. */
  readonly #tried = new Set<number>();
  #answered = false;
  #running = 0;
  #onDone: (durationMs: number) => void = () => {};
  /** Length of the recording in milliseconds, when the last dump is in. Planned ticks are those due until then. */
  readonly done: Promise<number>;

  constructor(options: SamplerOptions<Target, Reading>) {
    this.#options = options;
    this.#time = new RecordingTime(options.clock, options);
    this.done = new Promise((resolve) => {
      this.#onDone = resolve;
    });
    this.#time.onEnd(() => {
      this.resume();
      this.#abandonAfterGrace();
    });
  }

  /** Workers are numbered in the order in which they are added. Targets that come together are given together. */
  add(targets: readonly Target[]): void {
    const { rateHz, random, emit, clock } = this.#options;
    // The schedule of the first ones begins with the recording, however long the system has kept us waiting since.
    const startMs = this.#workers.length === 0 ? 0 : this.#time.nowMs();
    const around = { time: this.#time, clock, gate: this.#gate };
    const added = targets.map((target) => {
      const number = this.#workers.length;
      const ticks = new TickSchedule({ rateHz, startMs, phase: staggeredPhase(number), random });
      const worker = new SampledWorker<Target, Reading>(around, {
        ...{ number, target, ticks, emit },
        guard: this.#guardOf(target.server),
      });
      this.#workers.push(worker);
      this.#stretch(worker);
      return worker;
    });
    this.#running += added.length;
    for (const worker of added) void this.#run(worker);
    if (this.#running === 0) this.#finish();
  }

  /** Another process is behind a socket now, or another socket beside it. */
  replace(worker: number, target: Target): void {
    this.#workers[worker]!.replaceTarget(target);
  }

  /** Asks it only at every nth tick; each dump then stands for n. The schedule, and so the result, stays the same. */
  setStride(worker: number, stride: number): void {
    this.#strides.set(worker, stride);
    this.#stretch(this.#workers[worker]!);
  }

  /** Asks it no more. */
  release(worker: number): void {
    this.#workers[worker]!.released = true;
  }

  /** What its agent sends since then is worth nothing. */
  refuseStream(worker: number, sinceMs: number): void {
    this.#streams.refuse(worker, sinceMs);
  }

  /** Asks nobody until {@link resume}; resolves when no dump is in flight, no stream is open, and all is accounted for. */
  pause(): Promise<void> {
    return this.#time.hasEnded ? this.#gate.whenIdle() : this.#gate.close();
  }

  resume(): void {
    if (this.#gate.closed === null) return;
    for (const worker of this.#workers) worker.accountForPause();
    this.#gate.open();
  }

  async #run(worker: SampledWorker<Target, Reading>): Promise<void> {
    await this.#sample(worker);
    this.#running -= 1;
    if (this.#running === 0) this.#finish();
  }

  async #sample(worker: SampledWorker<Target, Reading>): Promise<void> {
    const { read, mayRead, follow, judge, emitPiece } = this.#options;
    const dumpWays = { time: this.#time, gate: this.#gate, read, mayRead };
    const streamWays = { time: this.#time, gate: this.#gate, follow, judge, emit: emitPiece };
    while (await worker.awaitTurn()) {
      const asked =
        worker.way === 'stream'
          ? await takeStream(worker, streamWays, this.#streams)
          : await takeDump(worker, dumpWays);
      if (asked) this.#note(worker, asked.answered);
      if (asked?.leave) return;
      this.#stretch(worker);
    }
    worker.guard.passOn();
  }

  #guardOf(server: string): ServerGuard {
    const guard = this.#guards.get(server) ?? new ServerGuard(this.#options.keepGoing);
    this.#guards.set(server, guard);
    return guard;
  }

  /** A tracebacker costs more than an agent, and is asked less often. */
  #stretch({ number, target, ticks }: SampledWorker<Target, Reading>): void {
    const { rateHz, dumpRates } = this.#options;
    const mostHz = target.stream === null ? dumpRates.ofTracebackers : dumpRates.insteadOfAgents;
    ticks.setStride(Math.max(Math.ceil(rateHz / mostHz), this.#strides.get(number) ?? 1));
  }

  /** While nobody has answered yet, a recording in which everybody failed once is not worth its time. */
  #note({ number }: SampledWorker<Target, Reading>, answered: boolean): void {
    this.#answered ||= answered;
    this.#tried.add(number);
    if (!this.#answered && this.#tried.size === this.#workers.length) this.#time.end();
  }

  #abandonAfterGrace(): void {
    const allIn = new AbortController();
    void this.done.then(() => allIn.abort());
    void this.#time.sleepUntil(this.#time.nowMs() + drainGraceMs, allIn.signal).then(() => {
      if (!allIn.signal.aborted) this.#options.abandon();
    });
  }

  #finish(): void {
    this.#time.end();
    for (const worker of this.#workers) {
      const why = worker.spared ? 'spared' : worker.released ? 'leak' : 'end';
      worker.emit(why, worker.ticks.miss(this.#time.nowMs()));
    }
    this.#onDone(this.#time.nowMs());
  }
}
