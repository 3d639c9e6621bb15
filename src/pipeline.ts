// The chain, spelled once: sockets give dumps, dumps give stacks, ticks give them time, the profile stores each thing
// once, and everything after that is a view of the profile. Read this first.
import { TbprofError } from './errors.ts';
import type { Format, FormatAssets, Pieces, View } from './formats/format.ts';
import { type Reading, startBytes, unreadable } from './formats/reader.ts';
import { readerOf } from './formats/readers.ts';
import { gunzip } from './output/gunzip.ts';
import type { Profile } from './profile/profile.ts';
import { Recorder, type RecorderOptions } from './recorder.ts';
import { checkExpansion } from './stream/inflate.ts';

/** Sockets -> profile, while it grows. */
export function startRecording(options: RecorderOptions): Recorder {
  return new Recorder(options);
}

export interface LoadedProfile extends Reading {
  /** The name of its reader, of formats/readers.ts. */
  readonly kind: string;
}

/**
 * A file of any kind that formats/readers.ts knows -> profile, in one piece or in chunks, packed with gzip or not.
 * `name` is what errors call it.
 */
export async function loadProfile(
  input: string | Uint8Array | AsyncIterable<Uint8Array>,
  name: string,
): Promise<LoadedProfile> {
  const bytes = typeof input === 'string' ? new TextEncoder().encode(input) : input;
  const given = await peek(bytes instanceof Uint8Array ? once(bytes) : bytes, startBytes);
  const packed = isGzip(given.start) ? unpack(given.chunks, name) : null;
  const { start, chunks } = packed ? await peek(packed, startBytes) : given;
  const reader = readerOf(start, name);
  try {
    const reading = await reader.read({ name, chunks });
    return { ...reading, whole: reading.whole && packed?.whole !== false, kind: reader.name };
  } catch (error) {
    // Of maps and arrays that are full, and of our own limits.
    if (error instanceof RangeError) throw unreadable(name, `there is too much in it: ${error.message}`);
    throw error;
  }
}

function isGzip(start: Uint8Array): boolean {
  return start[0] === 0x1f && start[1] === 0x8b;
}

/** The same chunks, once their first bytes are known. */
async function peek(chunks: AsyncIterable<Uint8Array>, bytes: number) {
  const iterator = chunks[Symbol.asyncIterator]();
  const first: Uint8Array[] = [];
  let length = 0;
  let isDone = false;
  while (length < bytes && !isDone) {
    const { done, value } = await iterator.next();
    isDone = done === true;
    if (value) length += first.push(value) && value.length;
  }
  async function* all(): AsyncGenerator<Uint8Array> {
    yield* first;
    first.length = 0;
    if (!isDone) yield* { [Symbol.asyncIterator]: () => iterator };
  }
  return { start: concat(first, Math.min(length, bytes)), chunks: all() };
}

function concat(chunks: readonly Uint8Array[], length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk.subarray(0, length - at), at);
    at = Math.min(length, at + chunk.length);
  }
  return bytes;
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  if (bytes.length > 0) yield bytes;
}

interface Unpacked extends AsyncIterable<Uint8Array> {
  /** Known at its end. */
  readonly whole: boolean;
}

function unpack(chunks: AsyncIterable<Uint8Array>, name: string): Unpacked {
  let whole = true;
  const run = async function* () {
    try {
      whole = yield* gunzip(chunks, checkExpansion);
    } catch (error) {
      if (error instanceof TbprofError) throw error;
      throw unreadable(name, `its gzip is refused: ${(error as Error).message}`);
    }
  };
  return {
    get whole() {
      return whole;
    },
    [Symbol.asyncIterator]: run,
  };
}

/** Profile -> pieces of a file. */
export function renderProfile(profile: Profile, format: Format, view: View, assets: FormatAssets): Pieces {
  return format.render(profile, view, assets);
}
