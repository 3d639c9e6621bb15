// The controls above the view: which view, what frames are as wide as, how they are gathered, the search and what it found.
import type { Per } from '../../aggregate/blocks.ts';
import { baseOf } from '../../aggregate/diff.ts';
import { widths } from '../../aggregate/diff-frames.ts';
import { sumMatches } from '../../aggregate/match.ts';
import { button, byId, fillSelect } from '../dom.ts';
import { groupingNames } from '../labels.ts';
import { createSearchBox } from '../search-box.ts';
import type { Place } from '../steps.ts';
import { createTabs } from '../tabs.ts';
import { wayText } from './change-text.ts';
import type { DiffPage, DiffState, Scene, ViewName } from './state.ts';

const viewTitles: Record<ViewName, string> = { graph: 'Flame graph', table: 'Table of changes' };
const widthTitles = { after: 'After', before: 'Before', both: 'Both' } as const;

export interface Toolbar {
  /** The place among the matches is null where there is no way from one to the next. */
  draw(scene: Scene, place: Place | null): void;
  focusSearch(): void;
}

export function createToolbar(page: DiffPage, onStep: (direction: 1 | -1) => void): Toolbar {
  const tabs = createTabs(viewTitles, (view) => page.apply({ view }));
  const searchBox = createSearchBox({ onChange: page.apply, onStep });
  const switches = new Map(
    widths.map((width) => [
      width,
      button(widthTitles[width], () => page.apply({ width }), { title: 'what frames are as wide as (b)' }),
    ]),
  );
  byId('widths').append(...switches.values());
  const by = byId<HTMLSelectElement>('by');
  const per = byId<HTMLSelectElement>('per');
  const flip = byId<HTMLButtonElement>('flip');
  const marked = byId<HTMLButtonElement>('marked');
  fillSelect(by, groupingNames, (value) => page.apply({ by: value }));
  const perNames: Record<Per, string> = { share: 'share', second: 'second' };
  fillSelect(per, perNames, (value) => page.apply({ per: value }));
  byId('per-label').hidden = !page.comparison.hasTime;
  let state: DiffState | null = null;
  flip.addEventListener('click', () => page.apply({ rootOnTop: !state!.rootOnTop }));
  marked.addEventListener('click', () => page.apply({ markedOnly: !state!.markedOnly }));

  return {
    draw(scene, place) {
      state = scene.state;
      tabs.draw(state.view);
      for (const [width, one] of switches) one.setAttribute('aria-pressed', String(width === state.width));
      by.value = state.by;
      per.value = state.per;
      flip.setAttribute('aria-pressed', String(!state.rootOnTop));
      marked.setAttribute('aria-pressed', String(state.markedOnly));
      marked.disabled = scene.diff.unjudged !== null;
      const isGraph = state.view === 'graph';
      for (const one of [byId('widths'), flip, marked]) one.hidden = !isGraph;
      const { search, regex } = state;
      searchBox.draw({ search, regex, problem: scene.problem, text: describeFound(scene), place });
    },
    focusSearch: searchBox.focus,
  };
}

/** Of all stacks with a match, each counted once. */
function describeFound({ diff, found }: Scene): string {
  const { per } = diff.options;
  const part = (side: 'before' | 'after') => {
    const base = baseOf(diff.pair[side], per);
    return base === 0 ? 0 : sumMatches({ ...diff.tree.tree, total: diff.tree[side].total }, found, 0) / base;
  };
  const [before, after] = [part('before'), part('after')];
  return `matched ${wayText({ before, after, change: after - before, judgement: null }, per)}`;
}
