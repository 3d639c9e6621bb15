// The call trees of two profiles as one: every path that either has, with its weight in both. What vanished is there.
import type { FrameGroups } from '../profile/labels.ts';
import { buildCallTree, type CallTree } from './call-tree.ts';
import type { ProfilePair } from './diff-pair.ts';

export interface DiffTree {
  /** Of the weight of both together: its order and shape. */
  readonly tree: CallTree;
  /** The node of each shared stack; -1 of those that nobody has weight in or above. */
  readonly nodeOf: Int32Array;
  /** By node of the tree: ticks of each profile. */
  readonly before: NodeWeights;
  readonly after: NodeWeights;
}

export interface NodeWeights {
  readonly self: Float64Array;
  readonly total: Float64Array;
}

/** `groups` are those of {@link ProfilePair.tables}. */
export function buildDiffTree({ tables, before, after }: ProfilePair, groups: FrameGroups): DiffTree {
  const both = before.weights.map((weight, stack) => weight + after.weights[stack]!);
  const tree = buildCallTree(tables.stacks, groups, both);
  const nodeOf = placeStacks(tree, { parent: tables.stacks.parent, frame: tables.stacks.frame, groups, both });
  return { tree, nodeOf, before: weigh(tree, nodeOf, before.weights), after: weigh(tree, nodeOf, after.weights) };
}

interface Places {
  readonly parent: Int32Array;
  readonly frame: Int32Array;
  readonly groups: FrameGroups;
  readonly both: Float64Array;
}

function placeStacks(tree: CallTree, { parent, frame, groups, both }: Places): Int32Array {
  const width = groups.labels.length;
  const childOf = new Map<number, number>();
  for (let node = 1; node < tree.group.length; node++)
    childOf.set(tree.parent[node]! * width + tree.group[node]!, node);
  const nodeOf = new Int32Array(both.length).fill(-1);
  for (let stack = 0; stack < both.length; stack++) {
    const above = parent[stack] === -1 ? 0 : nodeOf[parent[stack]!]!;
    if (above !== -1) nodeOf[stack] = childOf.get(above * width + groups.groupOf[frame[stack]!]!) ?? -1;
  }
  return nodeOf;
}

function weigh({ parent }: CallTree, nodeOf: Int32Array, weights: Float64Array): NodeWeights {
  const self = new Float64Array(parent.length);
  for (let stack = 0; stack < weights.length; stack++)
    if (weights[stack]! > 0) self[nodeOf[stack]!]! += weights[stack]!;
  const total = self.slice();
  for (let node = parent.length - 1; node > 0; node--) total[parent[node]!]! += total[node]!;
  return { self, total };
}
