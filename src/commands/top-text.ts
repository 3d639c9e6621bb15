// A refresh of `tbprof top` as lines of text that fit a terminal. All text from outside is made visible here.
import { percent } from '../formats/amounts.ts';
import { count, printTrouble } from '../formats/summary.ts';
import type { Terminal } from '../output/terminal.ts';
import type { Grouping } from '../profile/labels.ts';
import { visible } from '../visible.ts';
import type { Refresh, Sorting, TopRow, TopWorker } from './top-refresh.ts';
import { printSeconds } from './workers-table.ts';

export interface TopView {
  readonly by: Grouping;
  readonly sorting: Sorting;
  /** Undefined: as many functions as fit, and no more than suits where nothing limits them. */
  readonly top: number | undefined;
  readonly mode: 'wall' | 'cpu';
  readonly rateHz: number;
  /** Null: as long, and as many lines, as they like. */
  readonly size: { readonly columns: number; readonly rows: number } | null;
  readonly isPaused: boolean;
  /** What the keys do is said, too. */
  readonly hasKeys: boolean;
  readonly paint: Terminal['paint'];
}

/** Where nothing limits them. */
const usualFunctions = 10;
const usualColumns = 100;
const mostWorkerLines = 2;
const workerGap = '   ';
/** On a terminal the table comes first. */
const mostTroubleLines = 3;

/** At least a line, none of them longer than the terminal is wide. */
export function renderRefresh(refresh: Refresh, view: TopView): string[] {
  const { size } = view;
  const cut = (line: string) => (size === null ? line : cutEnd(line, size.columns));
  const paint = (colour: 'bold' | 'dim' | 'yellow', line: string) => view.paint(colour, cut(line));
  const head = [
    paint('bold', describeRun(refresh, view)),
    cut(describeTicks(refresh)),
    ...listWorkers(refresh.workers, size?.columns ?? usualColumns).map(cut),
    '',
  ];
  const troubles = refresh.troubles.map((trouble) => printTrouble(refresh.profile, trouble));
  const shown = size === null ? troubles : shorten(troubles, mostTroubleLines);
  const keys = view.hasKeys ? [paint('dim', keysOf(view))] : [];
  const foot = [...shown.map((line) => paint('yellow', line)), ...keys];
  const room = size === null ? usualFunctions : Math.max(1, size.rows - head.length - foot.length - titleLines);
  const rows = refresh.rows.slice(0, Math.min(view.top ?? room, size === null ? Number.POSITIVE_INFINITY : room));
  const spans = `${'last'.padStart(18)}${'since start'.padStart(18)}`;
  const lines = [...head, ...(rows.length === 0 ? [] : [paint('bold', spans)]), ...renderTable(rows, view), ...foot];
  return size === null ? lines : lines.slice(0, size.rows);
}

/** What is said in the end, of a refresh that concludes: since the start, and all that is to be mistrusted. */
export function renderEnd(refresh: Refresh, view: TopView): string[] {
  const rows = refresh.rows.slice(0, view.top ?? usualFunctions);
  const { observed, unobserved } = refresh.ticks.whole;
  const seconds = (refresh.elapsedMs / 1_000).toFixed(1);
  return [
    view.paint('bold', `${seconds} s of ${count(refresh.workers.length, 'worker')} ${describeSources(refresh)}`),
    `ticks: ${observed + unobserved} planned = ${observed} observed + ${unobserved} unobserved`,
    '',
    ...renderTable(rows, { ...view, size: null }),
    ...refresh.troubles.map((trouble) => view.paint('yellow', printTrouble(refresh.profile, trouble))),
  ];
}

function describeRun(refresh: Refresh, { rateHz, mode, isPaused }: TopView): string {
  const parts = [
    `tbprof top  ${printSeconds(refresh.elapsedMs / 1_000)}`,
    `${count(refresh.workers.length, 'worker')} ${describeSources(refresh)}`,
    `${rateHz} dumps/s`,
  ];
  if (mode === 'cpu') parts.push('processor time');
  if (isPaused) parts.push('paused: sampling goes on');
  return parts.join('  ');
}

/** `by agent`, or `(3 by agent, 1 by tracebacker, 1 left alone)`. */
function describeSources({ workers }: Refresh): string {
  const kinds = new Map<string, number>();
  for (const { source, left } of workers) {
    const kind = left === null ? `by ${source}` : 'left alone';
    kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
  }
  if (kinds.size === 1) return visible([...kinds.keys()][0]!);
  return visible(`(${[...kinds].map(([kind, number]) => `${number} ${kind}`).join(', ')})`);
}

function describeTicks({ workers, recentMs, ticks }: Refresh): string {
  const { recent, whole } = ticks;
  const parts = [
    `last ${printSeconds(Math.round(recentMs / 1_000))}: ${whole.observed === 0 ? 'no answer yet' : describeBusy(workers)}`,
    `${recent.observed} ticks observed, ${recent.unobserved} not`,
    `since the start: ${whole.observed}, ${whole.unobserved}`,
  ];
  return parts.join('  ');
}

/** `1.9 of 4 cores busy`; of programs without cores, threads. */
function describeBusy(workers: readonly Pick<TopWorker, 'busyCores' | 'cores' | 'threads'>[]): string {
  if (workers.every(({ threads }) => threads === null)) return 'nobody answers';
  const sum = (numbers: readonly (number | null)[]) => numbers.reduce<number>((all, number) => all + (number ?? 0), 0);
  const cores = sum(workers.map((worker) => worker.cores));
  if (cores === 0) return `${sum(workers.map(({ threads }) => threads)).toFixed(1)} threads busy`;
  return `${sum(workers.map(({ busyCores }) => busyCores)).toFixed(1)} of ${count(cores, 'core')} busy`;
}

/** As many as fit. */
function listWorkers(workers: readonly TopWorker[], columns: number): string[] {
  if (workers.length < 2) return [];
  const lines: string[] = [];
  let shown = 0;
  while (shown < workers.length && lines.length < mostWorkerLines) {
    const items: string[] = [];
    let length = 0;
    for (; shown < workers.length; shown++) {
      const worker = workers[shown]!;
      const item = `${visible(worker.label)}: ${worker.left ?? describeBusy([worker])}`;
      length += item.length + workerGap.length;
      if (items.length > 0 && length > columns) break;
      items.push(item);
    }
    lines.push(items.join(workerGap));
  }
  const more = workers.length - shown;
  return more === 0 ? lines : [...lines.slice(0, -1), `${lines.at(-1)} (+${more})`];
}

/** Says how many there are beyond. */
function shorten(lines: readonly string[], most: number): readonly string[] {
  if (lines.length <= most) return lines;
  return [...lines.slice(0, most - 1), `! and ${lines.length - most + 1} more, shown in the end`];
}

const titleLines = 2;

function renderTable(rows: readonly TopRow[], { by, size, sorting, paint }: TopView): string[] {
  const columns = size?.columns ?? Number.POSITIVE_INFINITY;
  if (rows.length === 0) return [cutEnd('no Python code was seen running', columns)];
  const mark = (name: Sorting) => (name === sorting ? `${name}*` : name);
  const titles = [mark('self'), mark('total'), 'self', 'total'].map((title) => title.padStart(9));
  return [
    paint('bold', cutEnd(`${titles.join('')}  ${by}`, columns)),
    ...rows.map(({ label, recent, whole }) => {
      const shares = [recent.selfShare, recent.totalShare].map(percent);
      const times = [whole.selfSeconds, whole.totalSeconds].map(printTime);
      const numbers = [...shares, ...times].map((number) => number.padStart(9)).join('');
      return cutEnd(`${numbers}  ${cutMiddle(visible(label), Math.max(8, columns - numbers.length - 2))}`, columns);
    }),
  ];
}

/** `1.25 s`, `12345 s`: eight characters at most, for months. */
function printTime(seconds: number): string {
  return `${seconds < 1_000 ? seconds.toFixed(2) : seconds.toFixed(0)} s`;
}

function keysOf({ sorting, isPaused }: TopView): string {
  const sort = sorting === 'self' ? 't: sort by total' : 's: sort by self';
  return `q: end  ${sort}  space: ${isPaused ? 'go on' : 'pause'}  c: begin the last seconds anew`;
}

function cutEnd(text: string, columns: number): string {
  const chars = text.length > columns ? [...text] : [];
  return chars.length > columns ? `${chars.slice(0, Math.max(0, columns - 1)).join('')}…` : text;
}

/** Names differ at their beginning, files at their end. */
export function cutMiddle(text: string, columns: number): string {
  const chars = text.length > columns ? [...text] : [];
  if (chars.length <= columns) return text;
  const head = Math.ceil((columns - 1) / 2);
  return `${chars.slice(0, head).join('')}…${chars.slice(chars.length - (columns - 1 - head)).join('')}`;
}
