// Stacks put on roots that differ from sample to sample (its worker, its thread, its endpoint), so that views keep apart
// what stands on different ones. Only what a sample needs is made, once per root.
import { IntColumn } from './columns.ts';
import { NamedFrames } from './named-frames.ts';
import { PairTable } from './pairs.ts';
import type { Profile } from './profile.ts';

/** `rootOf` is by sample; `namesOf` says what a root is called, from the outermost frame on: one name at least. */
export function rootStacks(
  profile: Profile,
  rootOf: Int32Array,
  namesOf: (root: number) => readonly string[],
): Profile {
  const { stacks, samples } = profile;
  const names = new NamedFrames(profile);
  const roots = makeRoots(rootOf, (root) => namesOf(root).map((name) => names.named(name)));
  const parent = new IntColumn();
  const frame = new IntColumn();
  for (const above of roots.parent) parent.push(above);
  for (const own of roots.frame) frame.push(own);
  // Root by root, so that one column is enough for what is known of the stacks on it.
  const madeOf = new Int32Array(stacks.parent.length);
  /** The root for which {@link madeOf} holds, plus 1. */
  const madeFor = new Int32Array(stacks.parent.length);
  const path: number[] = [];
  const stack = new Int32Array(samples.stack.length);
  for (const sample of orderBy(roots.ofSample, roots.parent.length)) {
    const root = roots.ofSample[sample]!;
    let at = samples.stack[sample]!;
    for (; at !== -1 && madeFor[at] !== root + 1; at = stacks.parent[at]!) path.push(at);
    let made = at === -1 ? root : madeOf[at]!;
    for (let old = path.pop(); old !== undefined; old = path.pop()) {
      parent.push(made);
      frame.push(stacks.frame[old]!);
      made = parent.length - 1;
      madeOf[old] = made;
      madeFor[old] = root + 1;
    }
    stack[sample] = made;
  }
  return {
    ...profile,
    ...names.tables(),
    stacks: { parent: parent.view(), frame: frame.view() },
    samples: { ...samples, stack },
  };
}

/** The stacks of the roots that have samples, and on which of them each sample stands; some may share names. */
function makeRoots(rootOf: Int32Array, framesOf: (root: number) => readonly number[]) {
  const stacks = new PairTable();
  const stackOf = new Map<number, number>();
  for (const root of new Set(Int32Array.from(rootOf).sort())) {
    stackOf.set(
      root,
      framesOf(root).reduce((above, frame) => stacks.number(above, frame), -1),
    );
  }
  const ofSample = rootOf.map((root) => stackOf.get(root)!);
  return { parent: stacks.first(), frame: stacks.second(), ofSample };
}

/** The rows of which the column says 0, then those of which it says 1, ..., each in their order. */
function orderBy(column: Int32Array, count: number): Int32Array {
  const next = new Int32Array(count + 1);
  for (const value of column) next[value + 1]! += 1;
  for (let value = 0; value < count; value++) next[value + 1]! += next[value]!;
  const order = new Int32Array(column.length);
  for (let row = 0; row < order.length; row++) order[next[column[row]!]!++] = row;
  return order;
}
