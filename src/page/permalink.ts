// State <-> the part of the address after `#`. What says nothing that is not said anyway is left out; what does not make
// sense is passed by, since anybody can write an address.
import { groupings } from '../profile/labels.ts';
import { type Filters, type PageState, shownMeasures, splits, viewNames } from './state.ts';

export function writeHash(state: PageState, initial: PageState): string {
  const { filters } = state;
  const parts = new URLSearchParams();
  const put = (name: string, value: string, usual: string) => {
    if (value !== usual) parts.set(name, value);
  };
  put('view', state.view, initial.view);
  put('by', state.by, initial.by);
  put('split', state.split, initial.split);
  put('measure', state.measure, initial.measure);
  put('root', state.rootOnTop ? 'top' : 'bottom', initial.rootOnTop ? 'top' : 'bottom');
  put('zoom', String(state.zoom), '0');
  put('q', state.search, '');
  put('regex', state.regex ? '1' : '', '');
  put('workers', filters.workers.join(' '), '');
  put('threads', filters.threads.join(' '), '');
  put('from', String(filters.fromMs ?? ''), '');
  put('to', String(filters.toMs ?? ''), '');
  put('focus', filters.focus, '');
  put('include', filters.include, '');
  put('exclude', filters.exclude, '');
  for (const module of filters.hide) parts.append('hide', module);
  put('app', filters.appOnly ? '1' : '', '');
  put('function', state.subject ?? '', '');
  put('file', state.file ?? '', '');
  const text = parts.toString();
  return text === '' ? '' : `#${text}`;
}

export function readHash(hash: string, initial: PageState): PageState {
  const parts = new URLSearchParams(hash.replace(/^#/, ''));
  const text = (name: string) => parts.get(name) ?? '';
  const oneOf = <Name extends string>(name: string, names: readonly Name[], usual: Name) =>
    names.find((known) => known === parts.get(name)) ?? usual;
  return {
    view: oneOf('view', viewNames, initial.view),
    by: oneOf('by', groupings, initial.by),
    split: oneOf('split', splits, initial.split),
    measure: oneOf('measure', shownMeasures, initial.measure),
    rootOnTop: oneOf('root', ['top', 'bottom'], initial.rootOnTop ? 'top' : 'bottom') === 'top',
    zoom: whole(text('zoom')) ?? 0,
    search: text('q'),
    regex: text('regex') === '1',
    filters: readFilters(parts),
    subject: parts.get('function'),
    file: parts.get('file'),
    cursor: null,
  };
}

function readFilters(parts: URLSearchParams): Filters {
  const text = (name: string) => parts.get(name) ?? '';
  const numbers = (name: string) => [
    ...new Set(
      text(name)
        .split(' ')
        .flatMap((part) => whole(part) ?? []),
    ),
  ];
  return {
    workers: numbers('workers'),
    threads: numbers('threads'),
    fromMs: whole(text('from')),
    toMs: whole(text('to')),
    focus: text('focus'),
    include: text('include'),
    exclude: text('exclude'),
    hide: parts.getAll('hide'),
    appOnly: text('app') === '1',
  };
}

function whole(text: string): number | null {
  return /^\d{1,10}$/.test(text) ? Number(text) : null;
}
