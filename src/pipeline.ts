// The chain, spelled once: sockets give dumps, dumps give stacks, ticks give them time, the profile stores each thing
// once, and everything after that is a view of the profile. Read this first.
import { exitCodes, TbprofError } from './errors.ts';
import type { Format, FormatAssets, View } from './formats/format.ts';
import { findStream } from './formats/html.ts';
import { ProfileBuilder } from './profile/builder.ts';
import type { Profile, ProfileMeta } from './profile/profile.ts';
import type { SampledDump } from './sampling/sampler.ts';
import { startSampling } from './sampling/start.ts';
import { decompress } from './stream/compress.ts';
import { type DecodedStream, decodeStream } from './stream/decode.ts';
import { DumpParser } from './tracebacker/parse.ts';
import type { Reading } from './tracebacker/read.ts';
import { printAddress, type Target } from './tracebacker/target.ts';

export interface Recording {
  /** The profile so far; cheap. */
  readonly view: () => Profile;
  /** The whole profile, when the recording has ended and the last dump is in. */
  readonly done: Promise<Profile>;
}

interface RecordingOptions {
  readonly targets: readonly Target[];
  readonly meta: Omit<ProfileMeta, 'durationMs'>;
  /** Undefined: until `stop`. */
  readonly durationMs?: number | undefined;
  /** Ends the recording early; what is in flight is still taken. */
  readonly stop: AbortSignal;
}

/** Sockets -> profile. */
export function startRecording({ targets, meta, durationMs, stop }: RecordingOptions): Recording {
  const builder = new ProfileBuilder(meta);
  for (const { worker, address } of targets) builder.addWorker({ number: worker, address: printAddress(address) });
  const sampling = startSampling({
    targets,
    rateHz: meta.rateHz,
    durationMs,
    stop,
    onDump: dumpTaker(builder),
  });
  const finish = async () => {
    builder.end(await sampling);
    return builder.view();
  };
  return { view: () => builder.view(), done: finish() };
}

/** Dumps -> builder, with a word on every tick that nothing was seen of. */
function dumpTaker(builder: ProfileBuilder): (dump: SampledDump<Reading>) => void {
  const parser = new DumpParser();
  const lastFailures = new Map<number, string>();
  return ({ worker, reading, span }) => {
    const { timeMs, weight, unobserved } = span;
    const note = (kind: 'gap' | 'cut' | 'unreadable', count: number, reason: string) => {
      if (count > 0) builder.addEvent({ timeMs, worker, kind, count, reason });
    };
    if (typeof reading === 'string') {
      // The rest of the recording of a worker that was given up is lost for the same reason.
      note('gap', unobserved, reading === 'end' ? (lastFailures.get(worker) ?? reading) : reading);
      return;
    }
    note('gap', unobserved, reading.failure ?? 'late');
    if (reading.failure !== null) {
      lastFailures.set(worker, reading.failure);
      return;
    }
    lastFailures.delete(worker);
    const { threads, warnings, firstWarning } = parser.parse(reading.bytes);
    for (const { thread, frames } of threads)
      builder.addSample(builder.thread(worker, thread), builder.stackOf(frames));
    builder.endDump({ worker, timeMs, weight, waitUs: reading.waitMs === null ? -1 : reading.waitMs * 1_000 });
    note('cut', threads.filter((stack) => stack.cut).length, '');
    note('unreadable', warnings, firstWarning ?? '');
  };
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
