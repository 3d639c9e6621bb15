// What of a chart is no element: dust between the frames, and frames too deep for d3-flame-graph. The canvas is as large
// as the window and moves along: one of the chart's own height would break where stacks are deep.
import { type ChartShape, type FrameBox, rowPx } from './chart-shape.ts';

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
  const { depths } = shape.layout;
  const topOf = (row: number) => (rootOnTop ? row : depths - 1 - row) * rowPx;
  const [first, last] = [Math.floor(fromPx / rowPx), Math.floor(toPx / rowPx)];
  const boxes = rootOnTop ? shape.painted(first, last, all) : shape.painted(depths - 1 - last, depths - 1 - first, all);
  context.font = chartFont;
  context.textBaseline = 'middle';
  let row = -1;
  let speckedPx = -1;
  for (const box of boxes) {
    if (box.row !== row) speckedPx = -1;
    row = box.row;
    const px = Math.floor(box.x);
    // Of several specks within a pixel the first stands for all, but what is found is always seen: each costs as much to
    // paint as a frame, and there may be a hundred thousand of them.
    if (box.width < 1 && px === speckedPx && !colours.isMatch(box.node)) continue;
    if (box.width < 1) speckedPx = px;
    paintBox(context, box.width < 1 ? { ...box, x: px, width: 1 } : box, topOf(row) - fromPx, { colours, label });
  }
}

function paintBox(
  context: CanvasRenderingContext2D,
  { node, x, width }: FrameBox,
  top: number,
  { colours, label }: Pick<Painted, 'colours' | 'label'>,
): void {
  context.fillStyle = colours.fill(node);
  const gap = width >= 3 ? 0.6 : 0;
  context.fillRect(x, top + 0.3, Math.max(width - gap, 0.4), rowPx - 0.6);
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

/** Browsers have no larger canvas. */
const mostPx = 8_000;

/** For paper: as much of the chart as a canvas can hold. */
export function paintWhole(canvas: HTMLCanvasElement, chart: HTMLElement, painted: Painted): void {
  const toPx = Math.min(painted.shape.heightPx, mostPx);
  paintPart(canvas, painted, { fromPx: 0, toPx, widthPx: chart.clientWidth });
}

function paintPart(
  canvas: HTMLCanvasElement,
  painted: Painted,
  { fromPx, toPx, widthPx }: { fromPx: number; toPx: number; widthPx: number },
): void {
  canvas.hidden = toPx <= fromPx;
  if (toPx <= fromPx) return;
  const scale = window.devicePixelRatio || 1;
  canvas.width = Math.ceil(widthPx * scale);
  canvas.height = Math.ceil((toPx - fromPx) * scale);
  canvas.style.width = `${widthPx}px`;
  canvas.style.height = `${toPx - fromPx}px`;
  canvas.style.top = `${fromPx}px`;
  const context = canvas.getContext('2d')!;
  context.scale(scale, scale);
  paintRows(context, painted, { fromPx, toPx });
}
