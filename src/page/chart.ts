// A chart of a call tree. d3-flame-graph draws the frames that are wide enough to be read, a canvas the rest. The
// package's own click, zoom, search and tooltip are recursive over the whole tree and are passed by.
import flamegraph from 'd3-flame-graph';
import { select } from 'd3-selection';
import type { CallTree } from '../aggregate/call-tree.ts';
import { layOut } from '../aggregate/layout.ts';
import type { Colour } from '../profile/palette.ts';
import { chartFont, endPaper, type Painted, paintVisible, paintWhole } from './chart-canvas.ts';
import { ChartShape, rowPx } from './chart-shape.ts';
import { element } from './dom.ts';
import { shorten, twinsOf } from './shorten.ts';

export const minFramePx = 8;
export const minDustPx = 0.3;

export interface ChartInput {
  readonly tree: CallTree;
  readonly zoom: number;
  readonly rootOnTop: boolean;
  readonly labelOf: (node: number) => string;
  readonly colourOf: (node: number) => Colour;
  readonly isMatch: (node: number) => boolean;
  readonly matchColour: Colour;
  /** The frame that the keyboard is on; null: none. */
  readonly cursor: number | null;
}

export interface ChartEvents {
  readonly onPick: (node: number) => void;
  /** Null: the pointer is on no frame. */
  readonly onPoint: (node: number | null, at: { clientX: number; clientY: number }) => void;
}

export interface Chart {
  readonly element: HTMLElement;
  draw(input: ChartInput): void;
  /** What is drawn now, for downloads; null before the first drawing. */
  painted(): Painted | null;
  /** Where a node is in the window; null where it is not drawn. */
  boxOf(node: number): DOMRect | null;
}

/** A frame as d3-flame-graph takes it: its own short names. */
interface FedFrame {
  readonly node: number;
  readonly n: string;
  readonly v: number;
  readonly c: FedFrame[];
  readonly fade: boolean;
}

export function createChart(name: string, { onPick, onPoint }: ChartEvents): Chart {
  const canvas = element('canvas', 'dust') as HTMLCanvasElement;
  const frames = element('div', 'frames');
  const cursor = element('div', 'cursor');
  const box = element('div', 'chart', canvas, frames, cursor);
  frames.setAttribute('aria-hidden', 'true'); // the labels of what is drawn; the table has them all, and more
  canvas.setAttribute('aria-hidden', 'true');
  box.setAttribute('role', 'application');
  box.setAttribute('aria-roledescription', 'flame graph');
  box.setAttribute(
    'aria-label',
    `${name}; arrow keys walk the frames, Enter zooms, the functions view has the same as a table`,
  );
  box.tabIndex = 0;

  let input: ChartInput | null = null;
  let painted: Painted | null = null;
  let widthPx = 0;
  let scheduled = false;
  const repaint = () => {
    if (painted && box.isConnected && box.offsetParent !== null) paintVisible(canvas, box, painted);
  };
  const onScroll = () => {
    if (scheduled) return;
    scheduled = true;
    requestAnimationFrame(() => {
      scheduled = false;
      repaint();
    });
  };
  window.addEventListener('scroll', onScroll, { passive: true });
  window.addEventListener('beforeprint', () => painted && box.isConnected && paintWhole(canvas, box, painted));
  window.addEventListener('afterprint', () => {
    if (painted) endPaper(box, painted);
    repaint();
  });

  const feed = chartFeeder(frames, (node) => input!.colourOf(node).fill);
  const nodeAt = (event: MouseEvent): number | null => {
    if (!painted) return null;
    const { left, top } = box.getBoundingClientRect();
    const row = Math.floor((event.clientY - top) / rowPx);
    const { depths } = painted.shape.layout;
    return painted.shape.at(painted.rootOnTop ? row : depths - 1 - row, event.clientX - left)?.node ?? null;
  };
  box.addEventListener(
    'click',
    (event) => {
      event.stopPropagation(); // before d3-flame-graph's own zoom hears of it
      const node = nodeAt(event);
      if (node !== null) onPick(node);
    },
    true,
  );
  box.addEventListener('mousemove', (event) => {
    const node = nodeAt(event);
    box.classList.toggle('pointing', node !== null);
    onPoint(node, event);
  });
  box.addEventListener('mouseleave', (event) => onPoint(null, event));

  const placeCursor = () => {
    const at = input?.cursor == null ? null : painted!.shape.find(input.cursor);
    cursor.hidden = at === null;
    if (at === null) return;
    cursor.style.left = `${at.x}px`;
    cursor.style.top = `${topOf(painted!, at.row)}px`;
    cursor.style.width = `${Math.max(at.width, 3)}px`;
  };

  return {
    element: box,
    draw(next) {
      const before = input;
      const sameFrames =
        before !== null &&
        widthPx === box.clientWidth &&
        (['tree', 'zoom', 'rootOnTop', 'labelOf'] as const).every((part) => before[part] === next[part]);
      input = next;
      if (!sameFrames) {
        widthPx = box.clientWidth;
        if (widthPx === 0) return;
        const { tree, zoom } = next;
        const shape = new ChartShape(layOut(tree, { zoom, widthPx, minFramePx, minDustPx }));
        painted = {
          shape,
          rootOnTop: next.rootOnTop,
          label: labelCutter(tree, next.labelOf),
          colours: coloursOf(() => input!),
        };
        box.style.height = `${shape.heightPx}px`;
        box.classList.toggle('root-below', !next.rootOnTop);
        feed(fedTree(next, painted), { widthPx, rootOnTop: next.rootOnTop });
      }
      if (painted === null) return;
      decorate(frames, next);
      placeCursor();
      repaint();
    },
    painted: () => painted,
    boxOf(node) {
      const at = painted?.shape.find(node);
      if (!painted || !at) return null;
      const { left, top } = box.getBoundingClientRect();
      return new DOMRect(left + at.x, top + topOf(painted, at.row), at.width, rowPx);
    },
  };
}

function topOf({ shape, rootOnTop }: Painted, row: number): number {
  return (rootOnTop ? row : shape.layout.depths - 1 - row) * rowPx;
}

/** Gives frames to d3-flame-graph, which wants to be made before it can be updated. */
function chartFeeder(container: HTMLElement, fill: (node: number) => string) {
  const noTooltip = Object.assign(() => {}, { show: () => {}, hide: () => {} });
  const chart = flamegraph<FedFrame>()
    .cellHeight(rowPx)
    .resetHeightOnZoom(true)
    .tooltip(noTooltip)
    .setColorMapper(({ data }) => fill(data.node));
  let isMade = false;
  return (root: FedFrame, { widthPx, rootOnTop }: { widthPx: number; rootOnTop: boolean }) => {
    chart.width(widthPx).inverted(rootOnTop);
    if (isMade) chart.update(root);
    else select(container).datum(root).call(chart);
    isMade = true;
  };
}

/** The frames of the upper rows, nested. */
function fedTree({ tree }: ChartInput, { shape, label }: Painted): FedFrame {
  const { frames, parent, ancestors } = shape.layout;
  const fed: FedFrame[] = [];
  for (let row = 0; row < frames.node.length; row++) {
    if (frames.depth[row]! >= shape.elementRows) continue;
    const node = frames.node[row]!;
    const n = label(node, frames.width[row]! - 8);
    const frame = { node, n, v: tree.total[node]!, c: [], fade: row < ancestors };
    fed[row] = frame;
    if (row > 0) fed[parent[row]!]!.c.push(frame);
  }
  return fed[0]!;
}

/** Marks what the search finds, without a new layout. */
function decorate(container: HTMLElement, { colourOf, isMatch, matchColour }: ChartInput): void {
  for (const frame of container.querySelectorAll('g.frame')) {
    const { node } = (frame as unknown as { __data__: { data: FedFrame } }).__data__.data;
    const found = isMatch(node);
    const { fill } = found ? matchColour : colourOf(node);
    const rect = frame.firstElementChild!;
    frame.classList.toggle('match', found);
    if (rect.getAttribute('fill') !== fill) rect.setAttribute('fill', fill);
  }
}

function coloursOf(input: () => ChartInput): Painted['colours'] {
  const colour = (node: number) => (input().isMatch(node) ? input().matchColour : input().colourOf(node));
  return {
    fill: (node) => colour(node).fill,
    text: (node) => colour(node).text,
    isMatch: (node) => input().isMatch(node),
  };
}

let measuring: CanvasRenderingContext2D | null = null;

/** Cuts labels to a width. Only so many characters are measured: names may be of any length. */
function labelCutter(tree: CallTree, labelOf: (node: number) => string) {
  measuring ??= document.createElement('canvas').getContext('2d')!;
  const context = measuring;
  context.font = chartFont;
  return (node: number, widthPx: number): string => {
    const label = labelOf(node);
    const most = Math.max(1, Math.floor(widthPx / 4));
    if (label.length <= most && context.measureText(label).width <= widthPx) return label;
    const twins = twinsOf(label, labelsBeside(tree, node, labelOf));
    let text = shorten(label, most, twins);
    for (let measured = context.measureText(text).width; measured > widthPx && text.length > 1; ) {
      const fewer = Math.max(1, Math.min(text.length - 1, Math.floor((text.length * widthPx) / measured)));
      text = shorten(label, fewer, twins);
      measured = context.measureText(text).width;
    }
    return text;
  };
}

/** Siblings come by falling total: the others are too narrow for a name. */
const mostBeside = 60;

function* labelsBeside({ parent, end }: CallTree, node: number, labelOf: (node: number) => string): Generator<string> {
  const above = parent[node]!;
  if (above === -1) return;
  for (let at = above + 1, seen = 0; at < end[above]! && seen < mostBeside; at = end[at]!, seen++) yield labelOf(at);
}
