// Stacks rewritten frame by frame, as views need it: new tables, in which the old frames keep their numbers.
import { ProfileBuilder } from './builder.ts';
import { keepSamples } from './pick.ts';
import type { Profile } from './profile.ts';

/** What a rewriting makes its stacks of. */
export interface StackMaker {
  /** The stack of this frame on top of that one (-1: none). */
  push(stack: number, frame: number): number;
  /** A frame that stands for something else than code: a name without a file. */
  named(name: string): number;
}

/** New stacks are made from the root up; each stack of a thread is rewritten once. */
export interface Rewriting {
  /** What the stacks of a thread stand on: a new stack, or -1. */
  readonly root: (thread: number) => number;
  /** The new stack where the old one has one frame more. */
  readonly step: (stack: number, frame: number) => number;
  /** True where the root differs from thread to thread. */
  readonly byThread: boolean;
}

/** Samples whose new stack is empty (-1) are not in the result. */
export function rewriteStacks(profile: Profile, plan: (make: StackMaker) => Rewriting): Profile {
  const { stacks, samples } = profile;
  const builder = copyFrames(profile);
  const { root, step, byThread } = plan({
    push: (stack, frame) => builder.stack(stack, frame),
    named: (name) => builder.frame(builder.string(name), builder.string(''), 0, builder.string('')),
  });

  const known = new Map<number, Map<number, number>>();
  const rewrittenOf = (thread: number): Map<number, number> => {
    const key = byThread ? thread : -1;
    const rewritten = known.get(key) ?? new Map([[-1, root(thread)]]);
    known.set(key, rewritten);
    return rewritten;
  };
  const rewrite = (thread: number, stack: number): number => {
    const rewritten = rewrittenOf(thread);
    const path: number[] = [];
    let at = stack;
    for (; !rewritten.has(at); at = stacks.parent[at]!) path.push(at);
    let made = rewritten.get(at)!;
    for (const old of path.reverse()) {
      made = step(made, stacks.frame[old]!);
      rewritten.set(old, made);
    }
    return made;
  };

  const stack = samples.stack.map((old, sample) => rewrite(samples.thread[sample]!, old));
  const { strings, frames, stacks: newStacks } = builder.view();
  const rewritten = { ...profile, strings, frames, stacks: newStacks, samples: { ...samples, stack } };
  return stack.includes(-1) ? keepSamples(rewritten, (sample) => stack[sample] !== -1) : rewritten;
}

/** No two rows of a profile's frames are the same, so that each keeps its number. */
function copyFrames({ meta, strings, frames }: Profile): ProfileBuilder {
  const builder = new ProfileBuilder(meta);
  for (let frame = 0; frame < frames.line.length; frame++) {
    const text = (column: Int32Array) => builder.string(strings[column[frame]!]!);
    builder.frame(text(frames.function), text(frames.file), frames.line[frame]!, text(frames.source));
  }
  return builder;
}
