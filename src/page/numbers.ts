// Ticks as people read them.

/** `12.3 %` */
export function share(ticks: number, of: number): string {
  return of === 0 ? '0 %' : `${((100 * ticks) / of).toFixed(1)} %`;
}

/** `1.23 s`, `45 ms` */
export function time(ticks: number, rateHz: number): string {
  const ms = (1_000 * ticks) / rateHz;
  return ms >= 1_000 ? `${(ms / 1_000).toFixed(2)} s` : `${Math.round(ms)} ms`;
}

export function ticksText(ticks: number): string {
  return `${ticks} tick${ticks === 1 ? '' : 's'}`;
}
