// Call tree -> only what can be seen under the zoomed frame, in the nested form that d3-flame-graph takes. Drawing
// costs what is visible, not what was recorded.
import type { CallTree } from '../aggregate/call-tree.ts';
import { layOut } from '../aggregate/layout.ts';

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
  const { frames, parent, ancestors } = layOut(tree, { zoom, widthPx, minFramePx: minPx, minDustPx: minPx });
  const shown = Array.from(
    frames.node,
    (node, row): VisibleFrame => ({ node, n: label(node), v: tree.total[node]!, c: [], fade: row < ancestors }),
  );
  for (let row = 1; row < shown.length; row++) shown[parent[row]!]!.c.push(shown[row]!);
  return shown[0]!;
}
