// The controls above the view: which view, how frames are gathered, the search and what it found.
import { sumMatches } from '../aggregate/match.ts';
import { groupings } from '../profile/labels.ts';
import { button, byId, fillSelect } from './dom.ts';
import { share, ticksText } from './numbers.ts';
import { type PageState, type ViewName, viewNames } from './state.ts';
import { currentTheme } from './theme.ts';
import { treeOf } from './trees.ts';
import type { Page, Scene } from './view.ts';

const viewTitles: Record<ViewName, string> = {
  flame: 'Flame graph',
  'bottom-up': 'Bottom-up',
  sandwich: 'Callers and callees',
  functions: 'Functions',
  timeline: 'Timeline',
  source: 'Source',
};

interface ToolbarEvents {
  /** 1 for the next match, -1 for the one before. */
  readonly onStep: (direction: 1 | -1) => void;
  readonly onTheme: () => void;
}

/** Which of the matches is shown, if any. */
export interface Place {
  readonly at: number | null;
  readonly of: number;
}

export interface Toolbar {
  draw(scene: Scene, place: Place | null): void;
  focusSearch(): void;
}

export function createToolbar(page: Page, { onStep, onTheme }: ToolbarEvents): Toolbar {
  const tabs = new Map(viewNames.map((view) => [view, button(viewTitles[view], () => page.apply({ view }))]));
  byId('views').append(...tabs.values());
  const by = byId<HTMLSelectElement>('by');
  const split = byId<HTMLSelectElement>('split');
  const measure = byId<HTMLSelectElement>('measure');
  const search = byId<HTMLInputElement>('search');
  const regex = byId<HTMLButtonElement>('regex');
  const flip = byId<HTMLButtonElement>('flip');
  fillSelect(
    by,
    Object.fromEntries(groupings.map((name) => [name, name])) as Record<PageState['by'], string>,
    (value) => page.apply({ by: value }),
  );
  const splitNames = { none: 'nothing', worker: 'worker', thread: 'thread', endpoint: 'endpoint' };
  fillSelect(split, splitNames, (value) => page.apply({ split: value }));
  fillSelect(measure, { wall: 'wall time', cpu: 'processor time' }, (value) => page.apply({ measure: value }));
  byId('measure-label').hidden = !page.report.knowsCpu;
  let state: PageState | null = null;
  flip.addEventListener('click', () => page.apply({ rootOnTop: !state!.rootOnTop }));
  regex.addEventListener('click', () => page.apply({ regex: !state!.regex }));
  search.addEventListener('input', () => page.apply({ search: search.value }));
  search.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter') return;
    event.preventDefault();
    onStep(event.shiftKey ? -1 : 1);
  });
  byId('previous').addEventListener('click', () => onStep(-1));
  byId('next').addEventListener('click', () => onStep(1));
  byId('theme').addEventListener('click', onTheme);

  return {
    draw(scene, place) {
      state = scene.state;
      for (const [view, tab] of tabs) {
        if (view === state.view) tab.setAttribute('aria-current', 'page');
        else tab.removeAttribute('aria-current');
      }
      by.value = state.by;
      split.value = state.split;
      measure.value = state.measure;
      if (search.value !== state.search) search.value = state.search;
      regex.setAttribute('aria-pressed', String(state.regex));
      flip.setAttribute('aria-pressed', String(!state.rootOnTop));
      const isChart = state.view === 'flame' || state.view === 'bottom-up';
      flip.hidden = !isChart;
      const hasMatches = scene.found.count > 0 && isChart;
      for (const id of ['previous', 'next']) byId<HTMLButtonElement>(id).disabled = !hasMatches;
      byId('matched').textContent = describeFound(scene);
      byId('place').textContent = place === null ? '' : `${place.at ?? '–'} / ${place.of}`;
      search.setAttribute('aria-invalid', String(scene.found.problem !== ''));
      byId('theme').textContent = currentTheme() === 'dark' ? 'Light' : 'Dark';
    },
    focusSearch: () => search.select(),
  };
}

function describeFound({ state, shown, found }: Scene): string {
  if (state.search === '') return '';
  if (found.problem !== '') return found.problem;
  const tree = treeOf(state.view, shown);
  const all = `matched ${share(found.ticks, shown.tree.total[0]!)} (${ticksText(found.ticks, shown.profile.meta)})`;
  if (state.zoom === 0) return all;
  return `${all}, ${share(sumMatches(tree, found.groups, state.zoom), tree.total[state.zoom]!)} of the zoomed`;
}
