// The registry: a new writer is one file and one line here.
import { usageError } from '../errors.ts';
import { collapsed } from './collapsed.ts';
import { firefox } from './firefox.ts';
import type { Format } from './format.ts';
import { html } from './html.ts';
import { markdown } from './markdown.ts';
import { pprof } from './pprof.ts';
import { recording } from './recording.ts';
import { speedscope } from './speedscope.ts';
import { speedscopeHtml } from './speedscope-html.ts';
import { svg } from './svg.ts';

export const formats: readonly Format[] = [
  html,
  speedscope,
  speedscopeHtml,
  pprof,
  firefox,
  svg,
  markdown,
  collapsed,
  recording,
];

/** What tells a format from the others of a registry. */
type Named = Pick<Format, 'name' | 'extensions'>;

/** By its name as given to `--format`. */
export function formatAmong<F extends Named>(name: string, known: readonly F[]): F {
  const found = known.find((format) => format.name === name);
  if (!found)
    throw usageError(`there is no format '${name}'`, `known: ${known.map((format) => format.name).join(', ')}`);
  return found;
}

/** One of ours, see {@link formatAmong}. */
export function formatNamed(name: string): Format {
  return formatAmong(name, formats);
}

/** By the ending of a file's name, the longest that fits: `.speedscope.html` before `.html`; null for an unknown one. */
export function formatFor<F extends Named>(file: string, known: readonly F[]): F | null {
  const lengthOf = (format: F) => endingOf(file, format).length;
  const fitting = known.filter((format) => lengthOf(format) > 0);
  return fitting.sort((a, b) => lengthOf(b) - lengthOf(a))[0] ?? null;
}

/** One of ours, see {@link formatFor}. */
export function formatOfFile(file: string): Format | null {
  return formatFor(file, formats);
}

/** What of the file's name says the format; empty where nothing does. */
export function endingOf(file: string, { extensions }: Named): string {
  const fitting = extensions.filter((ending) => file.toLowerCase().endsWith(ending));
  return fitting.sort((a, b) => b.length - a.length)[0] ?? '';
}
