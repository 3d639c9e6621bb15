// The chain, spelled once: sockets give dumps, dumps give stacks, ticks give them time, the profile stores each thing
// once, and everything after that is a view of the profile. Read this first.
import { exitCodes, TbprofError } from './errors.ts';
import type { Format, FormatAssets, View } from './formats/format.ts';
import { findStream } from './formats/html.ts';
import type { Profile } from './profile/profile.ts';
import { Recorder, type RecorderOptions } from './recorder.ts';
import { decompress } from './stream/compress.ts';
import { type DecodedStream, decodeStream } from './stream/decode.ts';

/** Sockets -> profile, while it grows. */
export function startRecording(options: RecorderOptions): Recorder {
  return new Recorder(options);
}

/** The text of a recording, or of a page that carries one -> profile. `name` is what errors call it. */
export async function loadProfile(text: string, name: string): Promise<DecodedStream> {
  if (text.startsWith('{"tbprof":')) return decodeStream(text, name);
  const payload = findStream(text);
  const unreadable = (cause?: unknown) =>
    new TbprofError(`${name} is neither a page nor a recording of tbprof, or it is damaged`, {
      code: 'unreadable',
      exitCode: exitCodes.usage,
      cause,
    });
  if (payload === null) throw unreadable();
  return decodeStream(await decompress(payload).catch((cause) => Promise.reject(unreadable(cause))), name);
}

/** Profile -> text of a file. */
export function renderProfile(profile: Profile, format: Format, view: View, assets: FormatAssets): Promise<string> {
  return format.render(profile, view, assets);
}
