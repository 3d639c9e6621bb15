// The flame graph, and the bottom-up graph: one chart over the whole width.
import type { CallTree } from '../aggregate/call-tree.ts';
import { matchColours } from '../profile/palette.ts';
import { createChart } from './chart.ts';
import { element } from './dom.ts';
import { copyName, copyStack, createFrameBar } from './frame-bar.ts';
import { groupColours, labelNode, rootColour, titleNode } from './labels.ts';
import { share } from './numbers.ts';
import { remember, type Shown } from './shown.ts';
import { describeNode, hideTooltip, showTooltip } from './tooltip.ts';
import { describeLeftOut } from './trees.ts';
import type { Page, Scene, View } from './view.ts';
import { pressInGraph, showRow } from './walk.ts';

export function createFlame(page: Page, treeOf: (shown: Shown) => CallTree, name: string): View {
  const bar = createFrameBar(page);
  const note = element('p', 'note');
  let scene: Scene | null = null;
  const chart = createChart(name, {
    onPick: (zoom) => page.apply({ zoom, cursor: null }),
    onPoint: (node, at) => {
      if (node === null || scene === null) hideTooltip();
      else showTooltip(describeNode(scene.shown, treeOf(scene.shown), node), at);
    },
  });
  const labelsOf = remember(
    (tree: CallTree, labels: readonly string[]) => (node: number) => labelNode(tree, labels, node),
  );
  const colours = remember((tree: CallTree, scene: Scene) => {
    const ofGroup = groupColours(scene.shown.profile, scene.shown.groups, scene.theme);
    const root = rootColour(scene.theme);
    return (node: number) => ofGroup[tree.group[node]!] ?? root;
  });
  return {
    element: element('section', 'flame', bar.element, note, chart.element),
    draw(next) {
      const scrollTo = next.state.zoom !== (scene?.state.zoom ?? 0);
      scene = next;
      const { state, shown, found, theme } = next;
      const tree = treeOf(shown);
      hideTooltip();
      bar.draw(next, tree);
      note.textContent = tree === shown.tree ? '' : describeLeftOut(shown.tree);
      note.hidden = note.textContent === '';
      chart.draw({
        tree,
        zoom: state.zoom,
        rootOnTop: state.rootOnTop,
        labelOf: labelsOf(tree, shown.groups.labels),
        colourOf: colours(tree, next),
        isMatch: (node) => found.groups[tree.group[node]!] === 1,
        matchColour: matchColours[theme],
        cursor: state.cursor,
      });
      if (scrollTo) showRow(chart.boxOf(state.zoom));
    },
    pictures() {
      const painted = chart.painted();
      if (scene === null || painted === null) return [];
      const { shown } = scene;
      const title = (node: number) => titleNode(shown, treeOf(shown), node);
      return [{ painted, widthPx: chart.element.clientWidth, title }];
    },
    press(key) {
      if (scene === null) return false;
      const { state, shown } = scene;
      const tree = treeOf(shown);
      const at = state.cursor ?? state.zoom;
      const ofFrame: [string, () => void][] = [
        ['c', () => copyName(page, shown, tree.group[at]!)],
        ['C', () => copyStack(page, shown, { tree, node: at })],
      ];
      return pressInGraph(key, {
        chart,
        tree,
        at,
        rootOnTop: state.rootOnTop,
        moveTo: (next) => {
          page.apply({ cursor: next });
          page.say(`${labelNode(tree, shown.groups.labels, next)}, ${share(tree.total[next]!, tree.total[0]!)}`);
        },
        actions: new Map([['Enter', () => page.apply({ zoom: at })], ...(at === 0 ? [] : ofFrame)]),
      });
    },
  };
}
