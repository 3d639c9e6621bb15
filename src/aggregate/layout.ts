// Call tree, zoom and width -> what is drawn: frames that are wide enough to be read or clicked, and the dust between
// them as flat rectangles. One pass whose cost is what is drawn, not what was recorded: siblings come by falling total,
// so the first that is too small ends its row.
import { numbersWhere } from '../profile/pick.ts';
import type { CallTree } from './call-tree.ts';

/** Rectangles in columns. */
export interface Rectangles {
  /** Of the call tree. */
  readonly node: Int32Array;
  /** Rows from the root, which has 0. */
  readonly depth: Int32Array;
  /** Pixels from the left. */
  readonly x: Float64Array;
  readonly width: Float64Array;
}

export interface Layout {
  /** Parents before their children, siblings from left to right: first the ancestors of the zoomed frame, then itself. */
  readonly frames: Rectangles;
  /** The row of each frame's parent in `frames`; -1 at the root. */
  readonly parent: Int32Array;
  /** How many of `frames` are ancestors of the zoomed one: they are drawn over the whole width. */
  readonly ancestors: number;
  /** By depth, and from left to right. */
  readonly dust: Rectangles;
  /** Where the dust of each depth begins, and, one past the last depth, where it ends. */
  readonly dustStart: Int32Array;
  /** Rows of the picture. */
  readonly depths: number;
}

export interface LayoutOptions {
  /** The frame that fills the width; 0 shows everything. */
  readonly zoom: number;
  readonly widthPx: number;
  /** Narrower frames are dust. */
  readonly minFramePx: number;
  /** Narrower ones are not drawn at all. */
  readonly minDustPx: number;
  /** The deepest frames beyond so many are dust, however wide; ancestors and the zoomed frame are never. */
  readonly maxFrames?: number;
}

export function layOut(tree: CallTree, options: LayoutOptions): Layout {
  const { zoom, widthPx, minFramePx, minDustPx, maxFrames = Number.POSITIVE_INFINITY } = options;
  const frames = new Collector();
  const dust = spareDust.clear();
  const above: number[] = [];
  for (let node = tree.parent[zoom]!; node !== -1; node = tree.parent[node]!) above.push(node);
  for (const node of above.reverse()) frames.push(node, 0, widthPx);
  frames.push(zoom, 0, widthPx);

  const { total, depth, end, parent } = tree;
  const pxPerTick = total[zoom]! > 0 ? widthPx / total[zoom]! : 0;
  const top = above.length;
  /** Ticks left of the next frame, by depth below the zoomed one. */
  const left = [0, 0];
  const last = end[zoom]!;
  for (let node = zoom + 1; node < last; ) {
    const ticks = total[node]!;
    const width = ticks * pxPerTick;
    if (width < minDustPx) {
      node = end[parent[node]!]!;
      continue;
    }
    const level = depth[node]! - top;
    const at = left[level]!;
    (width < minFramePx ? dust : frames).push(node, at * pxPerTick, width);
    left[level] = at + ticks;
    left[level + 1] = at;
    node += 1;
  }
  return arrange({ frames: frames.view(tree), dust: dust.view(tree), ancestors: above.length, maxFrames });
}

/** Rectangles while they are collected, in pre-order. */
class Collector {
  #columns = emptyRectangles(256);
  #length = 0;

  push(node: number, x: number, width: number): void {
    if (this.#length === this.#columns.node.length) this.#grow();
    this.#columns.node[this.#length] = node;
    this.#columns.x[this.#length] = x;
    this.#columns.width[this.#length] = width;
    this.#length += 1;
  }

  #grow(): void {
    const grown = emptyRectangles(4 * this.#length);
    grown.node.set(this.#columns.node);
    grown.x.set(this.#columns.x);
    grown.width.set(this.#columns.width);
    this.#columns = grown;
  }

  /** Forgets what was collected, and with it what was viewed. */
  clear(): this {
    this.#length = 0;
    return this;
  }

  view(tree: CallTree): Rectangles {
    const { node, depth, x, width } = this.#columns;
    const used = this.#length;
    for (let row = 0; row < used; row++) depth[row] = tree.depth[node[row]!]!;
    return {
      node: node.subarray(0, used),
      depth: depth.subarray(0, used),
      x: x.subarray(0, used),
      width: width.subarray(0, used),
    };
  }
}

/** Kept from layout to layout: of each it is sorted, a hundred thousand rectangles perhaps, into columns of its own. */
const spareDust = new Collector();

function emptyRectangles(count: number): Rectangles {
  return {
    node: new Int32Array(count),
    depth: new Int32Array(count),
    x: new Float64Array(count),
    width: new Float64Array(count),
  };
}

interface Collected {
  readonly frames: Rectangles;
  readonly dust: Rectangles;
  readonly ancestors: number;
  readonly maxFrames: number;
}

function arrange({ frames, dust, ancestors, maxFrames }: Collected): Layout {
  const depths = 1 + Math.max(deepestOf(frames), deepestOf(dust));
  const limit = depthLimit(frames.depth, { depths, always: ancestors + 1, maxFrames });
  const part = (isDeep: boolean) =>
    pick(
      frames,
      numbersWhere(frames.depth.length, (row) => frames.depth[row]! >= limit === isDeep),
    );
  const shown = limit === depths ? frames : part(false);
  const specks = limit === depths ? dust : inPreOrder(dust, part(true));
  const { sorted, start } = sortByDepth(specks, depths);
  return { frames: shown, parent: parentRows(shown.depth), ancestors, dust: sorted, dustStart: start, depths };
}

function deepestOf({ depth }: Rectangles): number {
  let deepest = -1;
  for (let row = 0; row < depth.length; row++) if (depth[row]! > deepest) deepest = depth[row]!;
  return deepest;
}

function pick({ node, depth, x, width }: Rectangles, rows: Int32Array): Rectangles {
  const picked = emptyRectangles(rows.length);
  for (let at = 0; at < rows.length; at++) {
    const row = rows[at]!;
    picked.node[at] = node[row]!;
    picked.depth[at] = depth[row]!;
    picked.x[at] = x[row]!;
    picked.width[at] = width[row]!;
  }
  return picked;
}

/** The dust together with the frames that are too deep to be shown. */
function inPreOrder(dust: Rectangles, deep: Rectangles): Rectangles {
  const ints = (name: 'node' | 'depth') => Int32Array.from([...dust[name], ...deep[name]]);
  const floats = (name: 'x' | 'width') => Float64Array.from([...dust[name], ...deep[name]]);
  const both = { node: ints('node'), depth: ints('depth'), x: floats('x'), width: floats('width') };
  const rows = both.node.map((_, row) => row);
  return pick(
    both,
    rows.sort((a, b) => both.node[a]! - both.node[b]!),
  );
}

interface Limits {
  readonly depths: number;
  /** So many frames are shown in any case. */
  readonly always: number;
  readonly maxFrames: number;
}

/** From which depth on frames are dust. */
function depthLimit(depthOf: Int32Array, { depths, always, maxFrames }: Limits): number {
  if (depthOf.length <= maxFrames) return depths;
  const count = new Int32Array(depths);
  for (const depth of depthOf) count[depth]! += 1;
  let limit = 0;
  for (let shown = 0; limit < depths; limit++) {
    shown += count[limit]!;
    if (shown > maxFrames && limit >= always) break;
  }
  return limit;
}

/** Pre-order: the parent is the last frame before it that is one row nearer to the root. */
function parentRows(depth: Int32Array): Int32Array {
  const last: number[] = [];
  return depth.map((level, row) => {
    last[level] = row;
    return level === 0 ? -1 : last[level - 1]!;
  });
}

/** In pre-order a row is left of the next one of its depth. */
function sortByDepth({ node, depth, x, width }: Rectangles, depths: number): { sorted: Rectangles; start: Int32Array } {
  const start = new Int32Array(depths + 1);
  for (let row = 0; row < depth.length; row++) start[depth[row]! + 1]! += 1;
  for (let one = 0; one < depths; one++) start[one + 1]! += start[one]!;
  const next = start.slice();
  const sorted = emptyRectangles(depth.length);
  for (let row = 0; row < depth.length; row++) {
    const at = next[depth[row]!]!++;
    sorted.node[at] = node[row]!;
    sorted.depth[at] = depth[row]!;
    sorted.x[at] = x[row]!;
    sorted.width[at] = width[row]!;
  }
  return { sorted, start };
}
