// One worker on its way through a recording: its schedule, its pauses, and its turn among the workers of its server.
// Knows not how it is asked.
import type { Verdict } from '../tracebacker/verdict.ts';
import type { Clock } from './clock.ts';
import type { Consequence, ServerGuard } from './guard.ts';
import type { PauseGate } from './pause-gate.ts';
import type { RecordingTime } from './recording-time.ts';
import type { SampledDump, StreamVerdict } from './sampled.ts';
import type { TickSchedule, TickSpan } from './ticks.ts';

/** Pauses after failures that may pass (a reload, `cheaper`): they grow, so that nothing is hammered. */
const firstPauseMs = 250;
const longestPauseMs = 5_000;

/** How long the others wait for the first worker of a server to prove that it survives a dump. */
export const probeMs = 2_000;

/** What the workers of a recording share. */
export interface Surroundings {
  readonly time: RecordingTime;
  readonly clock: Clock;
  readonly gate: PauseGate;
}

/** How the worker is asked next. */
export type Way =
  | 'stream'
  /** For as long as there is no stream. */
  | 'dumps meanwhile'
  /** Its stream is no good, or it has none. */
  | 'dumps';

interface SampledWorkerOptions<Target, Reading> {
  readonly number: number;
  readonly target: Target;
  readonly ticks: TickSchedule;
  readonly guard: ServerGuard;
  readonly emit: (dump: SampledDump<Reading>) => void;
}

export class SampledWorker<Target extends { readonly stream: unknown }, Reading> {
  readonly number: number;
  readonly ticks: TickSchedule;
  readonly guard: ServerGuard;
  readonly #around: Surroundings;
  readonly #emit: (dump: SampledDump<Reading>) => void;
  #target: Target;
  way: Way;
  /** How its last stream has ended; null where there was none. */
  lastStream: StreamVerdict | null = null;
  /** It is not to be asked any more. */
  released = false;
  /** Left alone because of another one. */
  spared = false;
  /** Whether this process has answered before. */
  #answered = false;
  /** Streams in a row that said nothing. */
  #failures = 0;
  #pauseMs = 0;
  /** Waits for its next tick, and, when that has come, for the end of a pause; after no failure. */
  #awaitsTick = false;

  constructor(around: Surroundings, { number, target, ticks, guard, emit }: SampledWorkerOptions<Target, Reading>) {
    this.#around = around;
    this.number = number;
    this.ticks = ticks;
    this.guard = guard;
    this.#emit = emit;
    this.#target = target;
    this.way = wayTo(target);
  }

  get target(): Target {
    return this.#target;
  }

  /** Another process, or another socket: what its stream was worth before says nothing. */
  replaceTarget(target: Target): void {
    this.#target = target;
    this.forget();
    this.way = wayTo(target);
  }

  emit(outcome: SampledDump<Reading>['outcome'], span: TickSpan): void {
    this.#emit({ worker: this.number, outcome, span });
  }

  /** What follows from a verdict, for it and for the others of its server. */
  conclude(verdict: Verdict): Consequence {
    const consequence = this.guard.conclude(verdict, {
      worker: this.number,
      nowMs: this.#around.time.nowMs(),
      answered: this.#answered,
    });
    this.#answered = verdict === 'dump';
    return consequence;
  }

  /** Its process has gone: what it has answered says nothing of the next one. */
  forget(): void {
    this.#answered = false;
  }

  countFailures(failed: boolean): number {
    this.#failures = failed ? this.#failures + 1 : 0;
    return this.#failures;
  }

  /** The next connection only after a pause; each longer than the one before, until {@link goOn}. */
  pause(): void {
    this.#pauseMs = Math.min(Math.max(firstPauseMs, this.#pauseMs * 2), longestPauseMs);
  }

  goOn(): void {
    this.#pauseMs = 0;
  }

  /** Waits until it is to be connected to; false where it must not be, or the recording has ended. */
  async awaitTurn(): Promise<boolean> {
    const { time, gate } = this.#around;
    this.#awaitsTick = this.#pauseMs === 0 && this.way !== 'stream';
    if (this.#awaitsTick) await time.sleepUntil(this.ticks.nextAskMs());
    else if (this.#pauseMs > 0) await time.sleepUntil(time.nowMs() + this.#pauseMs);
    if (gate.closed !== null && this.#awaitsTick) await gate.closed;
    this.#awaitsTick = false;
    this.spared = !(await this.#awaitGuard());
    return !this.spared && !time.hasEnded && !this.released;
  }

  async #awaitGuard(): Promise<boolean> {
    const { gate } = this.#around;
    while (true) {
      if (gate.closed !== null) await this.#skipWhile('paused', gate.closed);
      const turn = this.guard.mayConnect();
      await this.#skipWhile('preflight', turn);
      if (!(await turn)) return false;
      // The end of another one's preflight may have been what the pause waited for.
      if (gate.closed === null) return true;
      this.guard.passOn();
    }
  }

  /** Waits, and accounts for the ticks of a wait that was longer than a period. */
  async #skipWhile(why: 'paused' | 'preflight', wait: Promise<unknown>): Promise<void> {
    const { time } = this.#around;
    const tick = this.ticks.tickAt(time.nowMs());
    await wait;
    const missed = this.ticks.tickAt(time.nowMs());
    if (missed > tick) this.emit(why, this.ticks.missBefore(missed));
  }

  /** While the process is stopped nobody wakes up, and who does so later cannot tell since when there was a pause. */
  accountForPause(): void {
    if (!this.#awaitsTick) return;
    const span = this.ticks.missBefore(this.ticks.tickAt(this.#around.time.nowMs()));
    if (span.unobserved > 0) this.emit('paused', span);
  }

  /** Lets the others of its server go on after a while, unless the function that it returns is called before. */
  passOnAfterProbe(): () => void {
    if (this.guard.isProven) return () => {};
    const settled = new AbortController();
    const { clock } = this.#around;
    void clock.sleepUntil(clock.nowMs() + probeMs, settled.signal).then(() => {
      if (!settled.signal.aborted) this.guard.passOn();
    });
    return () => settled.abort();
  }
}

function wayTo({ stream }: { readonly stream: unknown }): Way {
  return stream === null ? 'dumps' : 'stream';
}
