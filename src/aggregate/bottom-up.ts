// Call tree -> who called the hottest leaves: at the root the functions in which time was spent, above each its callers.
// The tree of all paths backwards may be many times larger than the call tree, so it is built as far as it will be seen.
import { type CallTree, type MergedStacks, weighTree } from './call-tree.ts';

export interface BottomUpOptions {
  /** Callers of what weighs less are left out: its total is whole, what is above it is missing. 0: everything. */
  readonly minTicks: number;
  /** Only the callers of these: 1 by number of group. */
  readonly leaves?: Uint8Array;
}

/**
 * A call tree turned round. The totals of its first level are the self weights of the groups; `self` is what was called
 * by nobody else, or by callers that were left out.
 */
export function buildBottomUp(tree: CallTree, options: BottomUpOptions): CallTree {
  const weight = options.leaves
    ? tree.self.map((ticks, node) => (options.leaves![tree.group[node]!] === 1 ? ticks : 0))
    : tree.self;
  const itemOf = Int32Array.from(tree.group, (_, node) => node);
  return invertPaths(tree, { weight, itemOf, minTicks: options.minTicks });
}

export interface Paths {
  /** Ticks of the path that begins at a node and goes to the root, by node. */
  readonly weight: Float64Array;
  /** The path to which the samples of a node belong, by node; -1: to none. */
  readonly itemOf: Int32Array;
  readonly minTicks: number;
}

/** Merges paths from nodes to the root, by the groups on their way. */
export function invertPaths(tree: CallTree, { weight, itemOf, minTicks }: Paths): CallTree {
  const items = tree.group.map((_, node) => node).filter((node) => node !== 0 && weight[node]! > 0);
  /** Where each path has come, and the node of the result that it has reached. */
  const at = new Int32Array(tree.group.length);
  const reached = new Int32Array(tree.group.length).fill(-1);
  for (const item of items) {
    at[item] = item;
    reached[item] = 0;
  }
  const parent = [-1];
  const group = [-1];
  /** Ranges of `items` that have reached the same node, which are to be told apart by what comes next. */
  const open = [{ node: 0, from: 0, to: items.length }];
  const scatter = new Scatter(tree.group);
  for (let range = open.pop(); range !== undefined; range = open.pop()) {
    for (const { key, from, to } of scatter.split(items, at, range)) {
      const node = parent.push(range.node) - 1;
      group.push(key);
      let ticks = 0;
      for (let place = from; place < to; place++) {
        const item = items[place]!;
        ticks += weight[item]!;
        reached[item] = node;
        at[item] = tree.parent[at[item]!]!;
      }
      if (ticks >= minTicks) open.push({ node, from, to });
    }
  }
  return weighItems(tree, { weight, itemOf, reached, items, merged: { parent, group } });
}

interface Range {
  readonly from: number;
  readonly to: number;
}

/** Sorts a range of paths by the group where each of them is, in time that its length allows. */
class Scatter {
  readonly #groupOfNode: Int32Array;
  readonly #count: Int32Array;
  #spare = new Int32Array(0);

  constructor(groupOfNode: Int32Array) {
    this.#groupOfNode = groupOfNode;
    this.#count = new Int32Array(groupOfNode.reduce((most, group) => Math.max(most, group), 0) + 1);
  }

  /** Paths that are at the root, node 0, have come to their end and are left behind. */
  split(items: Int32Array, at: Int32Array, { from, to }: Range): (Range & { readonly key: number })[] {
    const keys: number[] = [];
    let ended = 0;
    for (let place = from; place < to; place++) {
      const node = at[items[place]!]!;
      if (node === 0) ended += 1;
      else if (this.#count[this.#groupOfNode[node]!]!++ === 0) keys.push(this.#groupOfNode[node]!);
    }
    let next = from + ended;
    const parts = keys.map((key) => {
      const part = { key, from: next, to: next + this.#count[key]! };
      this.#count[key] = next;
      next = part.to;
      return part;
    });
    if (parts.length > 1 || ended > 0) this.#move(items, at, { from, to });
    for (const key of keys) this.#count[key] = 0;
    return parts;
  }

  /** {@link #count} says where the next path of each group goes. */
  #move(items: Int32Array, at: Int32Array, { from, to }: Range): void {
    if (this.#spare.length < to - from) this.#spare = new Int32Array(to - from);
    this.#spare.set(items.subarray(from, to));
    let end = from;
    for (let place = 0; place < to - from; place++) {
      const item = this.#spare[place]!;
      const node = at[item]!;
      items[node === 0 ? end++ : this.#count[this.#groupOfNode[node]!]!++] = item;
    }
  }
}

interface Inverted {
  readonly weight: Float64Array;
  readonly itemOf: Int32Array;
  readonly reached: Int32Array;
  readonly items: Int32Array;
  readonly merged: { readonly parent: readonly number[]; readonly group: readonly number[] };
}

/** Paths are to the result what stacks are to a call tree. */
function weighItems(tree: CallTree, { weight, itemOf, reached, items, merged }: Inverted): CallTree {
  const paths: MergedStacks = {
    parent: Int32Array.from(merged.parent),
    group: Int32Array.from(merged.group),
    nodeOfStack: items.map((item) => reached[item]!),
  };
  const inverted = weighTree(
    paths,
    Float64Array.from(items, (item) => weight[item]!),
  );
  const nodeOfItem = new Int32Array(tree.group.length).fill(-1);
  for (let place = 0; place < items.length; place++) nodeOfItem[items[place]!] = inverted.nodeOfStack[place]!;
  const nodeOfStack = tree.nodeOfStack.map((node) => {
    const item = node === -1 ? -1 : itemOf[node]!;
    return item === -1 ? -1 : nodeOfItem[item]!;
  });
  return { ...inverted, nodeOfStack };
}
