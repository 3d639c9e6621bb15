// A profile whose stacks stand on their worker and thread: views of it keep the threads apart.
import { labelThread, labelWorker } from './labels.ts';
import type { Profile } from './profile.ts';
import { rootStacks } from './root-stacks.ts';

/** The same samples, each stack with two frames more at its root. */
export function rootThreads(profile: Profile): Profile {
  return rootStacks(profile, profile.samples.thread, (thread) => [
    labelWorker(profile, profile.threads[thread]!.worker),
    labelThread(profile, thread),
  ]);
}

/** The same, each stack with its worker at its root. */
export function rootWorkers(profile: Profile): Profile {
  const workerOf = profile.samples.thread.map((thread) => profile.threads[thread]!.worker);
  return rootStacks(profile, workerOf, (worker) => [labelWorker(profile, worker)]);
}
