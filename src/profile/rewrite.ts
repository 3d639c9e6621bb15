// Stacks rewritten frame by frame, as views need it: the old frames keep their numbers. One pass over the stacks, whatever
// number of samples stands on them.
import { NamedFrames } from './named-frames.ts';
import { keepSamples } from './pick.ts';
import type { Profile } from './profile.ts';
import { joined, leftOut, mergeSiblings } from './siblings.ts';

/**
 * What a frame adds to its stack: the frame to be put on top of `leaf` (that in which the new stack ends so far; -1: it is
 * empty), or -1 where nothing is.
 */
export type Step = (leaf: number, frame: number) => number;

/** `plan` is given what makes a frame of a name. Samples whose new stack is empty are not in the result. */
export function rewriteStacks(profile: Profile, plan: (named: (name: string) => number) => Step): Profile {
  const { stacks, samples } = profile;
  const names = new NamedFrames(profile);
  const step = plan((name) => names.named(name));
  const used = markUsed(profile);
  const added = new Int32Array(used.length).fill(leftOut);
  const leaf = new Int32Array(used.length);
  for (let stack = 0; stack < used.length; stack++) {
    if (used[stack] === 0) continue;
    const parent = stacks.parent[stack]!;
    const below = parent === -1 ? -1 : leaf[parent]!;
    const frame = step(below, stacks.frame[stack]!);
    added[stack] = frame === -1 ? joined : frame;
    leaf[stack] = frame === -1 ? below : frame;
  }
  const { parent, name, nodeOfStack } = mergeSiblings(stacks.parent, added);
  // The root is no stack.
  const rewritten = {
    ...profile,
    ...names.tables(),
    stacks: { parent: parent.subarray(1).map((node) => node - 1), frame: name.subarray(1) },
    samples: { ...samples, stack: samples.stack.map((stack) => nodeOfStack[stack]! - 1) },
  };
  const { stack } = rewritten.samples;
  return stack.includes(-1) ? keepSamples(rewritten, (sample) => stack[sample] !== -1) : rewritten;
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
