// Call tree -> one row per frame of the view with its self and total weight.
import type { CallTree } from './call-tree.ts';

export interface FunctionRow {
  /** Number of the group in {@link FrameGroups}. */
  readonly group: number;
  /** Ticks whose leaf it is. */
  readonly self: number;
  /** Ticks whose stack holds it: once, however deep it recurses. */
  readonly total: number;
}

/** Rows by falling self weight, then by falling total, then by group. */
export function listFunctions(tree: CallTree): FunctionRow[] {
  const self = new Map<number, number>();
  const total = new Map<number, number>();
  // Pre-order: while `node` is below the end of the outermost occurrence, further ones are recursion.
  const outermostEnd = new Map<number, number>();
  for (let node = 1; node < tree.group.length; node++) {
    const group = tree.group[node]!;
    self.set(group, (self.get(group) ?? 0) + tree.self[node]!);
    if (node < (outermostEnd.get(group) ?? 0)) continue;
    outermostEnd.set(group, tree.end[node]!);
    total.set(group, (total.get(group) ?? 0) + tree.total[node]!);
  }
  return [...total]
    .map(([group, weight]) => ({ group, self: self.get(group)!, total: weight }))
    .sort((a, b) => b.self - a.self || b.total - a.total || a.group - b.group);
}
