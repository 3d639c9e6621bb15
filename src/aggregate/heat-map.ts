// Busy ticks by second and fraction of a second, after FlameScope (https://github.com/Netflix/flamescope): what happens
// again and again at the same moment of the second is a line, what happens now and then is a spot.
import type { Profile } from '../profile/profile.ts';

export interface HeatMap {
  /** A second, or more of them where there would be too many columns. */
  readonly columnMs: number;
  readonly columns: number;
  readonly rows: number;
  /** Ticks, columns one after another, each from its beginning. */
  readonly ticks: Float64Array;
  /** True where some of it is of merged dumps, whose moments are not known better than to a cell. */
  readonly isBlurred: boolean;
}

export interface HeatMapOptions {
  readonly mostColumns: number;
  readonly mostRows: number;
  /** Only stacks with 1 count; absent: all of them. */
  readonly stacks?: Uint8Array;
}

/** What divides a second evenly. */
const rowCounts = [100, 50, 40, 25, 20, 10, 5, 4, 2, 1];

export function measureHeatMap(profile: Profile, { mostColumns, mostRows, stacks }: HeatMapOptions): HeatMap {
  const { meta, dumps, samples } = profile;
  const tickMs = 1_000 / meta.rateHz;
  const lastMs = dumps.timeMs.reduce((last, time) => Math.max(last, time), 0);
  const endMs = Math.max(meta.durationMs ?? 0, lastMs + 1);
  const columnMs = Math.ceil(endMs / 1_000 / mostColumns) * 1_000;
  // A row shorter than a tick would stay empty every other time.
  const rows = rowCounts.find((count) => count <= Math.min(mostRows, columnMs / tickMs)) ?? 1;
  const columns = Math.ceil(endMs / columnMs);
  const cellMs = columnMs / rows;
  const ticks = new Float64Array(columns * rows);
  let isBlurred = false;
  let sample = 0;
  for (let row = 0; row < dumps.weight.length; row++) {
    let busy = 0;
    for (; sample < dumps.sampleEnd[row]!; sample++) {
      if (stacks === undefined || stacks[samples.stack[sample]!] === 1) busy += samples.weight[sample]!;
    }
    const weight = dumps.weight[row]!;
    if (busy === 0) continue;
    const first = Math.floor(dumps.timeMs[row]! / cellMs);
    const last = Math.min(ticks.length - 1, Math.floor((dumps.timeMs[row]! + (weight - 1) * tickMs + 1e-6) / cellMs));
    isBlurred ||= dumps.dumps[row]! > 1 && last > first;
    for (let cell = first; cell <= last; cell++) ticks[cell]! += busy / (last - first + 1);
  }
  return { columnMs, columns, rows, ticks, isBlurred };
}
