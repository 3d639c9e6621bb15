// A growing profile in bounded memory, and who follows it, such as the stream that is written of it: what a recording is
// while it is made. Knows nothing of threads and clocks.
import { Intake } from './intake.ts';
import { type NewProfileMeta, ProfileBuilder } from './profile/builder.ts';
import type { Profile } from './profile/profile.ts';
import { printLine, StreamEncoder } from './stream/encode.ts';

/** Is shown the profile before rows of it are merged, and told when that has changed their numbers. */
export interface Follower {
  take(profile: Profile): void;
  skipMerged(profile: Profile): void;
}

export class LiveProfile {
  readonly builder: ProfileBuilder;
  readonly intake: Intake;
  readonly #follower: Follower;

  constructor(meta: NewProfileMeta, follower: Follower) {
    this.builder = new ProfileBuilder(meta);
    this.intake = new Intake(this.builder);
    this.#follower = follower;
  }

  /** The profile so far; cheap. */
  view(): Profile {
    return this.builder.view();
  }

  /** To be called about twice a second: merges where there is too much; who follows has seen it as it was. */
  flush(): void {
    this.intake.flush();
    this.#follower.take(this.view());
    if (this.builder.bound()) this.#follower.skipMerged(this.view());
  }
}

/** Writes the stream; `append` takes its lines as they come. */
export function writeStream(append: (lines: string) => void): Follower {
  const encoder = new StreamEncoder();
  return {
    take: (profile) => append([...encoder.linesSince(profile)].map(printLine).join('')),
    skipMerged: (profile) => encoder.skipMerged(profile),
  };
}
