// Call tree -> only what can be seen under the zoomed frame, in the nested form that d3-flame-graph takes. Drawing
// costs what is visible, not what was recorded.
import type { CallTree } from '../aggregate/call-tree.ts';

export interface VisibleFrame {
  /** Number of the node in the call tree. */
  readonly node: number;
  /** Label; d3-flame-graph's own short names. */
  readonly n: string;
  /** Ticks. */
  readonly v: number;
  readonly c: VisibleFrame[];
  /** An ancestor of the zoomed frame: drawn over the whole width, pale. */
  readonly fade: boolean;
}

interface VisibleTreeOptions {
  readonly label: (node: number) => string;
  /** The zoomed frame; 0 shows everything. */
  readonly zoom: number;
  readonly widthPx: number;
  /** Narrower frames are left out. */
  readonly minPx: number;
}

export function visibleTree(tree: CallTree, { label, zoom, widthPx, minPx }: VisibleTreeOptions): VisibleFrame {
  const show = (node: number, fade: boolean): VisibleFrame => ({
    node,
    n: label(node),
    v: tree.total[node]!,
    c: [],
    fade,
  });
  const zoomed = show(zoom, false);
  const minTicks = (minPx * tree.total[zoom]!) / widthPx;
  const open: VisibleFrame[] = [zoomed];
  for (let node = zoom + 1; node < tree.end[zoom]!; ) {
    const parent = tree.parent[node]!;
    while (open.at(-1)!.node !== parent) open.pop();
    if (tree.total[node]! < minTicks) {
      node = tree.end[parent]!; // siblings come by falling total: the rest of them is smaller still
      continue;
    }
    const frame = show(node, false);
    open.at(-1)!.c.push(frame);
    open.push(frame);
    node += 1;
  }
  let root = zoomed;
  for (let node = tree.parent[zoom]!; node !== -1; node = tree.parent[node]!) {
    root = { ...show(node, true), c: [root] };
  }
  return root;
}
