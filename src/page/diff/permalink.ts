// The state of the page of a comparison <-> the part of the address after `#`.
import { widths } from '../../aggregate/diff-frames.ts';
import { groupings } from '../../profile/labels.ts';
import { HashReader, printHash } from '../hash.ts';
import { type DiffState, viewNames } from './state.ts';

export function writeHash(state: DiffState, initial: DiffState): string {
  return printHash([
    ['view', state.view, initial.view],
    ['by', state.by, initial.by],
    ['per', state.per, initial.per],
    ['width', state.width, initial.width],
    ['marked', state.markedOnly ? '1' : '', ''],
    ['root', state.rootOnTop ? 'top' : 'bottom', 'top'],
    ['zoom', String(state.zoom), '0'],
    ['chosen', String(state.chosen ?? ''), ''],
    ['q', state.search, ''],
    ['regex', state.regex ? '1' : '', ''],
  ]);
}

export function readHash(hash: string, initial: DiffState): DiffState {
  const said = new HashReader(hash);
  return {
    view: said.oneOf('view', viewNames, initial.view),
    by: said.oneOf('by', groupings, initial.by),
    per: said.oneOf('per', ['share', 'second'], initial.per),
    width: said.oneOf('width', widths, initial.width),
    markedOnly: said.isSet('marked'),
    rootOnTop: said.oneOf('root', ['top', 'bottom'], 'top') === 'top',
    zoom: said.whole('zoom') ?? 0,
    chosen: said.whole('chosen'),
    search: said.text('q') ?? '',
    regex: said.isSet('regex'),
    cursor: null,
  };
}
