// What a format of comparisons is: a pure function from the difference of two profiles to the pieces of a file.
import type { ProfileDiff } from '../aggregate/diff.ts';
import type { FormatAssets, Pieces } from './format.ts';

/** A comparison and what its two sides are called. */
export interface NamedDiff {
  readonly diff: ProfileDiff;
  readonly before: string;
  readonly after: string;
}

export interface DiffFormat {
  readonly name: string;
  /** For the list of formats in messages and help. */
  readonly description: string;
  /** Endings of file names that choose it, with the dot; the first is the usual one. */
  readonly extensions: readonly string[];
  readonly render: (named: NamedDiff, assets: FormatAssets) => Pieces;
}
