// A profile whose stacks stand on their worker and thread: views of it keep the threads apart.
import { labelThread, labelWorker } from './labels.ts';
import type { Profile } from './profile.ts';
import { rewriteStacks } from './rewrite.ts';

/** The same samples, each stack with two frames more at its root. */
export function rootThreads(profile: Profile): Profile {
  return rewriteStacks(profile, ({ push, named }) => {
    const rootOf = (thread: number) => {
      const worker = push(-1, named(labelWorker(profile, profile.threads[thread]!.worker)));
      return push(worker, named(labelThread(profile, thread)));
    };
    return { byThread: true, root: rootOf, step: push };
  });
}
