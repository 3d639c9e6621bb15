// What a format of comparisons is: a pure function from the difference of two profiles to the text of a file.
import type { ProfileDiff } from '../aggregate/diff.ts';

/** A comparison and what its two sides are called. */
export interface NamedDiff {
  readonly diff: ProfileDiff;
  readonly before: string;
  readonly after: string;
}

export interface DiffFormat {
  readonly name: string;
  /** Endings of file names that choose it, with the dot; the first is the usual one. */
  readonly extensions: readonly string[];
  readonly render: (named: NamedDiff) => Promise<string>;
}
