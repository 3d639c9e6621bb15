// One function, all that called it and all that it called. A stack that holds it several times counts once: its
// outermost occurrence decides, below which everything is a caller and above which everything was called.
import { PairTable } from '../profile/pairs.ts';
import { invertPaths } from './bottom-up.ts';
import { type CallTree, weighTree } from './call-tree.ts';

export interface Sandwich {
  /** The function is the root's only child, its callers are above it, outermost last. */
  readonly callers: CallTree;
  /** The function is the root's only child, what it called is above it. */
  readonly callees: CallTree;
}

/** Both trees weigh what the function does: its total. `minTicks` is that of {@link buildBottomUp}, for the callers. */
export function buildSandwich(tree: CallTree, group: number, minTicks: number): Sandwich {
  const outermost = findOutermost(tree, group);
  const weight = new Float64Array(tree.group.length);
  for (let node = 0; node < outermost.length; node++) {
    if (outermost[node] === node) weight[node] = tree.total[node]!;
  }
  return {
    callers: invertPaths(tree, { weight, itemOf: outermost, minTicks }),
    callees: mergeCallees(tree, outermost),
  };
}

/** The outermost node of the group on the way from the root to each node, itself included; -1 where there is none. */
function findOutermost({ group, end }: CallTree, wanted: number): Int32Array {
  const outermost = new Int32Array(group.length).fill(-1);
  for (let node = 1; node < group.length; node++) {
    if (outermost[node] === -1 && group[node] === wanted) outermost.fill(node, node, end[node]!);
  }
  return outermost;
}

function mergeCallees(tree: CallTree, outermost: Int32Array): CallTree {
  const nodes = new PairTable();
  nodes.number(-1, -1);
  const merged = new Int32Array(tree.group.length).fill(-1);
  for (let node = 1; node < merged.length; node++) {
    if (outermost[node] === -1) continue;
    const above = outermost[node] === node ? 0 : merged[tree.parent[node]!]!;
    merged[node] = nodes.number(above, tree.group[node]!);
  }
  const callees = { parent: nodes.first(), group: nodes.second() };
  // The nodes of the tree are to the result what stacks are to a call tree; those outside weigh nothing, in the root.
  const nodeOfStack = merged.map((node) => Math.max(0, node));
  const weights = tree.self.map((ticks, node) => (merged[node] === -1 ? 0 : ticks));
  const weighed = weighTree({ ...callees, nodeOfStack }, weights);
  return {
    ...weighed,
    nodeOfStack: tree.nodeOfStack.map((node) => (node === -1 || merged[node] === -1 ? -1 : weighed.nodeOfStack[node]!)),
  };
}
