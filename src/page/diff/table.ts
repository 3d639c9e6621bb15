// All functions (or stacks) as a table: what is more than chance first, then by falling change, or as the reader sorts it.
import { type Change, type DiffRow, framesOfRow, isMarked, type ProfileDiff } from '../../aggregate/diff.ts';
import { fateOf } from '../../aggregate/diff-frames.ts';
import { printValue } from '../../formats/diff-words.ts';
import { changeColour } from '../../profile/palette.ts';
import { button, element } from '../dom.ts';
import { countText } from '../numbers.ts';
import { createPager } from '../pager.ts';
import { cutMiddle } from '../shorten.ts';
import { remember } from '../shown.ts';
import { bareChange, fateBadge, marginText, starOf } from './change-text.ts';
import { showRow } from './pick.ts';
import type { DiffPage, DiffView, Scene } from './state.ts';

const rowsPerPage = 100;

const kinds = ['change', 'before', 'after'] as const;
type Column = `${'self' | 'total'} ${(typeof kinds)[number]}` | 'name';

/** Null: the order of the comparison. */
interface Sorting {
  readonly column: Column | null;
  readonly falling: boolean;
}

/** Leaf first, as it says most. */
function rowText(diff: ProfileDiff, row: DiffRow): string {
  return framesOfRow(diff, row).reverse().join(' < ');
}

/** Stacks go by their leaves. */
function sortRows(diff: ProfileDiff, rows: readonly DiffRow[], { column, falling }: Sorting): readonly DiffRow[] {
  if (column === null) return rows;
  const sign = falling ? -1 : 1;
  if (column === 'name') {
    const leaf = ({ place }: DiffRow) =>
      diff.groups.labels[diff.options.stacks ? diff.tree.tree.group[place]! : place]!;
    return rows.toSorted((a, b) => sign * compare(leaf(a), leaf(b)));
  }
  const [of, kind] = column.split(' ') as ['self' | 'total', (typeof kinds)[number]];
  return rows.toSorted((a, b) => sign * ((a[of]?.[kind] ?? 0) - (b[of]?.[kind] ?? 0)));
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

export function createTable(page: DiffPage): DiffView {
  const table = element('table', 'functions changes');
  const note = element('p', 'note');
  let sorting: Sorting = { column: null, falling: true };
  let scene: Scene | null = null;
  const pager = createPager(rowsPerPage, () => draw());
  const sorted = remember(sortRows);
  const sort = (column: Column) => {
    // The third time leads back to the order of the comparison.
    if (sorting.column !== column) sorting = { column, falling: column !== 'name' };
    else if (sorting.falling === (column !== 'name')) sorting = { column, falling: !sorting.falling };
    else sorting = { column: null, falling: true };
    pager.reset();
    draw();
    table.querySelector<HTMLElement>(`[data-column="${column}"] button`)!.focus();
  };
  const draw = () => {
    const { diff, state } = scene!;
    const all = sorted(diff, diff.rows, sorting);
    const rows = state.search === '' ? all : all.filter((row) => isFound(scene!, row));
    const { from, to } = pager.range(rows.length);
    const body = element('tbody', '', ...rows.slice(from, to).map((row) => drawRow(page, scene!, row)));
    table.replaceChildren(drawHead(diff, sorting, sort), body);
    note.textContent = describeRows(diff, rows, { from, to });
  };
  return {
    element: element('section', 'table-view', table, pager.element, note),
    draw(next) {
      if (next.state.search !== scene?.state.search || next.diff !== scene?.diff) pager.reset();
      scene = next;
      draw();
    },
  };
}

/** Of a stack any frame will do. */
function isFound({ diff, found }: Scene, { place }: DiffRow): boolean {
  if (!diff.options.stacks) return found[place] === 1;
  const { tree } = diff.tree;
  for (let at = place; at !== 0; at = tree.parent[at]!) if (found[tree.group[at]!] === 1) return true;
  return false;
}

function describeRows(
  diff: ProfileDiff,
  rows: readonly DiffRow[],
  { from, to }: { readonly from: number; readonly to: number },
): string {
  const count = countText(rows.length, diff.options.stacks ? 'stack' : diff.options.by);
  const listed = rows.length > to - from ? `${from + 1} to ${to} of ${count}` : count;
  const of = (fate: 'gone' | 'new') => rows.filter((row) => fateOf(row.total ?? row.self) === fate).length;
  const searched = rows.length === diff.rows.length ? '' : ` of ${diff.rows.length}`;
  return `${listed}${searched}: ${rows.filter(isMarked).length} changed by more than chance (★), ${of('gone')} gone, ${of('new')} new`;
}

function columnsOf({ options }: ProfileDiff): { readonly name: Column; readonly text: string }[] {
  const of = (what: 'self' | 'total') =>
    kinds.map((kind) => ({ name: `${what} ${kind}` as const, text: kind === 'change' ? `${what} change` : kind }));
  const name = { name: 'name', text: options.stacks ? 'stack' : options.by } as const;
  return [...of('self'), ...(options.stacks ? [] : of('total')), name];
}

function drawHead(diff: ProfileDiff, sorting: Sorting, onSort: (column: Column) => void): HTMLElement {
  const cells = columnsOf(diff).map(({ name, text }) => {
    const isSorted = sorting.column === name;
    const mark = isSorted ? (sorting.falling ? ' ▾' : ' ▴') : '';
    const pick = button(`${text}${mark}`, () => onSort(name), { className: 'link' });
    const cell = element('th', classOf(name), pick);
    cell.setAttribute('scope', 'col');
    cell.dataset.column = name;
    if (isSorted) cell.setAttribute('aria-sort', sorting.falling ? 'descending' : 'ascending');
    return cell;
  });
  return element('thead', '', element('tr', '', ...cells));
}

function classOf(name: Column): string {
  if (name === 'name') return '';
  return name.endsWith('change') ? 'number change' : 'number';
}

function drawRow(page: DiffPage, scene: Scene, row: DiffRow): HTMLElement {
  const { diff, theme } = scene;
  const { per } = diff.options;
  const cells = (change: Change) => [
    element(
      'td',
      'number change',
      bareChange(change, per),
      element('small', '', marginText(change, per)),
      starOf(change),
    ),
    element('td', 'number', printValue(change.before, per)),
    element('td', 'number', printValue(change.after, per)),
  ];
  const swatch = element('i', 'swatch');
  swatch.style.background = changeColour((row.total ?? row.self).change, theme).fill;
  const pick = button(cutMiddle(rowText(diff, row), 300), () => showRow(page, scene, row), {
    className: 'link',
    title: 'shows it in the graph',
  });
  const name = element('td', 'name', swatch, pick, ...fateBadge(row.total ?? row.self));
  return element('tr', '', ...cells(row.self), ...(row.total ? cells(row.total) : []), name);
}
