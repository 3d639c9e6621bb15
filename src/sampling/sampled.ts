// What sampling gives: finished connections, pieces of streams, and the ticks that each accounts for.
import type { StreamVerdict as ConnectionVerdict, Verdict } from '../tracebacker/verdict.ts';
import type { Consequence } from './guard.ts';
import type { TickSpan } from './ticks.ts';

/** Why no connection was made. */
export type Skip =
  /** We were late ourselves. */
  | 'late'
  /** The consumer of the dumps was behind. */
  | 'behind'
  | 'paused'
  /** The first worker of the server had not yet proven that it survives a dump. */
  | 'preflight'
  /** Another worker of the server has crashed: none of them is asked again. */
  | 'spared'
  /** It has leaked as much as it may: it is not asked again. */
  | 'leak'
  /** The recording is over. */
  | 'end';

export interface Answer<Reading> {
  readonly verdict: Verdict;
  readonly reading: Reading;
}

/** A finished connection for a dump, or why there was none, and the ticks that it accounts for. */
export interface SampledDump<Reading> {
  /** Number of the worker, in the order in which they were added. */
  readonly worker: number;
  readonly outcome: (Answer<Reading> & { readonly consequence: Consequence }) | Skip | StreamVerdict;
  readonly span: TickSpan;
}

/** How a stream has ended: what its connection says of it, or what its lines were worth. */
export type StreamVerdict = ConnectionVerdict | 'malformed';

/** What has arrived of a stream, in order. Its ticks are the agent's to account for: nobody else knows what it saw. */
export interface StreamPiece {
  readonly worker: number;
  /** Since the recording began: when it was connected to, which names the stream, and until when this piece goes. */
  readonly sinceMs: number;
  readonly untilMs: number;
  /** Whole lines. */
  readonly bytes: Uint8Array;
  /** Ticks of the worker that became due since the piece before. */
  readonly ticks: number;
  /** Of the last piece: why the stream is over, and what follows; null before. */
  readonly end: StreamVerdictEnd | null;
}

export interface StreamVerdictEnd {
  readonly verdict: StreamVerdict;
  /** `dumps`: its tracebacker is asked from now on. */
  readonly consequence: Consequence | 'dumps';
  /** What the ticks were lost to that it has not accounted for. */
  readonly gap: string;
}
