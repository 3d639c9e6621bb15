// The pictures of time: lanes of workers and threads, and the heat map of moments within the second.
import type { HeatMap } from '../aggregate/heat-map.ts';
import type { Lane } from '../aggregate/timeline.ts';

export interface LaneToPaint {
  readonly lane: Lane;
  readonly topPx: number;
  readonly heightPx: number;
}

export interface TimeColours {
  /** By number of the part of the code. */
  readonly part: (part: number) => string;
  readonly idle: string;
  readonly unobserved: string;
}

/** A canvas of that size in pixels of the page, cleared. */
export function prepareCanvas(canvas: HTMLCanvasElement, widthPx: number, heightPx: number): CanvasRenderingContext2D {
  const scale = window.devicePixelRatio || 1;
  canvas.width = Math.max(1, Math.round(widthPx * scale));
  canvas.height = Math.max(1, Math.round(heightPx * scale));
  canvas.style.width = `${widthPx}px`;
  canvas.style.height = `${heightPx}px`;
  const context = canvas.getContext('2d')!;
  context.scale(scale, scale);
  return context;
}

/** Busy time stands on the ground in the colour of what it was mostly of, unobserved time hangs from above. */
export function paintLane(
  context: CanvasRenderingContext2D,
  { lane, topPx, heightPx }: LaneToPaint,
  { bucketPx, colours }: { readonly bucketPx: number; readonly colours: TimeColours },
): void {
  const { busy, idle, unobserved, top } = lane;
  const pxPerTick = heightPx / fullTicks(lane);
  for (let bucket = 0; bucket < busy.length; bucket++) {
    const x = bucket * bucketPx;
    const width = Math.max(bucketPx - (bucketPx > 4 ? 0.5 : 0), 0.5);
    const busyPx = busy[bucket]! * pxPerTick;
    const idlePx = idle[bucket]! * pxPerTick;
    const unseenPx = Math.min(unobserved[bucket]! * pxPerTick, heightPx - busyPx - idlePx);
    const ground = topPx + heightPx;
    context.fillStyle = colours.idle;
    context.fillRect(x, ground - busyPx - idlePx, width, idlePx);
    if (busyPx > 0) {
      context.fillStyle = colours.part(top[bucket]!);
      context.fillRect(x, ground - busyPx, width, busyPx);
    }
    if (unseenPx > 0) {
      context.fillStyle = colours.unobserved;
      context.fillRect(x, ground - busyPx - idlePx - unseenPx, width, unseenPx);
    }
  }
}

/** Gaps may be told later than they were, all at once: they must not make what was seen look small. */
function fullTicks({ busy, idle, unobserved }: Lane): number {
  const observed = busy.reduce((most, ticks, bucket) => Math.max(most, ticks + idle[bucket]!), 0);
  return observed || unobserved.reduce((most, ticks) => Math.max(most, ticks), 1);
}

/** The hotter a cell, the more of the hot colour. */
export function paintHeatMap(
  context: CanvasRenderingContext2D,
  { columns, rows, ticks }: HeatMap,
  {
    cellPx,
    rowPx,
    hot,
    cold,
  }: { readonly cellPx: number; readonly rowPx: number; readonly hot: string; readonly cold: string },
): void {
  context.fillStyle = cold;
  context.fillRect(0, 0, columns * cellPx, rows * rowPx);
  const most = ticks.reduce((hottest, cell) => Math.max(hottest, cell), 0);
  if (most === 0) return;
  context.fillStyle = hot;
  const gap = cellPx > 5 ? 0.6 : 0;
  for (let cell = 0; cell < ticks.length; cell++) {
    if (ticks[cell] === 0) continue;
    context.globalAlpha = 0.12 + 0.88 * (ticks[cell]! / most);
    context.fillRect(Math.floor(cell / rows) * cellPx, (cell % rows) * rowPx, cellPx - gap, rowPx - gap);
  }
  context.globalAlpha = 1;
}
