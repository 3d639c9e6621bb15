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

/** By its name as given to `--format`. */
export function formatNamed(name: string): Format {
  const found = formats.find((format) => format.name === name);
  if (!found)
    throw usageError(`there is no format '${name}'`, `known: ${formats.map((format) => format.name).join(', ')}`);
  return found;
}

/** By the ending of a file's name, the longest that fits: `.speedscope.html` before `.html`; null for an unknown one. */
export function formatOfFile(file: string): Format | null {
  const lengthOf = (format: Format) => endingOf(file, format).length;
  const fitting = formats.filter((format) => lengthOf(format) > 0);
  return fitting.sort((a, b) => lengthOf(b) - lengthOf(a))[0] ?? null;
}

/** What of the file's name says the format; empty where nothing does. */
export function endingOf(file: string, { extensions }: Format): string {
  const fitting = extensions.filter((ending) => file.toLowerCase().endsWith(ending));
  return fitting.sort((a, b) => b.length - a.length)[0] ?? '';
}
