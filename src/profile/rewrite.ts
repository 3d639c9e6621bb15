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
  builder.reserveStacks(stacks.parent.length);
  const { root, step, byThread } = plan({
    push: (stack, frame) => builder.stack(stack, frame),
    named: (name) => builder.frame(builder.string(name), builder.string(''), 0, builder.string('')),
  });

  // Thread by thread, so that one column is enough for what is known of the stacks of a thread.
  const madeOf = new Int32Array(stacks.parent.length);
  /** For which root {@link madeOf} holds, plus 1. */
  const madeFor = new Int32Array(stacks.parent.length);
  const path: number[] = [];
  const stack = new Int32Array(samples.stack.length);
  let rooted = -1;
  let made = -1;
  let bottom = -1;
  for (const sample of byThread ? orderByThread(profile) : stack.keys()) {
    const thread = samples.thread[sample]!;
    if (rooted === -1 || (byThread && thread !== rooted)) {
      rooted = thread;
      bottom = root(thread);
    }
    let at = samples.stack[sample]!;
    for (; at !== -1 && madeFor[at] !== rooted + 1; at = stacks.parent[at]!) path.push(at);
    made = at === -1 ? bottom : madeOf[at]!;
    for (let old = path.pop(); old !== undefined; old = path.pop()) {
      made = step(made, stacks.frame[old]!);
      madeOf[old] = made;
      madeFor[old] = rooted + 1;
    }
    stack[sample] = made;
  }
  const { strings, frames, stacks: newStacks } = builder.view();
  const rewritten = { ...profile, strings, frames, stacks: newStacks, samples: { ...samples, stack } };
  return stack.includes(-1) ? keepSamples(rewritten, (sample) => stack[sample] !== -1) : rewritten;
}

/** The samples of the first thread, then those of the second, ..., each in their order. */
function orderByThread({ threads, samples }: Profile): Int32Array {
  const next = new Int32Array(threads.length + 1);
  for (const thread of samples.thread) next[thread + 1]! += 1;
  for (let thread = 0; thread < threads.length; thread++) next[thread + 1]! += next[thread]!;
  const order = new Int32Array(samples.thread.length);
  for (let sample = 0; sample < order.length; sample++) order[next[samples.thread[sample]!]!++] = sample;
  return order;
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
