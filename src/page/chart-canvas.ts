// What of a chart is no element: dust between the frames, and frames too deep for d3-flame-graph. The canvas is as large
// as the window and moves along: one of the chart's own height would break where stacks are deep.
import type { Rectangles } from '../aggregate/layout.ts';
import { type ChartShape, rowPx } from './chart-shape.ts';
import { canvasScale, mostPixels } from './png.ts';
import { Specks, speckPx } from './specks.ts';

export interface ChartColours {
  readonly fill: (node: number) => string;
  readonly text: (node: number) => string;
  readonly isMatch: (node: number) => boolean;
}

export interface Painted {
  readonly shape: ChartShape;
  readonly rootOnTop: boolean;
  readonly colours: ChartColours;
  /** The label, cut to a width. */
  readonly label: (node: number, widthPx: number) => string;
}

/** From this width on a frame of the canvas gets its label, as d3-flame-graph has it. */
const labelledPx = 35;

export const chartFont = '12px system-ui, sans-serif';

/** Draws the rows between two heights of the chart, with `all` also those that are elements. */
export function paintRows(
  context: CanvasRenderingContext2D,
  { shape, rootOnTop, colours, label }: Painted,
  { fromPx, toPx, all = false }: { fromPx: number; toPx: number; all?: boolean },
): void {
  const { frames, dust, dustStart, depths } = shape.layout;
  const topOf = (row: number) => (rootOnTop ? row : depths - 1 - row) * rowPx - fromPx;
  const [upper, lower] = [Math.floor(fromPx / rowPx), Math.floor(toPx / rowPx)];
  const first = Math.max(0, rootOnTop ? upper : depths - 1 - lower);
  const last = Math.min(depths - 1, rootOnTop ? lower : depths - 1 - upper);
  context.font = chartFont;
  context.textBaseline = 'middle';
  const box = (boxes: Rectangles, at: number, top: number) =>
    paintBox(context, { node: boxes.node[at]!, x: boxes.x[at]!, width: boxes.width[at]!, top }, { colours, label });
  const specks = new Specks(frames.width[0]!, last - first + 1);
  for (let row = first; row <= last; row++) {
    const top = topOf(row);
    if (all || row >= shape.elementRows) for (const at of shape.framesOf(row)) box(frames, at, top);
    const [from, to] = [dustStart[row]!, dustStart[row + 1]!];
    for (let at = from; at < to; at++) if (dust.width[at]! >= speckPx) box(dust, at, top);
    specks.add(row - first, { boxes: dust, from, to }, colours);
  }
  specks.draw(context, rowPx - 2 * gapPx, (row) => topOf(first + row) + gapPx);
}

/** Around each frame. */
const gapPx = 0.3;

function paintBox(
  context: CanvasRenderingContext2D,
  { node, x, width, top }: { node: number; x: number; width: number; top: number },
  { colours, label }: Pick<Painted, 'colours' | 'label'>,
): void {
  context.fillStyle = colours.fill(node);
  context.fillRect(x, top + gapPx, width - 2 * gapPx, rowPx - 2 * gapPx);
  if (width < labelledPx) return;
  context.fillStyle = colours.text(node);
  context.fillText(label(node, width - 8), x + 4, top + rowPx / 2 + 0.5);
}

/** Puts the canvas over the part of the chart that is in the window, and draws that. */
export function paintVisible(canvas: HTMLCanvasElement, chart: HTMLElement, painted: Painted): void {
  const { top } = chart.getBoundingClientRect();
  const fromPx = Math.max(0, -top);
  paintPart(canvas, painted, {
    fromPx,
    toPx: Math.min(painted.shape.heightPx, window.innerHeight - top),
    widthPx: chart.clientWidth,
  });
}

/** Of a picture that has not all rows of a chart. */
export function describeCut(drawn: number, depth: number): string {
  const [left, all] = [depth - drawn, depth].map((rows) => rows.toLocaleString('en'));
  return `${left} more rows are left out; the SVG file has all ${all}`;
}

/** How many rows of a chart there is room for, in so many: all, or one less, for the line that says so. */
export function rowsThatFit(depth: number, most: number): number {
  return depth <= most ? depth : most - 1;
}

/**
 * For paper: the rows that a canvas can hold, those that are nearest to the root; the style sheet says what is left out.
 * `endPaper` makes it a chart for the window again.
 */
export function paintWhole(canvas: HTMLCanvasElement, chart: HTMLElement, painted: Painted): void {
  const depth = painted.shape.layout.depths;
  const most = Math.floor(mostPixels / rowPx);
  const drawn = rowsThatFit(depth, most);
  const isCut = drawn < depth;
  if (isCut) chart.dataset.cut = describeCut(drawn, depth);
  chart.style.height = `${Math.min(depth, most) * rowPx}px`;
  const fromPx = painted.rootOnTop ? 0 : (depth - drawn) * rowPx;
  const topPx = isCut && !painted.rootOnTop ? rowPx : 0;
  paintPart(canvas, painted, { fromPx, toPx: fromPx + drawn * rowPx, widthPx: chart.clientWidth, topPx });
}

export function endPaper(chart: HTMLElement, { shape }: Painted): void {
  delete chart.dataset.cut;
  chart.style.height = `${shape.heightPx}px`;
}

function paintPart(
  canvas: HTMLCanvasElement,
  painted: Painted,
  { fromPx, toPx, widthPx, topPx = fromPx }: { fromPx: number; toPx: number; widthPx: number; topPx?: number },
): void {
  canvas.hidden = toPx <= fromPx;
  if (toPx <= fromPx) return;
  const scale = canvasScale(widthPx, toPx - fromPx);
  const [width, height] = [Math.ceil(widthPx * scale), Math.ceil((toPx - fromPx) * scale)];
  // To set a size, even the same, is to get a new canvas.
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
  canvas.style.width = `${widthPx}px`;
  canvas.style.height = `${toPx - fromPx}px`;
  canvas.style.top = `${topPx}px`;
  const context = canvas.getContext('2d')!;
  context.resetTransform();
  context.clearRect(0, 0, width, height);
  context.scale(scale, scale);
  paintRows(context, painted, { fromPx, toPx });
}
