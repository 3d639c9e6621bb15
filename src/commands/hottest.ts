// What a report without a file shows: rows of functions, and the call tree, as data. Printed by report-text.ts and
// report-json.ts.
import { buildCallTree, type CallTree } from '../aggregate/call-tree.ts';
import { foldStacks } from '../aggregate/fold.ts';
import { listFunctions } from '../aggregate/functions.ts';
import { applyView, type View } from '../formats/format.ts';
import { type FrameGroups, groupFrames } from '../profile/labels.ts';
import type { Profile } from '../profile/profile.ts';

/** A frame of the view, with weights in ticks. */
export interface HotFrame {
  readonly label: string;
  /** An example of its frames, for its file and line. */
  readonly frame: number;
  readonly self: number;
  readonly total: number;
}

export interface TreeNode extends HotFrame {
  /** 0: at the root. */
  readonly depth: number;
}

export interface Hottest {
  /** The profile that the frames are numbers of. */
  readonly profile: Profile;
  /** Weight of all. */
  readonly total: number;
  readonly functions: readonly HotFrame[];
  /** In pre-order, heaviest first. */
  readonly tree: readonly TreeNode[];
}

export interface HottestOptions {
  readonly view: View;
  /** How many functions. */
  readonly top: number;
  /** Nodes of the tree that hold less of the total are left out; null: no tree. */
  readonly minShare: number | null;
}

export function findHottest(recorded: Profile, { view, top, minShare }: HottestOptions): Hottest {
  const profile = applyView(recorded, view);
  const groups = groupFrames(profile, view.by);
  const tree = buildCallTree(profile.stacks, groups, foldStacks(profile));
  const rows = listFunctions(tree).slice(0, top);
  return {
    profile,
    total: tree.total[0]!,
    functions: rows.map(({ group, ...weights }) => ({ ...nameGroup(groups, group), ...weights })),
    tree: minShare === null ? [] : listNodes(tree, groups, minShare * tree.total[0]!),
  };
}

function nameGroup({ labels, example }: FrameGroups, group: number) {
  return { label: labels[group]!, frame: example[group]! };
}

function listNodes(tree: CallTree, groups: FrameGroups, least: number): TreeNode[] {
  const nodes: TreeNode[] = [];
  for (let node = 1; node < tree.group.length; ) {
    const total = tree.total[node]!;
    if (total < least) {
      node = tree.end[node]!;
      continue;
    }
    const depth = tree.depth[node]! - 1;
    nodes.push({ ...nameGroup(groups, tree.group[node]!), depth, self: tree.self[node]!, total });
    node += 1;
  }
  return nodes;
}
