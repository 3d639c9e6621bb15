// Call tree, zoom and width -> what is drawn: frames that are wide enough to be read or clicked, and the dust between
// them as flat rectangles. One pass whose cost is what is drawn, not what was recorded: siblings come by falling total,
// so the first that is too small ends its row.
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
  const dust = new Collector();
  for (let node = tree.parent[zoom]!; node !== -1; node = tree.parent[node]!) frames.push(node, 0, widthPx);
  frames.reverse();
  const ancestors = frames.node.length;
  frames.push(zoom, 0, widthPx);

  const pxPerTick = tree.total[zoom]! > 0 ? widthPx / tree.total[zoom]! : 0;
  const top = tree.depth[zoom]!;
  /** Ticks left of the next frame, by depth below the zoomed one. */
  const left = [0, 0];
  for (let node = zoom + 1; node < tree.end[zoom]!; ) {
    const width = tree.total[node]! * pxPerTick;
    if (width < minDustPx) {
      node = tree.end[tree.parent[node]!]!;
      continue;
    }
    const level = tree.depth[node]! - top;
    const at = left[level]!;
    (width < minFramePx ? dust : frames).push(node, at * pxPerTick, width);
    left[level] = at + tree.total[node]!;
    left[level + 1] = at;
    node += 1;
  }
  return arrange(tree, { frames, dust, ancestors, maxFrames });
}

/** Rectangles while they are collected. */
class Collector {
  readonly node: number[] = [];
  readonly x: number[] = [];
  readonly width: number[] = [];

  push(node: number, x: number, width: number): void {
    this.node.push(node);
    this.x.push(x);
    this.width.push(width);
  }

  reverse(): void {
    for (const column of [this.node, this.x, this.width]) column.reverse();
  }

  /** The rows for which `order` names the place; a column of depths comes with them. */
  pick({ depth }: CallTree, order: Int32Array): Rectangles {
    return {
      node: order.map((row) => this.node[row]!),
      depth: order.map((row) => depth[this.node[row]!]!),
      x: Float64Array.from(order, (row) => this.x[row]!),
      width: Float64Array.from(order, (row) => this.width[row]!),
    };
  }
}

interface Collected {
  readonly frames: Collector;
  readonly dust: Collector;
  readonly ancestors: number;
  readonly maxFrames: number;
}

function arrange(tree: CallTree, { frames, dust, ancestors, maxFrames }: Collected): Layout {
  const depthOf = (node: number) => tree.depth[node]!;
  let depths = 0;
  for (const { node } of [frames, dust]) for (const one of node) depths = Math.max(depths, depthOf(one) + 1);

  const limit = deepest(frames.node.map(depthOf), { depths, always: ancestors + 1, maxFrames });
  const kept: number[] = [];
  const { node, x, width } = frames;
  for (let row = 0; row < node.length; row++) {
    if (depthOf(node[row]!) < limit) kept.push(row);
    else dust.push(node[row]!, x[row]!, width[row]!);
  }
  const byDepth = orderByDepth(tree, dust, depths);
  const drawn = frames.pick(tree, Int32Array.from(kept));
  return {
    frames: drawn,
    parent: parentRows(drawn.depth),
    ancestors,
    dust: dust.pick(tree, byDepth.order),
    dustStart: byDepth.start,
    depths,
  };
}

interface Limits {
  readonly depths: number;
  /** So many frames are shown in any case. */
  readonly always: number;
  readonly maxFrames: number;
}

/** From which depth on frames are dust. */
function deepest(depthOf: readonly number[], { depths, always, maxFrames }: Limits): number {
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

/** Within one depth from left to right: frames that became dust come after the rest of it. */
function orderByDepth(tree: CallTree, { node, x }: Collector, depths: number) {
  const start = new Int32Array(depths + 1);
  for (const one of node) start[tree.depth[one]! + 1]! += 1;
  for (let depth = 0; depth < depths; depth++) start[depth + 1]! += start[depth]!;
  const order = Int32Array.from(node, (_, row) => row).sort(
    (a, b) => tree.depth[node[a]!]! - tree.depth[node[b]!]! || x[a]! - x[b]! || a - b,
  );
  return { order, start };
}
