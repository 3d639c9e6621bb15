// The report page: loads the recording that it carries and keeps the views in step with one state.
import { titleOf } from '../formats/template.ts';
import { createAddress } from './address.ts';
import { byId } from './dom.ts';
import { createDownloads } from './downloads.ts';
import { nameOf, offerFiles } from './files.ts';
import { createFilterPanel } from './filter-panel.ts';
import { createFlame } from './flame.ts';
import { createFunctions } from './functions.ts';
import { showHottest } from './hottest.ts';
import { listenToKeys } from './keys.ts';
import { loadReport, type Report } from './load.ts';
import { ticksText } from './numbers.ts';
import { layOutForPaper } from './paper.ts';
import { readHash, writeHash } from './permalink.ts';
import { createSandwich } from './sandwich.ts';
import { createSearch, matchingNodes } from './search.ts';
import { remember, ShownCache } from './shown.ts';
import { createSource } from './source.ts';
import { start } from './start.ts';
import { type Change, change, type PageState, type ViewName, viewNames } from './state.ts';
import { placeAmong, stepFrom } from './steps.ts';
import { listenToTheme, showTheme } from './theme.ts';
import { createTimeline } from './timeline.ts';
import { createToolbar } from './toolbar.ts';
import { hasOneChart, treeOf } from './trees.ts';
import { showTruth } from './truth.ts';
import type { Page, Scene, View } from './view.ts';
import { findPath, pathTo } from './zoom.ts';

function run(report: Report): void {
  const cache = new ShownCache(report.profile);
  const search = createSearch();
  const searchFunctions = createSearch();
  const matches = remember(matchingNodes);
  let state = readHash(location.hash, report.initial);
  let scene: Scene;
  const address = createAddress<PageState>({
    print: (one) => writeHash(one, report.initial),
    onLeave: () => {
      state = readHash(location.hash, report.initial);
      draw();
    },
  });

  const apply = (part: Change) => {
    const before = state;
    state = keepZoom(scene, change(state, part));
    draw();
    address.write(before, state);
  };
  const page: Page = {
    report,
    apply,
    say: (text) => {
      byId('said').textContent = text;
    },
  };
  /** The frame that was zoomed into, in the tree of another filter. */
  const keepZoom = ({ shown }: Scene, next: PageState): PageState => {
    if (next.zoom === 0 || next.zoom !== state.zoom || next.view !== state.view || next.by !== state.by) return next;
    const [before, after] = [treeOf(next.view, shown), treeOf(next.view, cache.get(next))];
    return before === after ? next : { ...next, zoom: findPath(after, pathTo(before, next.zoom)) };
  };

  // Before the charts hear of it, which then paint all of themselves.
  layOutForPaper(() => draw());
  const views: Record<ViewName, View> = {
    flame: createFlame(page, (shown) => treeOf('flame', shown), 'flame graph'),
    'bottom-up': createFlame(
      page,
      (shown) => treeOf('bottom-up', shown),
      'bottom-up graph, callers of the hottest functions',
    ),
    sandwich: createSandwich(page),
    functions: createFunctions(page),
    timeline: createTimeline(page),
    source: createSource(page),
  };
  /** The frames to step to. */
  const matching = () => {
    const canStep = scene.found.count > 0 && hasOneChart(state.view);
    return canStep ? matches(treeOf(state.view, scene.shown), scene.found.groups) : [];
  };
  const step = (direction: 1 | -1) => {
    const next = stepFrom(matching(), state.cursor ?? state.zoom, direction);
    if (next !== null) apply({ zoom: next, cursor: next });
  };
  const toolbar = createToolbar(page, step);
  const filters = createFilterPanel(page);
  const downloads = createDownloads({
    name: nameOf(report.profile),
    files: offerFiles(() => scene.shown),
    view: () => views[state.view],
    title: () => `${titleOf(report.profile)}, ${ticksText(scene.shown.tree.total[0]!, scene.shown.profile.meta)}`,
    say: page.say,
  });
  const switchTheme = listenToTheme(() => draw());

  function draw(): void {
    const theme = showTheme();
    const shown = cache.get(state);
    if (state.zoom >= treeOf(state.view, shown).group.length) state = { ...state, zoom: 0 };
    const found = search(shown, state.search, state.regex);
    scene = {
      state,
      shown,
      found,
      theme,
      overTime: () => cache.overTime(state),
      functions: () => {
        const ofFunctions = cache.functions(state);
        return { shown: ofFunctions, found: searchFunctions(ofFunctions, state.search, state.regex) };
      },
    };
    toolbar.draw(scene, placeAmong(matching(), state.cursor ?? state.zoom));
    filters.draw(scene);
    showHottest(page, scene);
    const view = views[state.view];
    if (byId('view').firstElementChild !== view.element) byId('view').replaceChildren(view.element);
    view.draw(scene);
    downloads.draw();
    document.body.dataset.view = state.view;
  }
  const stepBack = () => {
    if (document.activeElement === byId('search') && state.search !== '') apply({ search: '' });
    else if (views[state.view].press?.('Escape')) return;
    else if (state.cursor !== null) apply({ cursor: null });
    else if (state.zoom !== 0) apply({ zoom: treeOf(state.view, scene.shown).parent[state.zoom]! });
    else if (state.search !== '') apply({ search: '' });
  };
  listenToKeys({
    search: toolbar.focusSearch,
    escape: stepBack,
    whole: () => apply({ zoom: 0, cursor: null }),
    step,
    filter: filters.toggle,
    theme: switchTheme,
    view: (number) => apply({ view: viewNames[number]! }),
    other: (key) => views[state.view].press?.(key) ?? false,
  });
  window.addEventListener('resize', draw);
  showTruth(report);
  draw();
}

start('report', loadReport, run);
