// What the main thread and the sampling thread say to each other.
import type { Reading } from '../tracebacker/read.ts';
import type { Target } from '../tracebacker/target.ts';
import type { SampledDump } from './sampler.ts';

export interface SamplingThreadData {
  readonly targets: readonly Target[];
  readonly rateHz: number;
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
  | { readonly kind: 'stride'; readonly stride: number }
  | { readonly kind: 'pause' }
  | { readonly kind: 'resume' };

export type FromSamplingThread =
  /** Several at a time: a message costs more than a dump. */
  | { readonly kind: 'dumps'; readonly dumps: readonly SampledDump<Reading>[] }
  /** Answers `pause`: no dump is in flight. */
  | { readonly kind: 'paused' }
  | { readonly kind: 'end'; readonly durationMs: number };

/** What a message weighs while it waits; a little more than its bytes, so that empty ones count too. */
export function sizeOf({ outcome }: SampledDump<Reading>): number {
  return 256 + (typeof outcome === 'string' ? 0 : outcome.reading.bytes.byteLength);
}
