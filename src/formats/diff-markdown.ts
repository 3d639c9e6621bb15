// A comparison as Markdown, for a pull request: https://github.github.com/gfm/
import { type Change, framesOfRow, isMarked } from '../aggregate/diff.ts';
import { visible } from '../visible.ts';
import type { DiffFormat, NamedDiff } from './diff-format.ts';
import { rowsToShow } from './diff-table.ts';
import { describeSides, explainNumbers, printChange, printValue } from './diff-words.ts';
import { count } from './summary.ts';

export const diffMarkdown: DiffFormat = {
  name: 'markdown',
  description: 'a table for a pull request',
  extensions: ['.md', '.markdown'],
  render: function* (named) {
    yield renderDiffMarkdown(named);
  },
};

export function renderDiffMarkdown(named: NamedDiff): string {
  const { diff } = named;
  const { per, stacks, by } = diff.options;
  const what = stacks ? 'stack' : by;
  const cells = (change: Change) => [
    printValue(change.before, per),
    printValue(change.after, per),
    escapeText(printChange(change, per)),
  ];
  const heads = (kind: string) => [`${kind} before`, `${kind} after`, `${kind} change`];
  const head = [what, ...heads('self'), ...(stacks ? [] : heads('total'))];
  const rows = rowsToShow(diff).map((row) => {
    const name = framesOfRow(diff, row).map(code).join(' &gt; ');
    const line = [name, ...cells(row.self), ...(row.total ? cells(row.total) : [])];
    return isMarked(row) ? line.map((cell) => `**${cell}**`) : line;
  });
  const marked = diff.rows.filter(isMarked).length;
  const table = [head, head.map((_, column) => (column === 0 ? '---' : '---:')), ...rows];
  return [
    `### Profiles compared: ${diff.unjudged === null ? `${count(marked, what)} changed by more than chance` : 'not judged'}`,
    '',
    ...describeSides(named).map((line) => `- ${escapeText(line)}`),
    '',
    ...(rows.length === 0 ? ['Nothing changed.'] : table.map((row) => `| ${row.join(' | ')} |`)),
    '',
    ...explainNumbers(diff).map((line) => `- ${escapeText(line)}`),
    '',
  ].join('\n');
}

/** Where Markdown and HTML are not obeyed; a pipe would still end the cell. Entities hold everywhere but in code spans. */
function code(text: string): string {
  const escaped = visible(text).replace(/[&<>|`\\*_[\]]/g, (char) => `&#${char.charCodeAt(0)};`);
  return `<code>${escaped}</code>`;
}

function escapeText(text: string): string {
  return text.replace(/[&<>|`\\*_[\]]/g, (char) => `&#${char.charCodeAt(0)};`);
}
