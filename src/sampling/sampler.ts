// The loop: asks every worker for a dump at its ticks, one in flight per worker, and emits what each dump stands for.
// Knows neither sockets nor threads nor what is in a dump: reading, time and chance are injected.
import { setMaxListeners } from 'node:events';
import type { Clock } from './clock.ts';
import { staggeredPhase, TickSchedule, type TickSpan } from './ticks.ts';

/** The parts of a finished connection that the loop needs; tracebacker/read.ts gives more. */
interface ReadResult {
  /** Null where a dump arrived. */
  readonly failure: string | null;
}

/** Why no connection was made at a tick: the consumer was behind, or the recording had ended. */
export type Skip = 'behind' | 'end';

/** A finished connection, or why there was none, and the ticks that it accounts for. */
export interface SampledDump<Result> {
  /** Index into the sampler's targets. */
  readonly worker: number;
  readonly reading: Result | Skip;
  readonly span: TickSpan;
}

export interface SamplerOptions<Target, Result extends ReadResult> {
  readonly targets: readonly Target[];
  readonly rateHz: number;
  readonly clock: Clock;
  /** Reads one dump to its end; never rejects. */
  readonly read: (target: Target) => Promise<Result>;
  /** 0 <= random() < 1. */
  readonly random: () => number;
  /** Length of the recording; undefined: until `stop`. */
  readonly durationMs?: number | undefined;
  /** Ends the recording early; dumps in flight are still read. */
  readonly stop: AbortSignal;
  /** Called once per connection, in order of completion; must not block. */
  readonly emit: (dump: SampledDump<Result>) => void;
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

/**
 * Samples for the duration, until `stop` is aborted, or until no worker can be sampled any more, and resolves when the
 * last dump is in.
 * Returns the length of the recording in milliseconds: planned ticks are those due until then.
 */
export async function sample<Target, Result extends ReadResult>(
  options: SamplerOptions<Target, Result>,
): Promise<number> {
  const { clock, emit, random, rateHz, targets } = options;
  const time = new RecordingTime(clock, options);
  const allIn = new AbortController();
  time.onEnd(async () => {
    await time.sleepUntil(time.nowMs() + drainGraceMs, allIn.signal);
    if (!allIn.signal.aborted) options.abandon();
  });
  const hope = new Hope(targets.length, () => time.end());
  const schedules = targets.map((_, worker) => new TickSchedule({ rateHz, phase: staggeredPhase(worker), random }));
  await Promise.all(
    targets.map((target, worker) => sampleWorker(options, { target, worker, ticks: schedules[worker]!, time, hope })),
  );
  allIn.abort();
  time.end();
  for (const [worker, ticks] of schedules.entries()) {
    emit({ worker, reading: 'end', span: ticks.miss(time.nowMs()) });
  }
  return time.nowMs();
}

interface WorkerLoop<Target> {
  readonly target: Target;
  readonly worker: number;
  readonly ticks: TickSchedule;
  readonly time: RecordingTime;
  readonly hope: Hope;
}

async function sampleWorker<Target, Result extends ReadResult>(
  { emit, mayRead, read }: SamplerOptions<Target, Result>,
  { target, worker, ticks, time, hope }: WorkerLoop<Target>,
): Promise<void> {
  let pauseMs = 0;
  while (true) {
    await time.sleepUntil(pauseMs === 0 ? ticks.nextAskMs() : time.nowMs() + pauseMs);
    if (time.hasEnded) return;
    const tick = ticks.tickAt(time.nowMs());
    if (!mayRead()) {
      emit({ worker, reading: 'behind', span: ticks.miss(time.nowMs(), tick) });
      continue;
    }
    const reading = await read(target);
    const verdict = judge(reading);
    const span = verdict === 'dump' ? ticks.observe(tick, time.nowMs()) : ticks.miss(time.nowMs(), tick);
    emit({ worker, reading, span });
    hope.note(worker, verdict === 'dump');
    if (verdict === 'lost') return;
    pauseMs = verdict === 'later' ? Math.min(Math.max(firstPauseMs, pauseMs * 2), longestPauseMs) : 0;
  }
}

/**
 * Only what a reload brings about is tried again. No byte or a broken connection mean that the worker is poisoned or
 * has just crashed: another connection is useless in the first case and may kill the worker's successor in the second.
 */
function judge({ failure }: ReadResult): 'dump' | 'later' | 'lost' {
  if (failure === null) return 'dump';
  return failure === 'absent' || failure === 'refused' ? 'later' : 'lost';
}

/** Milliseconds since the recording began; stands still once it has ended. */
class RecordingTime {
  readonly #clock: Clock;
  readonly #startMs: number;
  readonly #ended = new AbortController();
  #endMs = Number.POSITIVE_INFINITY;

  constructor(clock: Clock, { stop, durationMs }: { stop: AbortSignal; durationMs?: number | undefined }) {
    this.#clock = clock;
    this.#startMs = clock.nowMs();
    setMaxListeners(0, this.#ended.signal); // one for each worker that sleeps
    if (stop.aborted) this.end();
    else stop.addEventListener('abort', () => this.end(), { once: true });
    if (durationMs !== undefined) {
      this.#endMs = durationMs;
      this.sleepUntil(durationMs).then(() => this.end());
    }
  }

  get hasEnded(): boolean {
    return this.#ended.signal.aborted || this.nowMs() >= this.#endMs;
  }

  nowMs(): number {
    return Math.min(this.#clock.nowMs() - this.#startMs, this.#endMs);
  }

  end(): void {
    if (this.#ended.signal.aborted) return;
    this.#endMs = this.nowMs();
    this.#ended.abort();
  }

  sleepUntil(ms: number, signal = this.#ended.signal): Promise<void> {
    return this.#clock.sleepUntil(this.#startMs + ms, signal);
  }

  onEnd(callback: () => void): void {
    if (this.#ended.signal.aborted) callback();
    else this.#ended.signal.addEventListener('abort', callback, { once: true });
  }
}

/** While nobody has answered yet, a recording in which everybody failed once is not worth its time. */
class Hope {
  readonly #silent: Set<number>;
  readonly #giveUp: () => void;
  #answered = false;

  constructor(workers: number, giveUp: () => void) {
    this.#silent = new Set(Array.from({ length: workers }, (_, worker) => worker));
    this.#giveUp = giveUp;
  }

  note(worker: number, answered: boolean): void {
    this.#answered ||= answered;
    this.#silent.delete(worker);
    if (!this.#answered && this.#silent.size === 0) this.#giveUp();
  }
}
