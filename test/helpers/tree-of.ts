// The call tree of a profile, and what every call tree must hold.
import { expect } from 'vitest';
import { buildCallTree, type CallTree } from '../../src/aggregate/call-tree.ts';
import { foldStacks } from '../../src/aggregate/fold.ts';
import { type FrameGroups, type Grouping, groupFrames } from '../../src/profile/labels.ts';
import { forEachSample, framesOf, type Profile } from '../../src/profile/profile.ts';

export function treeOf(profile: Profile, by: Grouping = 'line'): { groups: FrameGroups; tree: CallTree } {
  const groups = groupFrames(profile, by);
  return { groups, tree: buildCallTree(profile.stacks, groups, foldStacks(profile)) };
}

/** `depth name self/total`, in the order of the columns. */
export function sketchTree({ labels }: FrameGroups, tree: CallTree): string[] {
  return [...tree.group.keys()].map((node) => {
    const name = node === 0 ? 'all' : labels[tree.group[node]!]!.split(' ')[0];
    return `${tree.depth[node]} ${name} ${tree.self[node]}/${tree.total[node]}`;
  });
}

/** Each sample's weight and groups, root first: what trees are merged from. */
export function pathsOf(profile: Profile, { groupOf }: FrameGroups): { path: number[]; weight: number }[] {
  const paths: { path: number[]; weight: number }[] = [];
  forEachSample(profile, (sample, weight) => {
    const path = framesOf(profile, profile.samples.stack[sample]!).map((frame) => groupOf[frame]!);
    paths.push({ path, weight });
  });
  return paths;
}

/** The total of every node by its path from the root, the slow way. */
export function totalsOf(paths: readonly { path: readonly number[]; weight: number }[]): Map<string, number> {
  const totals = new Map<string, number>();
  for (const { path, weight } of paths) {
    for (let length = 1; length <= path.length; length++) {
      const key = path.slice(0, length).join(' ');
      totals.set(key, (totals.get(key) ?? 0) + weight);
    }
  }
  return totals;
}

/** The same, of a tree. */
export function totalsByPath(tree: CallTree): Map<string, number> {
  const key: string[] = [''];
  for (let node = 1; node < tree.group.length; node++) {
    key[node] = `${key[tree.parent[node]!]} ${tree.group[node]}`.trim();
  }
  return new Map([...tree.total.keys()].slice(1).map((node) => [key[node]!, tree.total[node]!]));
}

/** Subtrees nest, siblings fall, and nothing weighs more than what it is part of. */
export function expectTreeLaws(tree: CallTree, weight: number): void {
  expect(tree.total[0]).toBe(weight);
  expect(tree.self.reduce((a, b) => a + b, 0)).toBe(weight);
  expect(tree.end[0]).toBe(tree.group.length);
  const children = new Float64Array(tree.group.length);
  for (let node = 1; node < tree.group.length; node++) {
    const parent = tree.parent[node]!;
    expect(parent).toBeLessThan(node);
    expect(tree.end[node]!).toBeLessThanOrEqual(tree.end[parent]!);
    expect(tree.depth[node]).toBe(tree.depth[parent]! + 1);
    expect(tree.total[node]).toBeGreaterThan(0);
    children[parent]! += tree.total[node]!;
    const next = tree.end[node]!;
    if (next < tree.end[parent]!) expect(tree.total[next]!).toBeLessThanOrEqual(tree.total[node]!);
  }
  for (let node = 0; node < tree.group.length; node++)
    expect(children[node]! + tree.self[node]!).toBe(tree.total[node]);
}

/** The weight of the samples that end in each node, by {@link CallTree.nodeOfStack}, is its self weight. */
export function expectStacksEndWhere(profile: Profile, tree: CallTree): void {
  const self = new Float64Array(tree.group.length);
  for (const [stack, ticks] of foldStacks(profile).entries()) {
    if (ticks > 0 && tree.nodeOfStack[stack] !== -1) self[tree.nodeOfStack[stack]!]! += ticks;
  }
  expect(self).toEqual(tree.self);
}
