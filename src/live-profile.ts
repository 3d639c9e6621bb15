// A growing profile and the stream that is written of it, in bounded memory: what a recording is while it is made. Knows
// nothing of threads and clocks.
import { Intake } from './intake.ts';
import { type NewProfileMeta, ProfileBuilder } from './profile/builder.ts';
import type { Profile } from './profile/profile.ts';
import { printLine, StreamEncoder } from './stream/encode.ts';

export class LiveProfile {
  readonly builder: ProfileBuilder;
  readonly intake: Intake;
  readonly #encoder = new StreamEncoder();
  readonly #append: (lines: string) => void;

  /** `append` takes the lines of the stream as they come. */
  constructor(meta: NewProfileMeta, append: (lines: string) => void) {
    this.builder = new ProfileBuilder(meta);
    this.intake = new Intake(this.builder);
    this.#append = append;
  }

  /** The profile so far; cheap. */
  view(): Profile {
    return this.builder.view();
  }

  /** To be called about twice a second: writes what is new, and merges where there is too much; the stream has it as it was. */
  flush(): void {
    this.intake.flush();
    this.#append([...this.#encoder.linesSince(this.view())].map(printLine).join(''));
    if (this.builder.bound()) this.#encoder.skipDumps(this.view());
  }
}
