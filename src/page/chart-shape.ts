// The layout of a chart, ready to be drawn and pointed at: where each frame is, and which one is at a place.
import type { Layout, Rectangles } from '../aggregate/layout.ts';

export const rowPx = 18;

/** So many frames are elements at most: each costs d3-flame-graph five nodes of the document. */
export const maxElements = 400;

/** d3-flame-graph takes longer with the square of the depth; deeper frames are drawn on the canvas. */
const maxElementRows = 500;

export interface FrameBox {
  readonly node: number;
  readonly row: number;
  readonly x: number;
  readonly width: number;
}

export class ChartShape {
  readonly layout: Layout;
  /** Frames of rows from this one on are drawn on the canvas. */
  readonly elementRows: number;
  readonly #order: Int32Array;
  readonly #start: Int32Array;

  constructor(layout: Layout) {
    this.layout = layout;
    const { frames, depths } = layout;
    this.#start = new Int32Array(depths + 1);
    for (const depth of frames.depth) this.#start[depth + 1]! += 1;
    for (let depth = 0; depth < depths; depth++) this.#start[depth + 1]! += this.#start[depth]!;
    const next = this.#start.slice();
    this.#order = new Int32Array(frames.node.length);
    // Rows of a layout are in pre-order, so that within a depth they come from left to right.
    for (let row = 0; row < frames.node.length; row++) this.#order[next[frames.depth[row]!]!++] = row;
    let elementRows = 1;
    while (elementRows < Math.min(depths, maxElementRows) && this.#start[elementRows + 1]! <= maxElements)
      elementRows++;
    this.elementRows = elementRows;
  }

  get heightPx(): number {
    return this.layout.depths * rowPx;
  }

  /** The frame of that row at that place, the dust included; null where there is none. */
  at(row: number, x: number): FrameBox | null {
    const { frames, dust, dustStart, depths } = this.layout;
    if (row < 0 || row >= depths) return null;
    const frame = lastBefore(x, this.#start[row]!, this.#start[row + 1]!, (at) => frames.x[this.#order[at]!]!);
    const found = frame === null ? null : boxOf(frames, this.#order[frame]!);
    if (found && x < found.x + found.width) return found;
    const speck = lastBefore(x, dustStart[row]!, dustStart[row + 1]!, (at) => dust.x[at]!);
    const near = speck === null ? null : boxOf(dust, speck);
    return near && x < near.x + Math.max(near.width, 1) ? near : null;
  }

  /** Where a node is drawn; null where it is too narrow. */
  find(node: number): FrameBox | null {
    for (const part of [this.layout.frames, this.layout.dust]) {
      const at = part.node.indexOf(node);
      if (at !== -1) return boxOf(part, at);
    }
    return null;
  }

  /** The frames of a row, from left to right: rows of the layout's frames. */
  framesOf(row: number): Int32Array {
    return this.#order.subarray(this.#start[row]!, this.#start[row + 1]!);
  }

  /** All that is drawn, row by row. */
  *boxes(): Generator<FrameBox> {
    const { frames, dust, dustStart, depths } = this.layout;
    for (let row = 0; row < depths; row++) {
      for (const at of this.framesOf(row)) yield boxOf(frames, at);
      for (let at = dustStart[row]!; at < dustStart[row + 1]!; at++) yield boxOf(dust, at);
    }
  }
}

function boxOf({ node, depth, x, width }: Rectangles, at: number): FrameBox {
  return { node: node[at]!, row: depth[at]!, x: x[at]!, width: width[at]! };
}

/** The last of the sorted places from `from` to `to` (without it) that is not right of `x`. */
function lastBefore(x: number, from: number, to: number, placeAt: (at: number) => number): number | null {
  let low = from;
  let high = to;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (placeAt(middle) <= x) low = middle + 1;
    else high = middle;
  }
  return low === from ? null : low - 1;
}
