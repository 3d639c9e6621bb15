// The tree of a graph: calls from the root up, or, bottom-up, the callers of the functions in which time was spent.
import { buildBottomUp } from '../aggregate/bottom-up.ts';
import type { CallTree } from '../aggregate/call-tree.ts';
import { remember, type Shown } from './shown.ts';
import type { ViewName } from './state.ts';

/** Of a tree with more nodes than this, callers of less than a pixel of a wide screen are left out. */
const smallTree = 20_000;
const leftOut = 1 / 4_000;

export function leastTicks({ group, total }: CallTree): number {
  return group.length <= smallTree ? 0 : total[0]! * leftOut;
}

/** What the reader of a tree with callers must know; empty where nothing is left out. */
export function describeLeftOut(tree: CallTree): string {
  if (leastTicks(tree) === 0) return '';
  const nodes = (tree.group.length - 1).toLocaleString('en');
  return `There are ${nodes} calls in this graph: callers of what weighs less than ${100 * leftOut} % of it are left out. What is filtered shows more of them.`;
}

const turned = remember((tree: CallTree) => buildBottomUp(tree, { minTicks: leastTicks(tree) }));

/** Whether the view is a graph of that tree. */
export function hasOneChart(view: ViewName): boolean {
  return view === 'flame' || view === 'bottom-up';
}

export function treeOf(view: ViewName, { tree }: Pick<Shown, 'tree'>): CallTree {
  return view === 'bottom-up' ? turned(tree) : tree;
}

/** The tree above the root's first child; null where the root has none. */
export function aboveRoot({ group, parent, depth, self, total, end, nodeOfStack }: CallTree): CallTree | null {
  if (group.length < 2) return null;
  const less = (column: Int32Array) => column.subarray(1).map((value) => value - 1);
  return {
    group: group.subarray(1),
    parent: parent.subarray(1).map((node) => Math.max(-1, node - 1)),
    depth: less(depth),
    self: self.subarray(1),
    total: total.subarray(1),
    end: less(end),
    nodeOfStack: nodeOfStack.map((node) => Math.max(-1, node - 1)),
  };
}
