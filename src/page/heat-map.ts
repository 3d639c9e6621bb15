// The heat map of moments within the second, with its brush.
import type { HeatMap } from '../aggregate/heat-map.ts';
import { makeBrush, type Range } from './brush.ts';
import { colourOfStyle, element } from './dom.ts';
import { cutMiddle } from './shorten.ts';
import { paintHeatMap, prepareCanvas } from './timeline-canvas.ts';

interface HeatMapOptions {
  /** What the ticks are of; empty: all. */
  readonly search: string;
  readonly onChoose: (range: Range | null) => void;
}

const widestCellPx = 20;
const leastHeightPx = 100;

export function drawHeatMap(box: HTMLElement, map: HeatMap, { search, onChoose }: HeatMapOptions): void {
  const canvas = element('canvas', '') as HTMLCanvasElement;
  const chosen = element('div', 'brush');
  chosen.hidden = true;
  const surface = element('div', 'heat-map', canvas, chosen);
  surface.setAttribute('role', 'img');
  surface.setAttribute('aria-label', 'busy time by second and by moment of the second');
  const cellPx = Math.min(widestCellPx, Math.max(1, Math.floor(box.clientWidth / map.columns)));
  const rowPx = Math.max(4, Math.ceil(leastHeightPx / map.rows));
  const timeAt = (event: PointerEvent) => {
    const column = Math.floor((event.clientX - surface.getBoundingClientRect().left) / cellPx);
    return Math.max(0, Math.min(map.columns - 1, column)) * map.columnMs;
  };
  makeBrush(surface, {
    timeAt,
    onMove: ({ fromMs, toMs }) => {
      chosen.hidden = false;
      chosen.style.left = `${(fromMs / map.columnMs) * cellPx}px`;
      chosen.style.width = `${((toMs - fromMs) / map.columnMs + 1) * cellPx}px`;
    },
    onChoose: (range) => onChoose(range && { fromMs: range.fromMs, toMs: range.toMs + map.columnMs }),
  });
  const what = search === '' ? 'busy time' : `time of what the search for ${cutMiddle(search, 60)} finds`;
  const blurred = map.isBlurred ? '; dumps were merged, so moments within them are not known' : '';
  const column = map.columnMs === 1_000 ? 'a second' : `${map.columnMs / 1_000} seconds`;
  const text = `${what}; each column is ${column}, from its beginning at the top: trouble that comes back at the same moment is a line${blurred}`;
  box.replaceChildren(surface, element('p', 'note', text));
  const context = prepareCanvas(canvas, map.columns * cellPx, map.rows * rowPx);
  paintHeatMap(context, map, {
    cellPx,
    rowPx,
    hot: colourOfStyle('--hot'),
    cold: colourOfStyle('--panel'),
  });
}
