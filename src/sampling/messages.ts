// What the main thread and the sampling thread say to each other.
import type { StreamRequest } from '../tracebacker/follow.ts';
import type { Reading } from '../tracebacker/read.ts';
import type { Target } from '../tracebacker/target.ts';
import type { SampledDump, StreamPiece } from './sampled.ts';
import type { DumpRates } from './sampler.ts';

export interface SamplingThreadData {
  readonly targets: readonly Target[];
  readonly rateHz: number;
  readonly dumpRates: DumpRates;
  /** What agents are asked for, at the same rate. */
  readonly request: Omit<StreamRequest, 'rateHz'>;
  /** Undefined: until `stop`. */
  readonly durationMs?: number | undefined;
  readonly keepGoing: boolean;
}

export type ToSamplingThread =
  /** Ends the recording early. */
  | { readonly kind: 'stop' }
  /** Closes the connections that are open, whatever they still have to say. */
  | { readonly kind: 'abandon' }
  /** Returns the room that so many handed-over bytes took. */
  | { readonly kind: 'taken'; readonly bytes: number }
  | { readonly kind: 'add'; readonly targets: readonly Target[] }
  | { readonly kind: 'replace'; readonly worker: number; readonly target: Target }
  | { readonly kind: 'stride'; readonly worker: number; readonly stride: number }
  | { readonly kind: 'release'; readonly worker: number }
  | { readonly kind: 'refuse'; readonly worker: number; readonly sinceMs: number }
  | { readonly kind: 'pause' }
  | { readonly kind: 'resume' };

/** In the order in which it came: a dump, or a piece of a stream. */
export type Sampled = SampledDump<Reading> | StreamPiece;

export type FromSamplingThread =
  /** Several at a time: a message costs more than a dump. */
  | { readonly kind: 'sampled'; readonly sampled: readonly Sampled[] }
  /** Answers `pause`: no dump is in flight. */
  | { readonly kind: 'paused' }
  | { readonly kind: 'end'; readonly durationMs: number };

/** Its bytes; null where there are none. */
export function bytesOf(sampled: Sampled): Uint8Array | null {
  if ('bytes' in sampled) return sampled.bytes;
  return typeof sampled.outcome === 'string' ? null : sampled.outcome.reading.bytes;
}

/** What a message weighs while it waits; a little more than its bytes, so that empty ones count too. */
export function sizeOf(sampled: Sampled): number {
  return 256 + (bytesOf(sampled)?.byteLength ?? 0);
}
