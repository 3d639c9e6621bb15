// The functions as a table: sorted as the reader likes, filtered by the search, a page at a time.
import { type FunctionRow, listFunctions } from '../aggregate/functions.ts';
import { button, element } from './dom.ts';
import { groupColours } from './labels.ts';
import { countText, share, time } from './numbers.ts';
import { createPager } from './pager.ts';
import { cutMiddle } from './shorten.ts';
import { remember, type Shown } from './shown.ts';
import type { Page, Scene, View } from './view.ts';

const rowsPerPage = 100;

type Column = 'self' | 'total' | 'ticks' | 'function' | 'file';

const columns: readonly { readonly name: Column; readonly text: string; readonly number: boolean }[] = [
  { name: 'self', text: 'self', number: true },
  { name: 'total', text: 'total', number: true },
  { name: 'ticks', text: 'ticks', number: true },
  { name: 'function', text: 'function', number: false },
  { name: 'file', text: 'file', number: false },
];

interface Sorting {
  readonly column: Column;
  readonly falling: boolean;
}

/** Rows as the table has them. */
export function sortRows(
  rows: readonly FunctionRow[],
  { groups, profile }: Shown,
  { column, falling }: Sorting,
): FunctionRow[] {
  const sign = falling ? -1 : 1;
  const { frames, strings } = profile;
  const text = ({ group }: FunctionRow) =>
    column === 'file' ? strings[frames.file[groups.example[group]!]!]! : groups.labels[group]!;
  if (column === 'function' || column === 'file') {
    return rows.toSorted((a, b) => sign * compare(text(a), text(b)) || a.group - b.group);
  }
  const weight = column === 'self' ? ({ self }: FunctionRow) => self : ({ total }: FunctionRow) => total;
  return rows.toSorted((a, b) => sign * (weight(a) - weight(b)) || b.total - a.total || a.group - b.group);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

export function createFunctions(page: Page): View {
  const table = element('table', 'functions');
  const note = element('p', 'note');
  let sorting: Sorting = { column: 'self', falling: true };
  let scene: Scene | null = null;
  const pager = createPager(rowsPerPage, () => draw());
  const list = remember(
    (shown: Shown) => listFunctions(shown.tree),
    ({ tree }) => [tree],
  );
  const sort = (column: Column) => {
    const falling = sorting.column === column ? !sorting.falling : column !== 'function' && column !== 'file';
    sorting = { column, falling };
    pager.reset();
    draw();
    table.querySelector<HTMLElement>(`[data-column=${column}] button`)!.focus();
  };
  const draw = () => {
    const { state, theme, functions } = scene!;
    const { shown, found } = functions();
    const all = list(shown);
    const searched = state.search === '' ? all : all.filter(({ group }) => found.groups[group] === 1);
    const rows = sortRows(searched, shown, sorting);
    const { from, to } = pager.range(rows.length);
    const colours = groupColours(shown.profile, shown.groups, theme);
    const body = element('tbody', '');
    for (const row of rows.slice(from, to)) body.append(drawRow(page, shown, { row, fill: colours[row.group]!.fill }));
    table.replaceChildren(drawHead(sorting, sort), body);
    const count = countText(rows.length, shown.by);
    const listed = rows.length > to - from ? `${from + 1} to ${to} of ${count}` : count;
    note.textContent = rows.length === all.length ? listed : `${listed} of ${all.length}`;
  };
  return {
    element: element('section', 'table-view', table, pager.element, note),
    draw(next) {
      if (next.state.search !== scene?.state.search || next.shown.tree !== scene?.shown.tree) pager.reset();
      scene = next;
      draw();
    },
  };
}

function drawHead(sorting: Sorting, onSort: (column: Column) => void): HTMLElement {
  const row = element('tr', '');
  for (const { name, text, number } of columns) {
    const isSorted = sorting.column === name;
    const mark = isSorted ? (sorting.falling ? ' ▾' : ' ▴') : '';
    const cell = element(
      'th',
      number ? 'number' : '',
      button(`${text}${mark}`, () => onSort(name), { className: 'link' }),
    );
    cell.setAttribute('scope', 'col');
    cell.dataset.column = name;
    if (isSorted) cell.setAttribute('aria-sort', sorting.falling ? 'descending' : 'ascending');
    row.append(cell);
  }
  return element('thead', '', row);
}

function drawRow(page: Page, shown: Shown, { row, fill }: { row: FunctionRow; fill: string }): HTMLElement {
  const { profile, groups, tree } = shown;
  const { group, self, total } = row;
  const label = groups.labels[group]!;
  const file = profile.strings[profile.frames.file[groups.example[group]!]!]!;
  const swatch = element('i', 'swatch');
  swatch.style.background = fill;
  const pick = button(cutMiddle(label, 300), () => page.apply({ view: 'sandwich', subject: label }), {
    className: 'link',
    title: 'callers and callees',
  });
  const weight = (ticks: number) => {
    const bar = element('i', 'bar');
    bar.style.setProperty('--share', String(ticks / (tree.total[0]! || 1)));
    return element('td', 'number', share(ticks, tree.total[0]!), element('small', '', time(ticks, profile.meta)), bar);
  };
  return element(
    'tr',
    '',
    weight(self),
    weight(total),
    element('td', 'number', String(total)),
    element('td', 'name', swatch, pick),
    element('td', 'file', cutMiddle(file, 300)),
  );
}
