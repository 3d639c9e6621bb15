// The chain, spelled once: sockets give dumps, dumps give stacks, ticks give them time, the profile stores each thing
// once, and everything after that is a view of the profile. Read this first.
import { exitCodes, TbprofError } from './errors.ts';
import type { Format, FormatAssets, Pieces, View } from './formats/format.ts';
import { findStream } from './formats/html.ts';
import type { Profile } from './profile/profile.ts';
import { Recorder, type RecorderOptions } from './recorder.ts';
import { decompress } from './stream/compress.ts';
import { type DecodedStream, decodeStream } from './stream/decode.ts';

/** Sockets -> profile, while it grows. */
export function startRecording(options: RecorderOptions): Recorder {
  return new Recorder(options);
}

/** A recording, or a page that carries one, as text or UTF-8 -> profile. `name` is what errors call it. */
export async function loadProfile(input: string | Uint8Array, name: string): Promise<DecodedStream> {
  const start = typeof input === 'string' ? input : new TextDecoder().decode(input.subarray(0, recordingStart.length));
  if (start.startsWith(recordingStart)) return decodeStream(input, name);
  const unreadable = (cause?: unknown) =>
    new TbprofError(`${name} is neither a page nor a recording of tbprof, or it is damaged`, {
      code: 'unreadable',
      exitCode: exitCodes.usage,
      cause,
    });
  const payload = findStream(typeof input === 'string' ? input : decodePage(input, unreadable));
  if (payload === null) throw unreadable();
  return decodeStream(await decompress(payload).catch((cause) => Promise.reject(unreadable(cause))), name);
}

const recordingStart = '{"tbprof":';

/** A page of ours is one string; what is longer than a string can be is none. */
function decodePage(bytes: Uint8Array, unreadable: (cause: unknown) => TbprofError): string {
  try {
    return new TextDecoder().decode(bytes);
  } catch (cause) {
    throw unreadable(cause);
  }
}

/** Profile -> pieces of a file. */
export function renderProfile(profile: Profile, format: Format, view: View, assets: FormatAssets): Pieces {
  return format.render(profile, view, assets);
}
