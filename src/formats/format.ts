// What a format is: a pure function from a profile to the pieces of a file.
import type { Grouping } from '../profile/labels.ts';
import type { Profile } from '../profile/profile.ts';
import { rootThreads } from '../profile/thread-roots.ts';

/** How the profile is to be shown; the same for every format. */
export interface View {
  readonly by: Grouping;
  /** Worker and thread as root frames. */
  readonly threads: boolean;
}

/** The profile as a view wants it; formats that carry the recording itself leave it to whoever shows it. */
export function applyView(profile: Profile, { threads }: View): Profile {
  return threads ? rootThreads(profile) : profile;
}

export const defaultView: View = { by: 'line', threads: false };

/** Lines are for graphs: a list of them says little. */
export function listView({ by, threads }: View): View {
  return { by: by === 'line' ? 'function' : by, threads };
}

/** What a format needs from outside: formats do not read files. */
export interface FormatAssets {
  /** The text of a file of templates/. */
  readonly template: (name: string) => string;
}

/**
 * A file in pieces, in order: the whole may be longer than a string can be (V8: 512 MB). Generators, not iterables: a string
 * would be one, of its characters.
 */
export type Pieces = Generator<Piece, void> | AsyncGenerator<Piece, void>;

/** Text is written as UTF-8. */
export type Piece = string | Uint8Array;

export interface Format {
  readonly name: string;
  /** For the list of formats in messages and help. */
  readonly description: string;
  /** Endings of file names that choose it, with the dot; the first is the usual one. The longest that fits a name wins. */
  readonly extensions: readonly string[];
  /** No text: it is not for terminals. */
  readonly isBinary?: true;
  /** The same profile and view give the same bytes. */
  readonly render: (profile: Profile, view: View, assets: FormatAssets) => Pieces;
}
