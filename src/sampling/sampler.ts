// The loop: asks every worker for a dump at its ticks, one in flight per worker, and emits what each dump stands for.
// Knows neither sockets nor threads nor what is in a dump: reading, time and chance are injected.
import type { Verdict } from '../tracebacker/verdict.ts';
import type { Clock } from './clock.ts';
import { type Consequence, ServerGuard } from './guard.ts';
import { RecordingTime } from './recording-time.ts';
import { staggeredPhase, TickSchedule, type TickSpan } from './ticks.ts';

/** Why no connection was made. */
export type Skip =
  /** The consumer of the dumps was behind. */
  | 'behind'
  | 'paused'
  /** The first worker of the server had not yet proven that it survives a dump. */
  | 'preflight'
  /** Another worker of the server has crashed: none of them is asked again. */
  | 'spared'
  /** The recording is over. */
  | 'end';

export interface Answer<Reading> {
  readonly verdict: Verdict;
  readonly reading: Reading;
}

/** A finished connection, or why there was none, and the ticks that it accounts for. */
export interface SampledDump<Reading> {
  /** Number of the worker, in the order in which they were added. */
  readonly worker: number;
  readonly outcome: (Answer<Reading> & { readonly consequence: Consequence }) | Skip;
  readonly span: TickSpan;
}

export interface SamplerOptions<Target, Reading> {
  readonly rateHz: number;
  readonly clock: Clock;
  /** Reads one dump to its end; never rejects. */
  readonly read: (target: Target) => Promise<Answer<Reading>>;
  /** 0 <= random() < 1. */
  readonly random: () => number;
  /** Length of the recording; undefined: until `stop`. */
  readonly durationMs?: number | undefined;
  /** Ends the recording early; dumps in flight are still read. */
  readonly stop: AbortSignal;
  /** Go on where a worker has crashed. */
  readonly keepGoing: boolean;
  /** Called once per connection, in order of completion; must not block. */
  readonly emit: (dump: SampledDump<Reading>) => void;
  /** Closes the connections that are still open: called when they have not ended a while after the recording has. */
  readonly abandon: () => void;
  /** False asks the loop to leave ticks unobserved, because its consumer is behind. */
  readonly mayRead: () => boolean;
}

/** Pauses after failures that may pass (a reload, `cheaper`): they grow, so that nothing is hammered. */
const firstPauseMs = 250;
const longestPauseMs = 5_000;

/** How long dumps in flight may take to arrive after the end. A worker in a long C call answers when it returns. */
export const drainGraceMs = 5_000;

/** How long the others wait for the first worker of a server to prove that it survives a dump. */
export const probeMs = 2_000;

interface SampledWorker<Target> {
  readonly number: number;
  target: Target;
  readonly ticks: TickSchedule;
  readonly guard: ServerGuard;
  /** Waits for its next tick, and, when that has come, for the end of a pause; after no failure. */
  awaitsTick: boolean;
  /** Left alone because of another one. */
  spared: boolean;
}

/** Samples until the duration is over, `stop` is aborted, or no worker can be sampled any more. */
export class Sampler<Target extends { readonly server: string }, Reading> {
  readonly #options: SamplerOptions<Target, Reading>;
  readonly #time: RecordingTime;
  readonly #guards = new Map<string, ServerGuard>();
  readonly #workers: SampledWorker<Target>[] = [];
  /** Workers that have been tried by now, as long as none has answered. */
  readonly #tried = new Set<number>();
  #answered = false;
  #running = 0;
  #inFlight = 0;
  #stride = 1;
  #paused: { readonly promise: Promise<void>; readonly resume: () => void } | null = null;
  #onIdle: (() => void) | null = null;
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
    const { rateHz, random } = this.#options;
    const startMs = this.#time.nowMs();
    const added = targets.map((target) => {
      const number = this.#workers.length;
      const ticks = new TickSchedule({ rateHz, startMs, phase: staggeredPhase(number), random });
      ticks.setStride(this.#stride);
      const worker = { number, target, ticks, guard: this.#guardOf(target.server), awaitsTick: false, spared: false };
      this.#workers.push(worker);
      return worker;
    });
    this.#running += added.length;
    for (const worker of added) void this.#run(worker);
    if (this.#running === 0) this.#finish();
  }

  /** Another process is behind a socket now. */
  replace(worker: number, target: Target): void {
    this.#workers[worker]!.target = target;
  }

  /** Asks only at every nth tick; each dump then stands for n. The schedule, and so the result, stays the same. */
  setStride(stride: number): void {
    this.#stride = stride;
    for (const { ticks } of this.#workers) ticks.setStride(stride);
  }

  /** Asks nobody until {@link resume}; resolves when no dump is in flight. */
  pause(): Promise<void> {
    if (this.#paused === null && !this.#time.hasEnded) {
      let resume = () => {};
      const promise = new Promise<void>((resolve) => {
        resume = resolve;
      });
      this.#paused = { promise, resume };
    }
    return new Promise((resolve) => {
      if (this.#inFlight === 0) resolve();
      else this.#onIdle = resolve;
    });
  }

  resume(): void {
    if (this.#paused === null) return;
    // While the process is stopped nobody wakes up, and who does so later cannot tell since when there was a pause.
    for (const worker of this.#workers.filter(({ awaitsTick }) => awaitsTick)) {
      const span = worker.ticks.missBefore(worker.ticks.tickAt(this.#time.nowMs()));
      if (span.unobserved > 0) this.#emit(worker, 'paused', span);
    }
    this.#paused.resume();
    this.#paused = null;
  }

  async #run(worker: SampledWorker<Target>): Promise<void> {
    await this.#sample(worker);
    this.#running -= 1;
    if (this.#running === 0) this.#finish();
  }

  async #sample(worker: SampledWorker<Target>): Promise<void> {
    const { mayRead } = this.#options;
    const { ticks, guard } = worker;
    let answered = false;
    let pauseMs = 0;
    while (true) {
      worker.awaitsTick = pauseMs === 0;
      await this.#time.sleepUntil(pauseMs === 0 ? ticks.nextAskMs() : this.#time.nowMs() + pauseMs);
      worker.spared = !(await this.#awaitTurn(worker));
      if (worker.spared || this.#time.hasEnded) return guard.passOn();

      const tick = ticks.tickAt(this.#time.nowMs());
      if (!mayRead()) {
        this.#emit(worker, 'behind', ticks.miss(this.#time.nowMs(), tick));
        guard.passOn();
        continue;
      }
      const answer = await this.#read(worker);
      const isDump = answer.verdict === 'dump';
      const nowMs = this.#time.nowMs();
      const consequence = guard.conclude(answer.verdict, { worker: worker.number, nowMs, answered });
      this.#emit(worker, { ...answer, consequence }, isDump ? ticks.observe(tick, nowMs) : ticks.miss(nowMs, tick));
      this.#note(worker, isDump);
      if (consequence === 'leave worker' || consequence === 'leave server') return;
      answered = isDump;
      pauseMs = consequence === 'later' ? Math.min(Math.max(firstPauseMs, pauseMs * 2), longestPauseMs) : 0;
    }
  }

  /** False where the worker must not be connected to at all. */
  async #awaitTurn(worker: SampledWorker<Target>): Promise<boolean> {
    if (this.#paused !== null && worker.awaitsTick) await this.#paused.promise;
    worker.awaitsTick = false;
    while (true) {
      if (this.#paused !== null) await this.#skipWhile(worker, 'paused', this.#paused.promise);
      const turn = worker.guard.mayConnect();
      await this.#skipWhile(worker, 'preflight', turn);
      if (!(await turn)) return false;
      // The end of another one's preflight may have been what the pause waited for.
      if (this.#paused === null) return true;
      worker.guard.passOn();
    }
  }

  /** Waits, and accounts for the ticks of a wait that was longer than a period. */
  async #skipWhile(worker: SampledWorker<Target>, why: Skip, wait: Promise<unknown>): Promise<void> {
    const tick = worker.ticks.tickAt(this.#time.nowMs());
    await wait;
    const missed = worker.ticks.tickAt(this.#time.nowMs());
    if (missed > tick) this.#emit(worker, why, worker.ticks.missBefore(missed));
  }

  async #read(worker: SampledWorker<Target>): Promise<Answer<Reading>> {
    const settled = worker.guard.isProven ? null : this.#passOnAfterProbe(worker);
    this.#inFlight += 1;
    const result = await this.#options.read(worker.target);
    this.#inFlight -= 1;
    settled?.abort();
    if (this.#inFlight === 0) this.#onIdle?.();
    return result;
  }

  /** To be aborted when the probe has an answer. */
  #passOnAfterProbe({ guard }: SampledWorker<Target>): AbortController {
    const settled = new AbortController();
    const { clock } = this.#options;
    void clock.sleepUntil(clock.nowMs() + probeMs, settled.signal).then(() => {
      if (!settled.signal.aborted) guard.passOn();
    });
    return settled;
  }

  #guardOf(server: string): ServerGuard {
    const guard = this.#guards.get(server) ?? new ServerGuard(this.#options.keepGoing);
    this.#guards.set(server, guard);
    return guard;
  }

  /** While nobody has answered yet, a recording in which everybody failed once is not worth its time. */
  #note({ number }: SampledWorker<Target>, answered: boolean): void {
    this.#answered ||= answered;
    this.#tried.add(number);
    if (!this.#answered && this.#tried.size === this.#workers.length) this.#time.end();
  }

  #emit({ number }: SampledWorker<Target>, outcome: SampledDump<Reading>['outcome'], span: TickSpan): void {
    this.#options.emit({ worker: number, outcome, span });
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
      this.#emit(worker, worker.spared ? 'spared' : 'end', worker.ticks.miss(this.#time.nowMs()));
    }
    this.#onDone(this.#time.nowMs());
  }
}
