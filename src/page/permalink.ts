// The state of the report page <-> the part of the address after `#`.
import { groupings } from '../profile/labels.ts';
import { HashReader, printHash } from './hash.ts';
import { type Filters, type PageState, shownMeasures, splits, viewNames } from './state.ts';

export function writeHash(state: PageState, initial: PageState): string {
  const { filters } = state;
  const root = ({ rootOnTop }: PageState) => (rootOnTop ? 'top' : 'bottom');
  return printHash([
    ['view', state.view, initial.view],
    ['by', state.by, initial.by],
    ['split', state.split, initial.split],
    ['measure', state.measure, initial.measure],
    ['root', root(state), root(initial)],
    ['zoom', String(state.zoom), '0'],
    ['q', state.search, ''],
    ['regex', state.regex ? '1' : '', ''],
    ['workers', filters.workers.join(' '), ''],
    ['threads', filters.threads.join(' '), ''],
    ['from', String(filters.fromMs ?? ''), ''],
    ['to', String(filters.toMs ?? ''), ''],
    ['focus', filters.focus, ''],
    ['include', filters.include, ''],
    ['exclude', filters.exclude, ''],
    ...filters.hide.map((module) => ['hide', module, null] as const),
    ['app', filters.appOnly ? '1' : '', ''],
    ['function', state.subject ?? '', ''],
    ['file', state.file ?? '', ''],
  ]);
}

export function readHash(hash: string, initial: PageState): PageState {
  const said = new HashReader(hash);
  return {
    view: said.oneOf('view', viewNames, initial.view),
    by: said.oneOf('by', groupings, initial.by),
    split: said.oneOf('split', splits, initial.split),
    measure: said.oneOf('measure', shownMeasures, initial.measure),
    rootOnTop: said.oneOf('root', ['top', 'bottom'], initial.rootOnTop ? 'top' : 'bottom') === 'top',
    zoom: said.whole('zoom') ?? 0,
    search: said.text('q') ?? '',
    regex: said.isSet('regex'),
    filters: readFilters(said),
    subject: said.text('function'),
    file: said.text('file'),
    cursor: null,
  };
}

function readFilters(said: HashReader): Filters {
  return {
    workers: said.wholes('workers'),
    threads: said.wholes('threads'),
    fromMs: said.whole('from'),
    toMs: said.whole('to'),
    focus: said.text('focus') ?? '',
    include: said.text('include') ?? '',
    exclude: said.text('exclude') ?? '',
    hide: said.texts('hide'),
    appOnly: said.isSet('app'),
  };
}
