// What the stacks of a view stand on.
import { rootEndpoints } from '../profile/endpoint-roots.ts';
import { labelWorker } from '../profile/labels.ts';
import type { Profile } from '../profile/profile.ts';
import { rewriteStacks } from '../profile/rewrite.ts';
import { rootThreads } from '../profile/thread-roots.ts';
import type { Split } from './state.ts';

export function splitStacks(profile: Profile, split: Split): Profile {
  switch (split) {
    case 'none':
      return profile;
    case 'worker':
      return rootWorkers(profile);
    case 'thread':
      return rootThreads(profile);
    case 'endpoint':
      return rootEndpoints(profile);
  }
}

function rootWorkers(profile: Profile): Profile {
  return rewriteStacks(profile, ({ push, named }) => ({
    byThread: true,
    root: (thread) => push(-1, named(labelWorker(profile, profile.threads[thread]!.worker))),
    step: push,
  }));
}
