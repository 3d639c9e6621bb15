// A comparison as a table for the terminal.
import { type Change, type DiffRow, framesOfRow, isMarked, type ProfileDiff } from '../aggregate/diff.ts';
import { visible } from '../visible.ts';
import type { DiffFormat, NamedDiff } from './diff-format.ts';
import { describeSides, explainNumbers, printChange, printValue } from './diff-words.ts';
import { count } from './summary.ts';

/** How many changes people are shown that are not more than chance. */
export const shownRows = 20;

export const diffTable: DiffFormat = {
  name: 'table',
  description: 'the table that is printed where no output is named',
  extensions: ['.txt'],
  render: function* (named) {
    yield `${renderDiffTable(named)}\n`;
  },
};

/** What is marked, and the largest of the others: {@link shownRows} in all, or more where more are marked. */
export function rowsToShow({ rows }: ProfileDiff): readonly DiffRow[] {
  return rows.slice(0, Math.max(shownRows, rows.filter(isMarked).length)).filter(hasChanged);
}

function hasChanged({ self, total }: DiffRow): boolean {
  return self.change !== 0 || (total !== null && total.change !== 0);
}

/** No line end after the last. */
export function renderDiffTable(named: NamedDiff): string {
  const { diff } = named;
  const shown = rowsToShow(diff);
  const marked = diff.rows.filter(isMarked).length;
  const others = diff.rows.filter(hasChanged).length - shown.length;
  const what = diff.options.stacks ? 'stack' : diff.options.by;
  return [
    ...describeSides(named),
    '',
    ...(shown.length === 0 ? ['nothing changed'] : renderRows(diff, shown)),
    ...(others > 0 ? [`and ${count(others, `smaller change`)}, none of them more than chance (--json has all)`] : []),
    '',
    ...(diff.unjudged === null ? [`${count(marked, what)} changed by more than chance`] : []),
    ...explainNumbers(diff),
  ].join('\n');
}

function renderRows(diff: ProfileDiff, shown: readonly DiffRow[]): string[] {
  const { per, stacks, by } = diff.options;
  // Numbers end together, whether they have a star or not.
  const room = (change: Change) => (change.judgement?.marked ? '' : '  ');
  const cells = (change: Change) => [
    printValue(change.before, per),
    printValue(change.after, per),
    `${printChange(change, per)}${room(change)}`,
  ];
  const heads = (kind: string) => [`${kind} before`, 'after', 'change  '];
  const head = stacks ? heads('self') : [...heads('self'), ...heads('total')];
  const rows = shown.map((row) => [...cells(row.self), ...(row.total ? cells(row.total) : [])]);
  const widths = head.map((text, column) => Math.max(text.length, ...rows.map((row) => row[column]!.length)));
  const pad = (row: readonly string[]) => row.map((cell, column) => cell.padStart(widths[column]!)).join('  ');
  return [
    `${pad(head)}  ${stacks ? 'stack' : by}`,
    ...rows.map((row, index) => `${pad(row)}  ${printFrames(framesOfRow(diff, shown[index]!))}`),
  ];
}

/** The leaf says most, so it comes first; of deep stacks the middle is left out. */
function printFrames(frames: readonly string[]): string {
  const leafFirst = frames.map(visible).reverse();
  if (leafFirst.length <= 8) return leafFirst.join(' < ');
  return [...leafFirst.slice(0, 5), `(${leafFirst.length - 7} more)`, ...leafFirst.slice(-2)].join(' < ');
}
