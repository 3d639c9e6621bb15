// The controls above the view: which view, what frames are as wide as, how they are gathered, the search and what it found.
import type { Per } from '../../aggregate/blocks.ts';
import { baseOf } from '../../aggregate/diff.ts';
import { widths } from '../../aggregate/diff-frames.ts';
import { sumMatches } from '../../aggregate/match.ts';
import { groupings } from '../../profile/labels.ts';
import { button, byId, fillSelect } from '../dom.ts';
import { currentTheme } from '../theme.ts';
import { wayText } from './change-text.ts';
import { type DiffPage, type DiffState, type Scene, type ViewName, viewNames } from './state.ts';

const viewTitles: Record<ViewName, string> = { graph: 'Flame graph', table: 'Table of changes' };
const widthTitles = { after: 'After', before: 'Before', both: 'Both' } as const;

interface ToolbarEvents {
  /** 1 for the next match, -1 for the one before. */
  readonly onStep: (direction: 1 | -1) => void;
  readonly onTheme: () => void;
}

export interface Toolbar {
  draw(scene: Scene): void;
  focusSearch(): void;
}

export function createToolbar(page: DiffPage, { onStep, onTheme }: ToolbarEvents): Toolbar {
  const tabs = new Map(viewNames.map((view) => [view, button(viewTitles[view], () => page.apply({ view }))]));
  byId('views').append(...tabs.values());
  const switches = new Map(
    widths.map((width) => [
      width,
      button(widthTitles[width], () => page.apply({ width }), { title: 'what frames are as wide as (b)' }),
    ]),
  );
  byId('widths').append(...switches.values());
  const by = byId<HTMLSelectElement>('by');
  const per = byId<HTMLSelectElement>('per');
  const search = byId<HTMLInputElement>('search');
  const regex = byId<HTMLButtonElement>('regex');
  const flip = byId<HTMLButtonElement>('flip');
  const marked = byId<HTMLButtonElement>('marked');
  const groupingNames = Object.fromEntries(groupings.map((name) => [name, name])) as Record<DiffState['by'], string>;
  fillSelect(by, groupingNames, (value) => page.apply({ by: value }));
  const perNames: Record<Per, string> = { share: 'share', second: 'second' };
  fillSelect(per, perNames, (value) => page.apply({ per: value }));
  byId('per-label').hidden = !page.comparison.hasTime;
  let state: DiffState | null = null;
  flip.addEventListener('click', () => page.apply({ rootOnTop: !state!.rootOnTop }));
  marked.addEventListener('click', () => page.apply({ markedOnly: !state!.markedOnly }));
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
    draw(scene) {
      state = scene.state;
      for (const [view, tab] of tabs) {
        if (view === state.view) tab.setAttribute('aria-current', 'page');
        else tab.removeAttribute('aria-current');
      }
      for (const [width, one] of switches) one.setAttribute('aria-pressed', String(width === state.width));
      by.value = state.by;
      per.value = state.per;
      if (search.value !== state.search) search.value = state.search;
      regex.setAttribute('aria-pressed', String(state.regex));
      flip.setAttribute('aria-pressed', String(!state.rootOnTop));
      marked.setAttribute('aria-pressed', String(state.markedOnly));
      marked.disabled = scene.diff.unjudged !== null;
      const isGraph = state.view === 'graph';
      for (const one of [byId('widths'), flip, marked]) one.hidden = !isGraph;
      const hasMatches = isGraph && scene.found.includes(1);
      for (const id of ['previous', 'next']) byId<HTMLButtonElement>(id).disabled = !hasMatches;
      byId('matched').textContent = describeFound(scene);
      search.setAttribute('aria-invalid', String(scene.problem !== ''));
      byId('theme').textContent = currentTheme() === 'dark' ? 'Light' : 'Dark';
    },
    focusSearch: () => search.select(),
  };
}

/** Of all stacks with a match, each counted once. */
function describeFound({ state, diff, found, problem }: Scene): string {
  if (state.search === '') return '';
  if (problem !== '') return problem;
  const { per } = diff.options;
  const part = (side: 'before' | 'after') => {
    const base = baseOf(diff.pair[side], per);
    return base === 0 ? 0 : sumMatches({ ...diff.tree.tree, total: diff.tree[side].total }, found, 0) / base;
  };
  const [before, after] = [part('before'), part('after')];
  return `matched ${wayText({ before, after, change: after - before, judgement: null }, per)}`;
}
