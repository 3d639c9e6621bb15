// What the main thread and the sampling thread say to each other.
import type { Reading } from '../tracebacker/read.ts';
import type { Target } from '../tracebacker/target.ts';
import type { SampledDump } from './sampler.ts';

export interface SamplingThreadData {
  readonly targets: readonly Target[];
  readonly rateHz: number;
  readonly durationMs?: number | undefined;
}

/** `stop` ends the recording, `taken` returns the room that so many handed-over bytes took. */
export type ToSamplingThread = { readonly kind: 'stop' } | { readonly kind: 'taken'; readonly bytes: number };

export type FromSamplingThread =
  | { readonly kind: 'dump'; readonly dump: SampledDump<Reading> }
  | { readonly kind: 'end'; readonly durationMs: number };

/** What a message weighs while it waits; a little more than its bytes, so that empty ones count too. */
export function sizeOf({ reading }: SampledDump<Reading>): number {
  return 256 + (typeof reading === 'string' ? 0 : reading.bytes.byteLength);
}
