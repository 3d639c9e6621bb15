// Frames in different trees of one recording: which one is the same.
import type { CallTree } from '../aggregate/call-tree.ts';

/** The groups from below the root to the node. */
export function pathTo({ parent, group }: CallTree, node: number): number[] {
  const path: number[] = [];
  for (let at = node; at > 0; at = parent[at]!) path.push(group[at]!);
  return path.reverse();
}

/** The deepest node on that path; 0 where there is nothing of it. */
export function findPath(tree: CallTree, path: readonly number[]): number {
  let node = 0;
  for (const group of path) {
    const child = childOf(tree, node, group);
    if (child === -1) return node;
    node = child;
  }
  return node;
}

function childOf({ group, end }: CallTree, node: number, wanted: number): number {
  for (let child = node + 1; child < end[node]!; child = end[child]!) if (group[child] === wanted) return child;
  return -1;
}

export type Direction = 'parent' | 'child' | 'next' | 'previous';

/** The neighbour of a node, or the node itself where there is none. Children and siblings come by falling total. */
export function neighbour({ parent, end, group }: CallTree, node: number, direction: Direction): number {
  const above = parent[node]!;
  if (direction === 'parent') return above === -1 ? node : above;
  if (direction === 'child') return node + 1 < end[node]! ? node + 1 : node;
  if (above === -1) return node;
  if (direction === 'next') {
    const next = end[node]!;
    return next < end[above]! && next < group.length ? next : node;
  }
  let previous = above + 1;
  if (previous === node) return node;
  while (end[previous]! < node) previous = end[previous]!;
  return previous;
}
