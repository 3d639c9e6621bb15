// What two profiles are compared by: functions (alone and with all that they call) or whole stacks. Each is an item, a
// number with a weight in both.
import type { FrameGroups } from '../profile/labels.ts';
import { buildCallTree } from './call-tree.ts';
import type { ProfilePair, Side } from './diff-pair.ts';
import type { DiffTree } from './diff-tree.ts';
import { listFunctions } from './functions.ts';

export interface DiffItems {
  /** Ticks by item. */
  readonly before: Float64Array;
  readonly after: Float64Array;
  /** Slots (see aggregate/diff.ts) of the items that a sample counts for, by its shared stack number. */
  readonly slotsOfStacks: (slotOf: Int32Array) => readonly Int32Array[];
}

const none = new Int32Array(0);

/** Item `group` is its self weight, item `group + groups.labels.length` its total. */
export function functionItems(pair: ProfilePair, groups: FrameGroups): DiffItems {
  const { stacks } = pair.tables;
  const count = groups.labels.length;
  const weigh = ({ weights }: Side) => {
    const ticks = new Float64Array(2 * count);
    for (const { group, self, total } of listFunctions(buildCallTree(stacks, groups, weights))) {
      ticks[group] = self;
      ticks[group + count] = total;
    }
    return ticks;
  };
  const slotsOfStacks = (slotOf: Int32Array) => {
    // Parents come first: most stacks have no slot that their caller does not have, and share its list.
    const totals: Int32Array[] = [];
    return Array.from(stacks.frame, (frame, stack) => {
      const group = groups.groupOf[frame]!;
      const below = stacks.parent[stack] === -1 ? none : totals[stacks.parent[stack]!]!;
      const total = slotOf[group + count]!;
      totals[stack] = total === -1 || below.includes(total) ? below : Int32Array.of(...below, total);
      const self = slotOf[group]!;
      return self === -1 ? totals[stack]! : Int32Array.of(...totals[stack]!, self);
    });
  };
  return { before: weigh(pair.before), after: weigh(pair.after), slotsOfStacks };
}

/** Items are the nodes of the {@link DiffTree}. */
export function stackItems({ before, after, nodeOf }: DiffTree): DiffItems {
  return {
    before: before.self,
    after: after.self,
    slotsOfStacks: (slotOf) =>
      Array.from(nodeOf, (node) => (node === -1 || slotOf[node] === -1 ? none : Int32Array.of(slotOf[node]!))),
  };
}
