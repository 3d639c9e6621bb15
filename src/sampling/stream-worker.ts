// One stream of a worker's agent, from its beginning to its end, and what follows from how it has ended.
import type { Following, StreamEnd } from '../tracebacker/follow.ts';
import type { Asked } from './dump-worker.ts';
import type { Consequence } from './guard.ts';
import type { PauseGate } from './pause-gate.ts';
import type { RecordingTime } from './recording-time.ts';
import type { StreamPiece, StreamVerdict, StreamVerdictEnd } from './sampled.ts';
import type { SampledWorker } from './sampled-worker.ts';

/** A worker that dies so long after it was connected to did not die of that: workers come and go. */
const provenMs = 2_000;

/** A stream that ends regularly, but at once, is no stream. */
const shortestMs = 1_000;

/** After so many streams in a row that broke before they said anything. */
const maxFailures = 3;

export interface StreamWays<Target> {
  readonly time: RecordingTime;
  readonly gate: PauseGate;
  readonly follow: (target: Target, take: (lines: Uint8Array) => void) => Following;
  /** What a failed connection says of the worker. */
  readonly judge: (end: StreamEnd, target: Target) => Promise<StreamVerdict>;
  readonly emit: (piece: StreamPiece) => void;
}

/** The latest stream of each worker, so that it can be refused from outside: its lines are read elsewhere, and later. */
export class LatestStreams {
  readonly #latest = new Map<number, { readonly sinceMs: number; readonly refuse: () => void }>();

  /** Its lines are worth nothing; one that has begun since then is not meant. */
  refuse(worker: number, sinceMs: number): void {
    const stream = this.#latest.get(worker);
    if (stream?.sinceMs === sinceMs) stream.refuse();
  }

  set(worker: number, sinceMs: number, refuse: () => void): void {
    this.#latest.set(worker, { sinceMs, refuse });
  }
}

/** Follows the worker, whose turn it is, until its stream ends, the recording does, or a pause begins. */
export async function takeStream<Target extends { readonly stream: unknown }, Reading>(
  worker: SampledWorker<Target, Reading>,
  ways: StreamWays<Target>,
  latest: LatestStreams,
): Promise<Asked> {
  const { time, gate } = ways;
  const { ticks, target } = worker;
  const sinceMs = time.nowMs();
  const before = ticks.missBefore(ticks.tickAt(sinceMs));
  if (before.unobserved > 0) worker.emit(lossOf(worker.lastStream), before);

  let pieces = 0;
  let isMalformed = false;
  const settle = worker.passOnAfterProbe();
  const send = (bytes: Uint8Array, end: StreamVerdictEnd | null) => {
    const untilMs = time.nowMs();
    ways.emit({ worker: worker.number, sinceMs, untilMs, bytes, ticks: ticks.handOver(untilMs), end });
  };
  const following = ways.follow(target, (lines) => {
    pieces += 1;
    // It has survived being sampled: the first piece may be no more than a greeting.
    if (pieces === 2) {
      settle();
      worker.conclude('dump');
      worker.goOn();
    }
    send(lines, null);
  });
  let isOver = false;
  latest.set(worker.number, sinceMs, () => {
    isMalformed = true;
    following.abandon();
    // One that lies and leaves must not come again to lie.
    if (isOver && worker.target === target) worker.way = 'dumps';
  });
  // What the agent has not sent yet comes before its goodbye.
  const ignoreEnd = time.onEnd(() => following.close());
  const judge = async () => {
    const end = await following.done;
    return isMalformed ? 'malformed' : await ways.judge(end, target);
  };
  const verdict = await gate.pass(judge, () => following.close());
  isOver = true;
  ignoreEnd();
  settle();
  const ageMs = time.nowMs() - sinceMs;
  const consequence = conclude(worker, verdict, { pieces, ageMs });
  send(new Uint8Array(0), { verdict, consequence, gap: gapOf(verdict, gate.closed !== null) });
  worker.lastStream = verdict;
  if (target === worker.target && consequence === 'dumps')
    worker.way = verdict === 'gone' ? 'dumps meanwhile' : 'dumps';
  // Whether its tracebacker answers instead is still to be seen.
  if (pieces === 0 && (consequence === 'dumps' || verdict === 'closed')) return null;
  return { answered: pieces > 0, leave: consequence === 'leave worker' || consequence === 'leave server' };
}

interface Course {
  readonly pieces: number;
  readonly ageMs: number;
}

function conclude<Target extends { readonly stream: unknown }, Reading>(
  worker: SampledWorker<Target, Reading>,
  verdict: StreamVerdict,
  { pieces, ageMs }: Course,
): StreamVerdictEnd['consequence'] {
  const failures = worker.countFailures(pieces < 2);
  const consequence = weigh(verdict, {
    failures,
    lastStream: worker.lastStream,
    // A worker that dies later was connected to when it did, as it always is, and did not die of that.
    ofDeath: () => (ageMs < provenMs ? worker.conclude('died') : 'later'),
  });
  worker.guard.passOn();
  if (verdict === 'died') worker.forget();
  if (consequence === 'later' || (verdict === 'ended' && ageMs < shortestMs)) worker.pause();
  else worker.goOn();
  return consequence;
}

interface Evidence {
  /** Streams in a row that said nothing, this one included. */
  readonly failures: number;
  /** How the one before has ended. */
  readonly lastStream: StreamVerdict | null;
  readonly ofDeath: () => Consequence;
}

function weigh(verdict: StreamVerdict, { failures, lastStream, ofDeath }: Evidence): StreamVerdictEnd['consequence'] {
  switch (verdict) {
    case 'ended':
    case 'closed':
      return 'go on';
    case 'died':
      return ofDeath();
    case 'reset':
      return failures < maxFailures ? 'later' : 'dumps';
    case 'gone':
      // An agent says goodbye and goes where its process ends: there the tracebacker may still be connected to, but does
      // not answer any more, which would look like a crash that we have caused.
      return lastStream === 'ended' ? 'later' : 'dumps';
    default:
      return 'dumps';
  }
}

/** Why there is a gap after a stream. */
function lossOf(lastStream: StreamVerdict | null) {
  return lastStream === null || lastStream === 'ended' || lastStream === 'closed' ? 'late' : lastStream;
}

function gapOf(verdict: StreamVerdict, isPaused: boolean): string {
  if (verdict === 'ended') return 'late';
  if (verdict === 'closed') return isPaused ? 'paused' : 'end';
  return verdict;
}
