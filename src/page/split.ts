// What the stacks of a view stand on.
import { rootEndpoints } from '../profile/endpoint-roots.ts';
import type { Profile } from '../profile/profile.ts';
import { rootThreads, rootWorkers } from '../profile/thread-roots.ts';
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
