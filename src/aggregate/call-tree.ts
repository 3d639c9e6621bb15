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

/** The tree of what has weight. `weights` are ticks by stack number, as foldStacks gives them. */
export function weighTree(merged: MergedStacks, weights: Float64Array): CallTree {
  const { parent, group, nodeOfStack } = merged;
  const self = new Float64Array(parent.length);
  for (let stack = 0; stack < weights.length; stack++) self[nodeOfStack[stack]!]! += weights[stack]!;
  const total = self.slice();
  for (let node = total.length - 1; node > 0; node--) total[parent[node]!]! += total[node]!;
  return inPreOrder({ ...merged, group }, self, total);
}

/** Nodes without weight are left out, except for the root. */
function inPreOrder({ parent, group, nodeOfStack }: MergedStacks, self: Float64Array, total: Float64Array): CallTree {
  const { start, children } = listChildren(parent, group, total);
  /** Nodes of the subtree. */
  const size = new Int32Array(parent.length);
  for (let node = size.length - 1; node >= 0; node--) {
    if (node !== 0 && !(total[node]! > 0)) continue;
    size[node]! += 1;
    if (node !== 0) size[parent[node]!]! += size[node]!;
  }
  const count = size[0]!;
  const tree = {
    group: new Int32Array(count),
    parent: new Int32Array(count),
    depth: new Int32Array(count),
    self: new Float64Array(count),
    total: new Float64Array(count),
    end: new Int32Array(count),
  };
  // Parents come first, so the place of a node is known before it is its turn.
  const placeOf = new Int32Array(parent.length).fill(-1);
  placeOf[0] = 0;
  for (let node = 0; node < placeOf.length; node++) {
    const place = placeOf[node]!;
    if (place === -1) continue;
    const above = node === 0 ? -1 : placeOf[parent[node]!]!;
    tree.group[place] = group[node]!;
    tree.parent[place] = above;
    tree.depth[place] = above === -1 ? 0 : tree.depth[above]! + 1;
    tree.self[place] = self[node]!;
    tree.total[place] = total[node]!;
    tree.end[place] = place + size[node]!;
    let next = place + 1;
    for (let at = start[node]!; at < start[node + 1]!; at++) {
      placeOf[children[at]!] = next;
      next += size[children[at]!]!;
    }
  }
  return { ...tree, nodeOfStack: nodeOfStack.map((node) => (node === -1 ? -1 : placeOf[node]!)) };
}

/** The children of each node that have weight, by falling total; ties by group, so that the same profile gives the same bytes. */
function listChildren(parent: Int32Array, group: Int32Array, total: Float64Array) {
  const start = new Int32Array(parent.length + 1);
  for (let node = 1; node < parent.length; node++) if (total[node]! > 0) start[parent[node]! + 1]! += 1;
  for (let node = 0; node < parent.length; node++) start[node + 1]! += start[node]!;
  const next = start.slice();
  const children = new Int32Array(start[parent.length]!);
  for (let node = 1; node < parent.length; node++) {
    if (total[node]! > 0) children[next[parent[node]!]!++] = node;
  }
  for (let node = 0; node < parent.length; node++) {
    if (start[node + 1]! - start[node]! > 1) sortByTotal(children.subarray(start[node], start[node + 1]), total, group);
  }
  return { start, children };
}

/** Nearly all nodes have few children: insertion, where a sort of the engine would cost more than it does. */
function sortByTotal(nodes: Int32Array, total: Float64Array, group: Int32Array): void {
  const order = (a: number, b: number) => total[b]! - total[a]! || group[a]! - group[b]!;
  if (nodes.length > 12) {
    nodes.sort(order);
    return;
  }
  for (let at = 1; at < nodes.length; at++) {
    const node = nodes[at]!;
    let place = at;
    for (; place > 0 && order(nodes[place - 1]!, node) > 0; place--) nodes[place] = nodes[place - 1]!;
    nodes[place] = node;
  }
}
