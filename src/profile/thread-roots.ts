// A profile whose stacks stand on their worker and thread: views of it keep the threads apart.
import { ProfileBuilder } from './builder.ts';
import { labelThread, labelWorker } from './labels.ts';
import type { Profile } from './profile.ts';

/** The same samples, each stack with two frames more at its root. Tables other than frames and stacks are as before. */
export function rootThreads(profile: Profile): Profile {
  const { strings, frames, stacks, samples, meta } = profile;
  const builder = new ProfileBuilder(meta);
  const frameIds = Array.from(frames.line, (line, frame) => {
    const text = (column: Int32Array) => builder.string(strings[column[frame]!]!);
    return builder.frame(text(frames.function), text(frames.file), line, text(frames.source));
  });
  const noText = builder.string('');
  const rootFrame = (label: string) => builder.frame(builder.string(label), noText, 0, noText);
  const roots = profile.threads.map(({ worker }, thread) => {
    const workerStack = builder.stack(-1, rootFrame(labelWorker(profile, worker)));
    return builder.stack(workerStack, rootFrame(labelThread(profile, thread)));
  });

  const known = roots.map(() => new Map<number, number>());
  const moveStack = (thread: number, stack: number): number => {
    const moved = known[thread]!;
    const path: number[] = [];
    let at = stack;
    for (; at !== -1 && !moved.has(at); at = stacks.parent[at]!) path.push(at);
    let under = at === -1 ? roots[thread]! : moved.get(at)!;
    for (const old of path.reverse()) {
      under = builder.stack(under, frameIds[stacks.frame[old]!]!);
      moved.set(old, under);
    }
    return under;
  };
  const stack = Int32Array.from(samples.stack, (old, sample) => moveStack(samples.thread[sample]!, old));
  const { strings: allStrings, frames: allFrames, stacks: allStacks } = builder.view();
  return { ...profile, strings: allStrings, frames: allFrames, stacks: allStacks, samples: { ...samples, stack } };
}
