// What `-o` and `-f` mean, for every command that writes reports.
import { usageError } from '../errors.ts';
import type { Format, View } from '../formats/format.ts';
import { endingOf, formatAmong, formatFor, formatNamed, formats } from '../formats/index.ts';
import { recording } from '../formats/recording.ts';
import { inBlocks } from '../output/blocks.ts';
import { readTemplate } from '../output/files.ts';
import type { Terminal } from '../output/terminal.ts';
import { checkWritable, exists, keepsWhatIsWritten, writeReport } from '../output/write.ts';
import { renderProfile } from '../pipeline.ts';
import type { Profile } from '../profile/profile.ts';

/** A file and its format, which is one of some registry. */
export interface Planned<F> {
  /** `-` is stdout. */
  readonly file: string;
  readonly format: F;
}

export type Output = Planned<Format>;

interface OutputOptions {
  readonly output: readonly string[];
  readonly format?: string | undefined;
}

/** Decides about files and formats, and finds what cannot be written before anything is recorded. */
export function planOutputs({ output, format }: OutputOptions, now: Date): Output[] {
  const named = format === undefined ? formats[0]! : formatNamed(format);
  return planFiles(output.length > 0 ? output : [defaultFile(named, now)], format, formats);
}

/** As {@link planOutputs}, with the formats of any registry. */
export function planFiles<F extends Pick<Format, 'name' | 'extensions'>>(
  files: readonly string[],
  format: string | undefined,
  known: readonly F[],
): Planned<F>[] {
  const named = format === undefined ? null : formatAmong(format, known);
  const outputs = files.map((file) => ({ file, format: named ?? chooseFormat(file, known) }));
  for (const { file } of outputs) if (file !== '-') checkWritable(file);
  return outputs;
}

export interface Written<O = Output> {
  readonly written: readonly O[];
  /** The first failure; null where there was none. It is for the caller to throw, when all else is done. */
  readonly failure: { readonly error: unknown } | null;
}

/** How an output of this profile is rendered and written. */
export function writerOf(profile: Profile, view: View, terminal: Terminal): (output: Output) => Promise<void> {
  return async ({ file, format }) => {
    const pieces = () => renderProfile(profile, format, view, { template: readTemplate });
    if (file !== '-') return await writeReport(file, pieces);
    if (format.isBinary && terminal.outIsTerminal)
      throw usageError(`${format.name} is not for a terminal`, 'name a file');
    for await (const block of inBlocks(pieces())) await terminal.out(block);
  };
}

/** Gives every output its turn: one that fails takes none of the others with it. */
export async function tryEach<O>(outputs: readonly O[], write: (output: O) => Promise<void>): Promise<Written<O>> {
  const written: O[] = [];
  let failure: Written['failure'] = null;
  for (const output of outputs) {
    try {
      await write(output);
      written.push(output);
    } catch (error) {
      failure ??= { error };
    }
  }
  return { written, failure };
}

/** Where the recording is kept while it is made: beside the first report that is a file. */
export function recordingName(outputs: readonly Output[], now: Date): string {
  const first = outputs.find(({ file }) => file !== '-' && keepsWhatIsWritten(file));
  if (!first) return defaultFile(recording, now);
  const ending = endingOf(first.file, first.format);
  return `${first.file.slice(0, first.file.length - ending.length)}${recording.extensions[0]}`;
}

function chooseFormat<F extends Pick<Format, 'name' | 'extensions'>>(file: string, known: readonly F[]): F {
  if (file === '-') {
    const names = known.map(({ name }) => name).join(', ');
    throw usageError('-o - does not say which format', `name it with -f: ${names}`);
  }
  const found = formatFor(file, known);
  if (found) return found;
  const endings = known.flatMap(({ extensions }) => extensions).join(', ');
  throw usageError(`${file} has no ending that names a format`, `known: ${endings}; or name the format with -f`);
}

/** `tbprof-20261123-194500.html`, in local time, as the person on call reads the clock. */
function defaultFile(format: Format, now: Date): string {
  const digits = (number: number) => String(number).padStart(2, '0');
  const [ending] = format.extensions;
  const date = [now.getFullYear(), now.getMonth() + 1, now.getDate()].map(digits).join('');
  const time = [now.getHours(), now.getMinutes(), now.getSeconds()].map(digits).join('');
  // Another recording may have begun in the same second.
  for (let number = 1; ; number++) {
    const file = `tbprof-${date}-${time}${number === 1 ? '' : `-${number}`}${ending}`;
    if (!exists(file)) return file;
  }
}
