// One dump of a worker at its tick.
import type { PauseGate } from './pause-gate.ts';
import type { RecordingTime } from './recording-time.ts';
import type { Answer } from './sampled.ts';
import type { SampledWorker } from './sampled-worker.ts';

export interface DumpWays<Target, Reading> {
  readonly time: RecordingTime;
  readonly gate: PauseGate;
  /** Reads one dump to its end; never rejects. */
  readonly read: (target: Target) => Promise<Answer<Reading>>;
  /** False asks to leave ticks unobserved, because the consumer is behind. */
  readonly mayRead: () => boolean;
}

/** What became of the worker: null where it was not asked. */
export type Asked = { readonly answered: boolean; readonly leave: boolean } | null;

/** Asks the worker, whose turn it is. */
export async function takeDump<Target extends { readonly stream: unknown }, Reading>(
  worker: SampledWorker<Target, Reading>,
  { time, gate, read, mayRead }: DumpWays<Target, Reading>,
): Promise<Asked> {
  const { ticks, guard } = worker;
  const tick = ticks.tickAt(time.nowMs());
  if (!mayRead()) {
    worker.emit('behind', ticks.miss(time.nowMs(), tick));
    guard.passOn();
    return null;
  }
  const settle = worker.passOnAfterProbe();
  const answer = await gate.pass(() => read(worker.target));
  settle();
  const isDump = answer.verdict === 'dump';
  const nowMs = time.nowMs();
  const consequence = worker.conclude(answer.verdict);
  worker.emit({ ...answer, consequence }, isDump ? ticks.observe(tick, nowMs) : ticks.miss(nowMs, tick));
  if (consequence === 'later') worker.pause();
  else worker.goOn();
  // Where both are gone, both may be back (a reload): the stream is asked first again.
  if (answer.verdict === 'gone' && worker.way === 'dumps meanwhile') worker.way = 'stream';
  return { answered: isDump, leave: consequence === 'leave worker' || consequence === 'leave server' };
}
