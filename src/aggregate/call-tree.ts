// Folded stacks -> the tree that flame graphs draw. Columns in pre-order with siblings by falling total: what is too
// small to see can be skipped with everything behind it. No recursion: stacks may be as deep as they like.
import type { FrameGroups } from '../profile/labels.ts';
import type { StackTable } from '../profile/profile.ts';
import { mergeSiblings } from '../profile/siblings.ts';

export interface CallTree {
  /** Group of the node's frame; -1 at the root, which is node 0. */
  readonly group: Int32Array;
  /** -1 at the root. */
  readonly parent: Int32Array;
  readonly depth: Int32Array;
  /** Ticks that ended here. */
  readonly self: Float64Array;
  /** Ticks here and above. */
  readonly total: Float64Array;
  /** One past the last node of the subtree. */
  readonly end: Int32Array;
  /** The node in which the samples of each stack end; -1 where they are not in the tree. */
  readonly nodeOfStack: Int32Array;
}

/** Builds the tree of all stacks that have weight. `weights` are ticks by stack number. */
export function buildCallTree(stacks: StackTable, groups: FrameGroups, weights: Float64Array): CallTree {
  return weighTree(mergeStacks(stacks, groups), weights);
}

/** A tree without weights: the same for whatever is filtered, so that a recount need not merge again. */
export interface MergedStacks {
  /** Parents come before their children; node 0 is the root, whose parent and group are -1. */
  readonly parent: Int32Array;
  readonly group: Int32Array;
  readonly nodeOfStack: Int32Array;
}

/** Stacks whose frames fall into the same groups become one node. */
export function mergeStacks({ parent, frame }: StackTable, { groupOf, example }: FrameGroups): MergedStacks {
  const groupOfStack = frame.map((one) => groupOf[one]!);
  if (example.length === groupOf.length) return nodePerStack(parent, groupOfStack);
  const { name, ...merged } = mergeSiblings(parent, groupOfStack);
  return { ...merged, group: name };
}

/** No two stacks are the same, so that none become one where no two frames do. */
function nodePerStack(parent: Int32Array, groupOfStack: Int32Array): MergedStacks {
  const merged = { parent: new Int32Array(parent.length + 1), group: new Int32Array(parent.length + 1) };
  merged.parent[0] = merged.group[0] = -1;
  merged.group.set(groupOfStack, 1);
  const nodeOfStack = new Int32Array(parent.length);
  for (let stack = 0; stack < parent.length; stack++) {
    merged.parent[stack + 1] = parent[stack]! + 1;
    nodeOfStack[stack] = stack + 1;
  }
  return { ...merged, nodeOfStack };
}

/** The tree of what has weight: nodes without are left out, except for the root. `weights` are ticks by stack number. */
export function weighTree(merged: MergedStacks, weights: Float64Array): CallTree {
  const { parent, nodeOfStack } = merged;
  const sums = emptySums(parent.length);
  for (let stack = 0; stack < weights.length; stack++) {
    const ticks = weights[stack]!;
    if (ticks !== 0) sums.self[nodeOfStack[stack]!]! += ticks;
  }
  sumUp(parent, sums);
  return inPreOrder(merged, sums);
}

/** What is known of each node of the merged stacks when all that stands on it is summed up. */
interface Sums {
  readonly self: Float64Array;
  readonly total: Float64Array;
  /** Nodes of the subtree that have weight; 0 where the node itself has none. */
  readonly size: Int32Array;
  /** The first child with weight, and the sibling after each of them; 0 where there is none. */
  readonly first: Int32Array;
  readonly next: Int32Array;
  /** Where the node is in the tree. */
  readonly place: Int32Array;
}

let spare = newSums(0);

/** Kept from tree to tree: half of the time would go into memory that nobody has touched before. */
function emptySums(count: number): Sums {
  if (spare.self.length < count) spare = newSums(count);
  const empty = <Column extends Float64Array | Int32Array>(column: Column) =>
    column.subarray(0, count).fill(0) as Column;
  return {
    self: empty(spare.self),
    total: empty(spare.total),
    size: empty(spare.size),
    first: empty(spare.first),
    next: spare.next,
    place: spare.place,
  };
}

function newSums(count: number): Sums {
  return {
    self: new Float64Array(count),
    total: new Float64Array(count),
    size: new Int32Array(count),
    first: new Int32Array(count),
    next: new Int32Array(count),
    place: new Int32Array(count),
  };
}

/** One pass from the last node to the first: all that stands on a node was there before it. */
function sumUp(parent: Int32Array, { self, total, size, first, next }: Sums): void {
  for (let node = parent.length - 1; node > 0; node--) {
    const ticks = total[node]! + self[node]!;
    if (!(ticks > 0)) continue;
    const above = parent[node]!;
    const nodes = size[node]! + 1;
    total[node] = ticks;
    size[node] = nodes;
    total[above]! += ticks;
    size[above]! += nodes;
    next[node] = first[above]!;
    first[above] = node;
  }
  total[0]! += self[0]!;
  size[0]! += 1;
}

/** Parents come first, so the place of a node is known before it is its turn. */
function inPreOrder({ parent, group, nodeOfStack }: MergedStacks, sums: Sums): CallTree {
  const { self, total, size, first, next, place: placeOf } = sums;
  const count = size[0]!;
  const tree = {
    group: new Int32Array(count),
    parent: new Int32Array(count),
    depth: new Int32Array(count),
    self: new Float64Array(count),
    total: new Float64Array(count),
    end: new Int32Array(count),
  };
  placeOf[0] = 0;
  const siblings: number[] = [];
  for (let node = 0; node < parent.length; node++) {
    if (size[node] === 0) continue;
    const place = placeOf[node]!;
    const above = node === 0 ? -1 : placeOf[parent[node]!]!;
    tree.group[place] = group[node]!;
    tree.parent[place] = above;
    tree.depth[place] = above === -1 ? 0 : tree.depth[above]! + 1;
    tree.self[place] = self[node]!;
    tree.total[place] = total[node]!;
    tree.end[place] = place + size[node]!;
    let child = first[node]!;
    if (child === 0) continue;
    if (next[child] === 0) {
      placeOf[child] = place + 1;
      continue;
    }
    siblings.length = 0;
    for (; child !== 0; child = next[child]!) siblings.push(child);
    sortByTotal(siblings, total, group);
    let free = place + 1;
    for (let at = 0; at < siblings.length; at++) {
      placeOf[siblings[at]!] = free;
      free += size[siblings[at]!]!;
    }
  }
  const placeOfStack = new Int32Array(nodeOfStack.length);
  for (let stack = 0; stack < placeOfStack.length; stack++) {
    const node = nodeOfStack[stack]!;
    placeOfStack[stack] = node === -1 || size[node] === 0 ? -1 : placeOf[node]!;
  }
  return { ...tree, nodeOfStack: placeOfStack };
}

/**
 * By falling total; ties by group, so that the same profile gives the same bytes. Nearly all nodes have few children:
 * insertion, where a sort of the engine would cost more than it does.
 */
function sortByTotal(nodes: number[], total: Float64Array, group: Int32Array): void {
  if (nodes.length > 12) {
    nodes.sort((a, b) => total[b]! - total[a]! || group[a]! - group[b]!);
    return;
  }
  for (let at = 1; at < nodes.length; at++) {
    const node = nodes[at]!;
    const ticks = total[node]!;
    let place = at;
    for (; place > 0; place--) {
      const before = nodes[place - 1]!;
      const ahead = ticks - total[before]! || group[before]! - group[node]!;
      if (!(ahead > 0)) break;
      nodes[place] = before;
    }
    nodes[place] = node;
  }
}
