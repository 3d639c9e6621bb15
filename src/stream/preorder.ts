// Stacks in pre-order, each right after its parent or after another child of it: then a stack needs not to name its
// parent, only how many frames to go `up` from the stack before it. And instead of its frame it names which of the callees
// of its parent's frame it is, in the order of their first appearance, whatever the stack: mostly one of the first.
import { PairTable } from '../profile/pairs.ts';
import type { StackTable } from '../profile/profile.ts';

/** `frame` has the frames of the callees that appear for the first time. */
export interface PreorderStacks {
  readonly up: Int32Array;
  readonly callee: Int32Array;
  readonly frame: Int32Array;
}

/** Null where the stacks are in another order. */
export function encodePreorder({ parent, frame }: StackTable): PreorderStacks | null {
  const pairs = new PairTable();
  const calleeOfPair: number[] = [];
  const calleeCount = new Int32Array(frame.reduce((most, one) => Math.max(most, one), -1) + 2);
  const up = new Int32Array(parent.length);
  const callee = new Int32Array(parent.length);
  const newFrames: number[] = [];
  for (let stack = 0; stack < parent.length; stack++) {
    const above = parent[stack]!;
    let open = stack - 1;
    let steps = 0;
    for (; open !== -1 && open !== above; open = parent[open]!) steps += 1;
    if (open !== above) return null;
    const caller = above === -1 ? 0 : frame[above]! + 1;
    const pair = pairs.number(caller, frame[stack]!);
    if (pair === calleeOfPair.length) {
      calleeOfPair.push(calleeCount[caller]!++);
      newFrames.push(frame[stack]!);
    }
    up[stack] = steps;
    callee[stack] = calleeOfPair[pair]!;
  }
  return { up, callee, frame: Int32Array.from(newFrames) };
}

/**
 * The stacks back; null where the columns do not fit together, have a stack twice, or name a frame that is not below
 * `frameCount`.
 */
export function decodePreorder({ up, callee, frame }: PreorderStacks, frameCount: number): StackTable | null {
  const stacks = { parent: new Int32Array(up.length), frame: new Int32Array(up.length) };
  /** By frame of the caller, plus 1. */
  const calleesOf: (number[] | undefined)[] = Array.from({ length: frameCount + 1 });
  const seen = new SeenCallees(up.length);
  let newFrame = 0;
  for (let stack = 0; stack < up.length; stack++) {
    let parent = stack - 1;
    for (let steps = up[stack]!; steps > 0 && parent !== -1; steps--) parent = stacks.parent[parent]!;
    const caller = parent === -1 ? 0 : stacks.frame[parent]! + 1;
    let callees = calleesOf[caller];
    if (callees === undefined) {
      callees = [];
      calleesOf[caller] = callees;
    }
    const which = callee[stack]!;
    if (which === callees.length && newFrame < frame.length) callees.push(frame[newFrame++]!);
    const own = callees[which];
    if (own === undefined || own < 0 || own >= frameCount || !seen.add(parent, which)) return null;
    stacks.parent[stack] = parent;
    stacks.frame[stack] = own;
  }
  return newFrame === frame.length ? stacks : null;
}

/** Which of its callees a stack has had: nearly always one of the first, for which a bit is enough. */
class SeenCallees {
  readonly #first: Int32Array;
  readonly #others = new PairTable();

  constructor(stacks: number) {
    this.#first = new Int32Array(stacks + 1);
  }

  /** False where the stack has had it already; -1 is what the outermost stand on. */
  add(stack: number, callee: number): boolean {
    if (callee > 31) {
      const known = this.#others.size;
      return this.#others.number(stack, callee) === known;
    }
    const bit = 1 << callee;
    const isNew = (this.#first[stack + 1]! & bit) === 0;
    this.#first[stack + 1]! |= bit;
    return isNew;
  }
}
