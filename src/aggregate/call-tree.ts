// Folded stacks -> the tree that flame graphs draw. Columns in pre-order with siblings by falling total: what is too
// small to see can be skipped with everything behind it. No recursion: stacks may be as deep as they like.
import type { FrameGroups } from '../profile/labels.ts';
import type { StackTable } from '../profile/profile.ts';

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
}

/** Builds the tree of all stacks that have weight. `weights` are ticks by stack number. */
export function buildCallTree(stacks: StackTable, { groupOf }: FrameGroups, weights: Float64Array): CallTree {
  return inPreOrder(mergeStacks(stacks, groupOf, weights));
}

interface UnorderedTree {
  /** Parents come before their children; node 0 is the root. */
  readonly parent: readonly number[];
  readonly group: readonly number[];
  readonly self: readonly number[];
}

/** Stacks whose frames fall into the same groups become one node. */
function mergeStacks(stacks: StackTable, groupOf: Int32Array, weights: Float64Array): UnorderedTree {
  const wanted = stacksWithWeight(stacks, weights);
  const nodeOf = new Int32Array(weights.length);
  const nodes = new Map<number, number>();
  const groupCount = groupOf.length + 1;
  const parent = [-1];
  const group = [-1];
  const self = [0];
  for (let stack = 0; stack < weights.length; stack++) {
    if (wanted[stack] === 0) continue;
    const above = stacks.parent[stack]!;
    const parentNode = above === -1 ? 0 : nodeOf[above]!;
    const stackGroup = groupOf[stacks.frame[stack]!]!;
    const key = parentNode * groupCount + stackGroup;
    let node = nodes.get(key);
    if (node === undefined) {
      node = parent.push(parentNode) - 1;
      group.push(stackGroup);
      self.push(0);
      nodes.set(key, node);
    }
    nodeOf[stack] = node;
    self[node]! += weights[stack]!;
  }
  return { parent, group, self };
}

/** 1 for each stack that has weight itself or on top of it. */
function stacksWithWeight(stacks: StackTable, weights: Float64Array): Uint8Array {
  const wanted = new Uint8Array(weights.length);
  for (let stack = weights.length - 1; stack >= 0; stack--) {
    if (weights[stack]! > 0) wanted[stack] = 1;
    const above = stacks.parent[stack]!;
    if (wanted[stack] === 1 && above !== -1) wanted[above] = 1;
  }
  return wanted;
}

function inPreOrder({ parent, group, self }: UnorderedTree): CallTree {
  const count = parent.length;
  const total = Float64Array.from(self);
  for (let node = count - 1; node > 0; node--) total[parent[node]!]! += total[node]!;

  // Linked lists of children; inserting by rising total puts the largest first. Ties go by group, so that the same
  // profile always gives the same bytes.
  const firstChild = new Int32Array(count).fill(-1);
  const nextSibling = new Int32Array(count).fill(-1);
  const rising = Int32Array.from({ length: count }, (_, node) => node).sort(
    (a, b) => total[a]! - total[b]! || group[b]! - group[a]!,
  );
  for (const node of rising) {
    const above = parent[node]!;
    if (above === -1) continue;
    nextSibling[node] = firstChild[above]!;
    firstChild[above] = node;
  }

  const tree = {
    group: new Int32Array(count),
    parent: new Int32Array(count),
    depth: new Int32Array(count),
    self: new Float64Array(count),
    total: new Float64Array(count),
    end: new Int32Array(count),
  };
  const placeOf = new Int32Array(count);
  let place = 0;
  let node = 0;
  while (true) {
    const above = node === 0 ? -1 : placeOf[parent[node]!]!;
    placeOf[node] = place;
    tree.group[place] = group[node]!;
    tree.parent[place] = above;
    tree.depth[place] = above === -1 ? 0 : tree.depth[above]! + 1;
    tree.self[place] = self[node]!;
    tree.total[place] = total[node]!;
    place += 1;
    if (firstChild[node] !== -1) {
      node = firstChild[node]!;
      continue;
    }
    while (node !== 0 && nextSibling[node] === -1) {
      tree.end[placeOf[node]!] = place;
      node = parent[node]!;
    }
    tree.end[placeOf[node]!] = place;
    if (node === 0) return tree;
    node = nextSibling[node]!;
  }
}
