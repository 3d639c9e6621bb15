// Stacks of which several become one: children of the same stack that are called the same, and so on upwards. They are
// told apart by a stamp per name, which stays in the cache of the processor; a hash table of all stacks does not.

/** Node 0 is the root, which no stack is; its parent and name are -1. Parents come before their children. */
export interface MergedSiblings {
  readonly parent: Int32Array;
  readonly name: Int32Array;
  readonly nodeOfStack: Int32Array;
}

/** `name` is by stack, a number from 0; parents come before their children. */
export function mergeSiblings(parent: Int32Array, name: Int32Array): MergedSiblings {
  // Stacks are numbered from 1 here, so that 0 is what the outermost ones stand on, and the end of a list.
  const { first, next, names } = listChildren(parent, name);
  const nodeOf = new Int32Array(parent.length + 1);
  const nodes = { parent: new Int32Array(parent.length + 1), name: new Int32Array(parent.length + 1) };
  nodes.parent[0] = nodes.name[0] = -1;
  /** The stacks of each node, as a list: `next` of a stack whose siblings have been seen is the next of its node. */
  const firstOf = new Int32Array(parent.length + 1);
  const lastOf = new Int32Array(parent.length + 1);
  /** The node under which a name was seen last, and as which node. */
  const seenUnder = new Int32Array(names).fill(-1);
  const seenAs = new Int32Array(names);
  const open = new Int32Array(parent.length + 1);
  let opened = 1;
  let count = 1;
  while (opened > 0) {
    const node = open[--opened]!;
    let stack = firstOf[node]!;
    do {
      for (let child = first[stack]!; child !== 0; ) {
        const sibling = next[child]!;
        next[child] = 0;
        const own = name[child - 1]!;
        let as = seenAs[own]!;
        if (seenUnder[own] === node) {
          next[lastOf[as]!] = child;
        } else {
          as = count++;
          seenUnder[own] = node;
          seenAs[own] = as;
          nodes.parent[as] = node;
          nodes.name[as] = own;
          firstOf[as] = child;
          open[opened++] = as;
        }
        lastOf[as] = child;
        nodeOf[child] = as;
        child = sibling;
      }
      stack = next[stack]!;
    } while (stack !== 0);
  }
  return {
    parent: nodes.parent.subarray(0, count),
    name: nodes.name.subarray(0, count),
    nodeOfStack: nodeOf.subarray(1),
  };
}

/** The first child of each stack, the next sibling of each, in order, and how many names there may be. */
function listChildren(parent: Int32Array, name: Int32Array) {
  const first = new Int32Array(parent.length + 1);
  const next = new Int32Array(parent.length + 1);
  let names = 0;
  for (let stack = parent.length; stack > 0; stack--) {
    const above = parent[stack - 1]! + 1;
    next[stack] = first[above]!;
    first[above] = stack;
    if (name[stack - 1]! >= names) names = name[stack - 1]! + 1;
  }
  return { first, next, names };
}
