// Weights and shares as people read them.
import type { Profile } from '../profile/profile.ts';

/** `120 ticks (6.0 s)` of wall time, `1.25 s of processor time`, `17` of things that are only counted. */
export function describeWeight({ meta }: Profile): (ticks: number) => string {
  const seconds = (ticks: number) => describeSeconds(ticks / meta.rateHz);
  if (meta.measure === 'count') return (ticks) => `${ticks}`;
  if (meta.measure === 'cpu') return (ticks) => `${seconds(ticks)} of processor time`;
  return (ticks) => `${ticks} ${ticks === 1 ? 'tick' : 'ticks'} (${seconds(ticks)})`;
}

export function describeSeconds(seconds: number): string {
  if (seconds > 0 && seconds < 1) return `${Number((seconds * 1_000).toPrecision(3))} ms`;
  return `${seconds.toFixed(seconds < 10 ? 2 : 1)} s`;
}

/** Of a share from 0 to 1. */
export function percent(share: number): string {
  return `${(share * 100).toFixed(1)}%`;
}
