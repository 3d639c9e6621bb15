// Stacks of which several become one: children of the same stack that are called the same, and so on upwards. They are
// told apart by a stamp per name, which stays in the cache of the processor; a hash table of all stacks does not.

/** In the place of a name: the stack is its parent. */
export const joined = -1;

/** In the place of a name: the stack is left out; so must be all that stand on it. */
export const leftOut = -2;

/** Node 0 is the root, which no stack is; its parent and name are -1. Parents come before their children. */
export interface MergedSiblings {
  readonly parent: Int32Array;
  readonly name: Int32Array;
  /** -1: left out. */
  readonly nodeOfStack: Int32Array;
}

/** `name` is by stack: a number from 0, or one of the two above. */
export function mergeSiblings(parent: Int32Array, name: Int32Array): MergedSiblings {
  // Stacks are numbered from 1 here, so that 0 is what the outermost ones stand on, and the end of a list.
  const { start, children } = listChildren(parent, name);
  const nodeOf = new Int32Array(parent.length + 1).fill(-1);
  const nodes = { parent: new Int32Array(children.length + 1), name: new Int32Array(children.length + 1) };
  nodes.parent[0] = nodes.name[0] = -1;
  /** The stacks of each node, as a list. */
  const first = new Int32Array(children.length + 1);
  const last = new Int32Array(children.length + 1);
  const next = new Int32Array(parent.length + 1);
  const names = name.reduce((most, one) => Math.max(most, one), -1) + 1;
  /** The node under which a name was seen last, and as which node. */
  const seenUnder = new Int32Array(names).fill(-1);
  const seenAs = new Int32Array(names);
  const open = new Int32Array(children.length + 1);
  let opened = 1;
  let count = 1;
  while (opened > 0) {
    const node = open[--opened]!;
    let stack = first[node]!;
    do {
      for (let at = start[stack]!; at < start[stack + 1]!; at++) {
        const child = children[at]!;
        const own = name[child - 1]!;
        let as = node;
        if (own >= 0 && seenUnder[own] === node) as = seenAs[own]!;
        else if (own >= 0) {
          as = count++;
          seenUnder[own] = node;
          seenAs[own] = as;
          nodes.parent[as] = node;
          nodes.name[as] = own;
          first[as] = last[as] = child;
          open[opened++] = as;
        }
        nodeOf[child] = as;
        if (last[as] !== child) next[last[as]!] = child;
        last[as] = child;
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

/** The children of a stack are from where `start` says for it up to where it says for the next; stacks count from 1. */
function listChildren(parent: Int32Array, name: Int32Array): { start: Int32Array; children: Int32Array } {
  const start = new Int32Array(parent.length + 2);
  for (let stack = 0; stack < parent.length; stack++) if (name[stack] !== leftOut) start[parent[stack]! + 2]! += 1;
  for (let at = 1; at < start.length; at++) start[at]! += start[at - 1]!;
  const next = start.slice();
  const children = new Int32Array(start[start.length - 1]!);
  for (let stack = 0; stack < parent.length; stack++) {
    if (name[stack] !== leftOut) children[next[parent[stack]! + 1]!++] = stack + 1;
  }
  return { start, children };
}
