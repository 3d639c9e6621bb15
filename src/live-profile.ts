// A growing profile and the stream that is written of it, in bounded memory: what a recording is while it is made. Knows
// nothing of threads and clocks.
import { Intake } from './intake.ts';
import { ProfileBuilder } from './profile/builder.ts';
import type { Profile, ProfileMeta } from './profile/profile.ts';
import { printLine, StreamEncoder } from './stream/encode.ts';

/** Above so many samples in memory neighbouring dumps are merged; the stream has them as they were. */
const maxSamples = 4_000_000;

/** Merging over more than this makes no sample less. */
const longestBucketMs = 2 ** 31;

export class LiveProfile {
  readonly builder: ProfileBuilder;
  readonly intake: Intake;
  readonly #encoder = new StreamEncoder();
  readonly #append: (lines: string) => void;
  #bucketMs = 250;

  /** `append` takes the lines of the stream as they come. */
  constructor(meta: Omit<ProfileMeta, 'durationMs'>, append: (lines: string) => void) {
    this.builder = new ProfileBuilder(meta);
    this.intake = new Intake(this.builder);
    this.#append = append;
  }

  /** The profile so far; cheap. */
  view(): Profile {
    return this.builder.view();
  }

  /** To be called about twice a second: writes what is new, and merges where there is too much. */
  flush(): void {
    this.intake.flush();
    this.#append([...this.#encoder.linesSince(this.view())].map(printLine).join(''));
    while (this.view().samples.stack.length > maxSamples && this.#bucketMs < longestBucketMs) {
      this.#bucketMs *= 2;
      this.builder.coarsen(this.#bucketMs);
      this.#encoder.skipDumps(this.view());
    }
  }
}
