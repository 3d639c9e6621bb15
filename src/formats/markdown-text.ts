// Text of the sampled program in Markdown (https://github.github.com/gfm/): as code, where nothing of it is markup, a link
// or a mention of somebody.
import { visible } from '../visible.ts';

const maxLength = 300;

/** A code span, fit for a cell of a table. */
export function code(text: string): string {
  const shown = visible(text).replaceAll('|', '¦') || ' '; // a bar would end the cell, and cannot be escaped everywhere
  const cut = shown.length > maxLength ? `${shown.slice(0, maxLength - 1)}…` : shown;
  const longestRun = Math.max(0, ...Array.from(cut.matchAll(/`+/g), ([run]) => run.length));
  const fence = '`'.repeat(longestRun + 1);
  const needsRoom = /^[` ]|[` ]$/.test(cut); // one blank at each end is taken away again
  return needsRoom ? `${fence} ${cut} ${fence}` : `${fence}${cut}${fence}`;
}

export function tableRow(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |\n`;
}
