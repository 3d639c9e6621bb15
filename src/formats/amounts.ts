// Weights, shares and times as people read them.
import type { Profile, ProfileMeta } from '../profile/profile.ts';

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

/** When it began, in UTC: an ISO date, to be cut to what is wanted of it. Null where nobody knows. */
export function startOf({ startedEpochMs }: ProfileMeta): string | null {
  return startedEpochMs > 0 ? new Date(startedEpochMs).toISOString() : null;
}

/** How long it lasted; null where it has no time, or where it was cut off. */
export function secondsOf({ durationMs, measure }: ProfileMeta): number | null {
  // Counts may come with a time, as of a log, or without.
  return durationMs === null || (measure === 'count' && durationMs === 0) ? null : durationMs / 1_000;
}
