// The frames of a comparison as a graph shows them: how wide each is, and what changed of it in its place.
import { type CallTree, mergeStacks, weighTree } from './call-tree.ts';
import { baseOf, type Change, type ProfileDiff } from './diff.ts';

/**
 * What frames are as wide as: what they have after, what they had before, or the middle of the two, in which everything
 * that either has is there, and callees still fit over their callers.
 */
export const widths = ['after', 'before', 'both'] as const;
export type Width = (typeof widths)[number];

/** The tree of those frames that have a width. */
export interface WidthTree {
  /** Weights are ticks of one profile; of both, the sum of shares or of seconds per second. */
  readonly tree: CallTree;
  /** By node of this tree: its number in the tree of the comparison. */
  readonly nodeOf: Int32Array;
  /** By node of the tree of the comparison: its number here; -1 where it has no width. */
  readonly placeOf: Int32Array;
}

export function widenTree({ pair, groups, tree: { tree, nodeOf: of }, options }: ProfileDiff, by: Width): WidthTree {
  const { before, after, tables } = pair;
  const [was, is] = [baseOf(before, options.per), baseOf(after, options.per)];
  const part = (ticks: number, base: number) => (base === 0 ? 0 : ticks / base);
  const weights =
    by === 'both'
      ? before.weights.map((ticks, stack) => part(ticks, was) + part(after.weights[stack]!, is))
      : pair[by].weights;
  const widened = weighTree(mergeStacks(tables.stacks, groups), weights);
  const nodeOf = new Int32Array(widened.group.length);
  const placeOf = new Int32Array(tree.group.length).fill(-1);
  placeOf[0] = 0;
  for (const [stack, place] of widened.nodeOfStack.entries()) {
    if (place === -1) continue;
    nodeOf[place] = of[stack]!;
    placeOf[of[stack]!] = place;
  }
  return { tree: widened, nodeOf, placeOf };
}

/** Where a node of the comparison is in that tree, or the nearest of its callers that is there. */
export function nearestPlace({ placeOf }: WidthTree, { tree: { tree } }: ProfileDiff, node: number): number {
  let at = node;
  while (placeOf[at] === -1) at = tree.parent[at]!;
  return placeOf[at]!;
}

/** Of one path: a node of the tree of the comparison. Whether it is more than chance is judged of functions and stacks. */
export function changeOfNode(
  { pair, tree: { before, after }, options }: ProfileDiff,
  node: number,
): { readonly self: Change; readonly total: Change } {
  const [was, is] = [baseOf(pair.before, options.per), baseOf(pair.after, options.per)];
  const change = (kind: 'self' | 'total'): Change => {
    const first = was === 0 ? 0 : before[kind][node]! / was;
    const second = is === 0 ? 0 : after[kind][node]! / is;
    return { before: first, after: second, change: second - first, judgement: null };
  };
  return { self: change('self'), total: change('total') };
}

/** It has nothing any more, or had nothing yet; null where it is in both. */
export function fateOf({ before, after }: Change): 'gone' | 'new' | null {
  if (before > 0 && after === 0) return 'gone';
  return before === 0 && after > 0 ? 'new' : null;
}
