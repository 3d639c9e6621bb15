// The page of a comparison: compares the two recordings that it carries and keeps its views in step with one state.
import { nearestPlace, widths } from '../../aggregate/diff-frames.ts';
import { createAddress } from '../address.ts';
import { byId } from '../dom.ts';
import { createDownloads } from '../downloads.ts';
import { listenToKeys } from '../keys.ts';
import { layOutForPaper } from '../paper.ts';
import { matchingNodes } from '../search.ts';
import { remember } from '../shown.ts';
import { start } from '../start.ts';
import { placeAmong, stepFrom } from '../steps.ts';
import { listenToTheme, showTheme } from '../theme.ts';
import { compare } from './compared.ts';
import { nameOf, offerFiles } from './files.ts';
import { createGraph } from './graph.ts';
import { drawHead } from './head.ts';
import { type Comparison, loadComparison } from './load.ts';
import { readHash, writeHash } from './permalink.ts';
import { widthMeanings } from './scale.ts';
import {
  change,
  type DiffPage,
  type DiffState,
  type DiffView,
  initialState,
  type Scene,
  settle,
  type ViewName,
  viewNames,
} from './state.ts';
import { createTable } from './table.ts';
import { createToolbar } from './toolbar.ts';

const keyTexts = [
  ['/', 'search'],
  ['n  N', 'next and previous match'],
  ['← → ↑ ↓', 'walk from frame to frame, in the graph'],
  ['Enter', 'zoom into the frame'],
  ['Esc', 'one step back: the search, the chosen frame, the zoom by one frame'],
  ['0', 'the whole graph'],
  ['C', 'copy the stack of the frame'],
  ['b', 'frames as wide as after, before, both'],
  ['1  2', 'graph and table'],
  ['t', 'dark or light'],
  ['?', 'this list'],
] as const;

function run(comparison: Comparison): void {
  const compared = compare(comparison);
  const matches = remember(matchingNodes);
  const initial = initialState(comparison.initial);
  const restored = () => {
    const asked = readHash(location.hash, initial);
    const possible = { ...asked, per: comparison.hasTime ? asked.per : initial.per };
    return settle(possible, compared(possible).diff);
  };
  let state = restored();
  let scene: Scene;
  const address = createAddress<DiffState>({
    print: (one) => writeHash(one, initial),
    onLeave: () => {
      state = restored();
      draw();
    },
  });
  const page: DiffPage = {
    comparison,
    apply: (part) => {
      const before = state;
      state = change(state, part);
      draw();
      address.write(before, state);
    },
    say: (text) => {
      byId('said').textContent = text;
    },
  };
  // Before the chart hears of it, which then paints all of itself.
  layOutForPaper(() => draw());
  const views: Record<ViewName, DiffView> = { graph: createGraph(page), table: createTable(page) };

  /** The frames to step to, in the tree of the width. */
  const matching = () => {
    const canStep = state.search !== '' && state.view === 'graph';
    return canStep ? matches(scene.treeAt(state.width).tree, scene.found) : [];
  };
  const place = () => nearestPlace(scene.treeAt(state.width), scene.diff, state.cursor ?? state.zoom);
  const step = (direction: 1 | -1) => {
    const next = stepFrom(matching(), place(), direction);
    if (next === null) return;
    const node = scene.treeAt(state.width).nodeOf[next]!;
    page.apply({ zoom: node, cursor: node });
  };
  const toolbar = createToolbar(page, step);
  const downloads = createDownloads({
    name: nameOf(comparison),
    files: offerFiles(comparison, () => scene.diff),
    view: () => views[state.view],
    title: () => `${document.title}. ${widthMeanings[state.width]}`,
    say: page.say,
  });
  const switchTheme = listenToTheme(() => draw());

  function draw(): void {
    const theme = showTheme();
    scene = { ...compared(state), state, theme };
    toolbar.draw(scene, placeAmong(matching(), place()));
    drawHead(page, scene);
    const view = views[state.view];
    if (byId('view').firstElementChild !== view.element) byId('view').replaceChildren(view.element);
    view.draw(scene);
    downloads.draw();
    document.body.dataset.view = state.view;
  }

  const stepBack = () => {
    if (document.activeElement === byId('search') && state.search !== '') page.apply({ search: '' });
    else if (state.cursor !== null || state.chosen !== null) page.apply({ cursor: null, chosen: null });
    else if (state.zoom !== 0) page.apply({ zoom: scene.diff.tree.tree.parent[state.zoom]! });
    else if (state.search !== '') page.apply({ search: '' });
  };
  const nextWidth = () => page.apply({ width: widths[(widths.indexOf(state.width) + 1) % widths.length]! });
  const actions = {
    search: toolbar.focusSearch,
    escape: stepBack,
    whole: () => page.apply({ zoom: 0, cursor: null }),
    step,
    theme: switchTheme,
    view: (number: number) => page.apply({ view: viewNames[number] ?? state.view }),
    other: (key: string) => {
      if (key !== 'b') return views[state.view].press?.(key) ?? false;
      nextWidth();
      return true;
    },
  };
  listenToKeys(actions, keyTexts);
  window.addEventListener('resize', draw);
  draw();
}

start('comparison', loadComparison, run);
