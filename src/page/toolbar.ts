// The controls above the view: which view, how frames are gathered, the search and what it found.
import { sumMatches } from '../aggregate/match.ts';
import { byId, fillSelect } from './dom.ts';
import { groupingNames } from './labels.ts';
import { share, ticksText } from './numbers.ts';
import { createSearchBox } from './search-box.ts';
import type { PageState, ViewName } from './state.ts';
import type { Place } from './steps.ts';
import { createTabs } from './tabs.ts';
import { hasOneChart, treeOf } from './trees.ts';
import type { Page, Scene } from './view.ts';

const viewTitles: Record<ViewName, string> = {
  flame: 'Flame graph',
  'bottom-up': 'Bottom-up',
  sandwich: 'Callers and callees',
  functions: 'Functions',
  timeline: 'Timeline',
  source: 'Source',
};

export interface Toolbar {
  /** The place among the matches is null where there is no way from one to the next. */
  draw(scene: Scene, place: Place | null): void;
  focusSearch(): void;
}

export function createToolbar(page: Page, onStep: (direction: 1 | -1) => void): Toolbar {
  const tabs = createTabs(viewTitles, (view) => page.apply({ view }));
  const by = byId<HTMLSelectElement>('by');
  const split = byId<HTMLSelectElement>('split');
  const measure = byId<HTMLSelectElement>('measure');
  const flip = byId<HTMLButtonElement>('flip');
  const searchBox = createSearchBox({ onChange: page.apply, onStep });
  fillSelect(by, groupingNames, (value) => page.apply({ by: value }));
  const splitNames = { none: 'nothing', worker: 'worker', thread: 'thread', endpoint: 'endpoint' };
  fillSelect(split, splitNames, (value) => page.apply({ split: value }));
  fillSelect(measure, { wall: 'wall time', cpu: 'processor time' }, (value) => page.apply({ measure: value }));
  byId('measure-label').hidden = !page.report.knowsCpu;
  let state: PageState | null = null;
  flip.addEventListener('click', () => page.apply({ rootOnTop: !state!.rootOnTop }));

  return {
    draw(scene, place) {
      state = scene.state;
      tabs.draw(state.view);
      by.value = state.by;
      split.value = state.split;
      measure.value = state.measure;
      flip.setAttribute('aria-pressed', String(!state.rootOnTop));
      flip.hidden = !hasOneChart(state.view);
      const { search, regex } = state;
      searchBox.draw({ search, regex, problem: scene.found.problem, text: describeFound(scene), place });
    },
    focusSearch: searchBox.focus,
  };
}

function describeFound({ state, shown, found }: Scene): string {
  const tree = treeOf(state.view, shown);
  const all = `matched ${share(found.ticks, shown.tree.total[0]!)} (${ticksText(found.ticks, shown.profile.meta)})`;
  if (state.zoom === 0) return all;
  return `${all}, ${share(sumMatches(tree, found.groups, state.zoom), tree.total[state.zoom]!)} of the zoomed`;
}
