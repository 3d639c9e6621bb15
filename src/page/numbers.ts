// Ticks as people read them.
import type { ProfileMeta } from '../profile/profile.ts';

/** `12.3 %` */
export function share(ticks: number, of: number): string {
  return of === 0 ? '0 %' : `${((100 * ticks) / of).toFixed(1)} %`;
}

/** `1.23 s`, `45 ms`; of what has no time, the number. */
export function time(ticks: number, { rateHz, measure }: Pick<ProfileMeta, 'rateHz' | 'measure'>): string {
  if (measure === 'count') return String(ticks);
  const ms = (1_000 * ticks) / rateHz;
  if (ms >= 120_000) return `${(ms / 60_000).toFixed(1)} min`;
  return ms >= 1_000 ? `${(ms / 1_000).toFixed(2)} s` : `${Math.round(ms)} ms`;
}

/** `3 ticks`; processor time, which is counted in finer units, as time; what has no time, as samples. */
export function ticksText(ticks: number, meta: Pick<ProfileMeta, 'rateHz' | 'measure'>): string {
  if (meta.measure === 'cpu') return `${time(ticks, meta)} of processor time`;
  return countText(ticks, meta.measure === 'wall' ? 'tick' : 'sample');
}

/** `1 worker`, `2 workers`. */
export function countText(count: number, thing: string): string {
  return `${count} ${thing}${count === 1 ? '' : 's'}`;
}
