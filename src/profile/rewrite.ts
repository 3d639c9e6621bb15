// Stacks rewritten frame by frame, as views need it: the old frames keep their numbers. One pass over the stacks, whatever
// number of samples stands on them.
import { NamedFrames } from './named-frames.ts';
import { keepSamples } from './pick.ts';
import type { Profile } from './profile.ts';
import { mergeSiblings } from './siblings.ts';

/**
 * What a frame adds to its stack: the frame to be put on top of `leaf` (that in which the new stack ends so far; -1: it is
 * empty), or -1 where nothing is.
 */
export type Step = (leaf: number, frame: number) => number;

/** `plan` is given what makes a frame of a name. Samples whose new stack is empty are not in the result. */
export function rewriteStacks(profile: Profile, plan: (named: (name: string) => number) => Step): Profile {
  const { samples } = profile;
  const names = new NamedFrames(profile);
  const step = plan((name) => names.named(name));
  const { parent, name, rowOf } = addFrames(profile, step);
  const merged = mergeSiblings(parent, name);
  // The root is no stack.
  const stack = samples.stack.map((old) => (rowOf[old] === -1 ? -1 : merged.nodeOfStack[rowOf[old]!]! - 1));
  const rewritten = {
    ...profile,
    ...names.tables(),
    stacks: { parent: merged.parent.subarray(1).map((node) => node - 1), frame: merged.name.subarray(1) },
    samples: { ...samples, stack },
  };
  return stack.includes(-1) ? keepSamples(rewritten, (sample) => stack[sample] !== -1) : rewritten;
}

/** Stacks as the steps make them, a row for each that adds a frame; several may be the same. */
interface AddedFrames {
  readonly parent: Int32Array;
  readonly name: Int32Array;
  /** By old stack, the row in which the new one ends; -1 where it is empty. */
  readonly rowOf: Int32Array;
}

function addFrames(profile: Profile, step: Step): AddedFrames {
  const { stacks } = profile;
  const used = markUsed(profile);
  const parent = new Int32Array(used.length);
  const name = new Int32Array(used.length);
  const rowOf = new Int32Array(used.length);
  let rows = 0;
  for (let stack = 0; stack < used.length; stack++) {
    if (used[stack] === 0) continue;
    const old = stacks.parent[stack]!;
    const below = old === -1 ? -1 : rowOf[old]!;
    const frame = step(below === -1 ? -1 : name[below]!, stacks.frame[stack]!);
    if (frame === -1) {
      rowOf[stack] = below;
      continue;
    }
    parent[rows] = below;
    name[rows] = frame;
    rowOf[stack] = rows++;
  }
  return { parent: parent.subarray(0, rows), name: name.subarray(0, rows), rowOf };
}

/** 1 for each stack that a sample stands on, and for all below it. */
function markUsed({ stacks, samples }: Profile): Uint8Array {
  const used = new Uint8Array(stacks.parent.length);
  for (let sample = 0; sample < samples.stack.length; sample++) used[samples.stack[sample]!] = 1;
  for (let stack = used.length - 1; stack >= 0; stack--) {
    if (used[stack] === 1 && stacks.parent[stack] !== -1) used[stacks.parent[stack]!] = 1;
  }
  return used;
}
