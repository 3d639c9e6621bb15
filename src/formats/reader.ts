// What a reader is: from the bytes of a file, in chunks, to a profile. Everything in a file is hostile: what can be read
// is read, what cannot is counted, and a file that makes no sense is a TbprofError with its name and the place.
import { exitCodes, TbprofError } from '../errors.ts';
import type { Profile } from '../profile/profile.ts';

export interface Input {
  /** What messages call it. */
  readonly name: string;
  /** Its bytes, unpacked where they were packed with gzip. */
  readonly chunks: AsyncIterable<Uint8Array>;
}

/** Something in a file that did not make it into the profile. */
export interface Skipped {
  readonly count: number;
  /** In the plural: `lines without a count`. */
  readonly what: string;
  /** Where the first of them is: `line 12`; null where there is no place to name. */
  readonly first: string | null;
}

export interface Reading {
  readonly profile: Profile;
  /** False where the file stops before its end. */
  readonly whole: boolean;
  readonly skipped: readonly Skipped[];
}

export interface Reader {
  readonly name: string;
  /** For messages: what kind of file it reads. */
  readonly description: string;
  /** Whether the first {@link startBytes} of a file look like it; as bytes, and as text. */
  readonly recognises: (start: Uint8Array, text: string) => boolean;
  readonly read: (input: Input) => Promise<Reading>;
}

/** How much of a file the kind is told by. */
export const startBytes = 64 * 1024;

export function unreadable(name: string, why: string, hint?: string): TbprofError {
  return new TbprofError(`cannot read ${name}: ${why}`, {
    code: 'unreadable',
    exitCode: exitCodes.usage,
    ...(hint !== undefined && { hint }),
  });
}

/** Counts what is skipped, by its kind, with the place of the first. */
export class SkipCount {
  readonly #skipped = new Map<string, { count: number; first: string | null }>();

  add(what: string, place: string | null = null, count = 1): void {
    const before = this.#skipped.get(what);
    if (before) before.count += count;
    else if (count > 0) this.#skipped.set(what, { count, first: place });
  }

  list(): Skipped[] {
    return [...this.#skipped].map(([what, { count, first }]) => ({ what, count, first }));
  }
}

/** A page, JSON and protobuf are read in one piece; V8's strings end a little later. */
const maxWholeBytes = 500_000_000;

/** All bytes of a file that cannot be read in pieces. */
export async function collect({ name, chunks }: Input): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of chunks) {
    pieces.push(chunk);
    length += chunk.length;
    if (length > maxWholeBytes) {
      throw unreadable(
        name,
        `it is larger than ${maxWholeBytes / 1e6} MB`,
        'only line formats may be: .tbprof, collapsed',
      );
    }
  }
  const whole = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}
