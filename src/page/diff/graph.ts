// The flame graph of a comparison: frames coloured by the change of their paths.

import { isMarked } from '../../aggregate/diff.ts';
import { changeOfNode, nearestPlace } from '../../aggregate/diff-frames.ts';
import { changeColour, matchColours } from '../../profile/palette.ts';
import { createChart } from '../chart.ts';
import { element } from '../dom.ts';
import { copyStack } from '../frame-bar.ts';
import { labelNode } from '../labels.ts';
import { remember } from '../shown.ts';
import { hideTooltip, showTooltip } from '../tooltip.ts';
import { pressInGraph, showRow } from '../walk.ts';
import { wayText } from './change-text.ts';
import { createFrameBar } from './frame-bar.ts';
import { drawScale } from './scale.ts';
import { type DiffPage, type DiffView, rowOfNode, type Scene } from './state.ts';
import { describeFrame } from './tooltip.ts';

export function createGraph(page: DiffPage): DiffView {
  const bar = createFrameBar(page);
  const scale = element('div', 'scale');
  const nothing = element('p', 'note');
  let scene: Scene | null = null;
  /** Nodes of the chart are places in the tree of this width. */
  const nodeAt = (place: number) => scene!.treeAt(scene!.state.width).nodeOf[place]!;
  const chart = createChart('flame graph of the comparison', {
    onPick: (place) => page.apply({ zoom: nodeAt(place), cursor: null }),
    onPoint: (place, at) => {
      if (place === null || scene === null) hideTooltip();
      else showTooltip(describeFrame(scene, nodeAt(place)), at);
    },
  });
  chart.element.setAttribute(
    'aria-label',
    'flame graph of the comparison; arrow keys walk the frames, Enter zooms, the table has the same',
  );
  const labelsOf = remember(
    ({ diff, treeAt, state }: Scene) => {
      const { tree } = treeAt(state.width);
      return (place: number) => labelNode(tree, diff.groups.labels, place);
    },
    ({ diff, state }) => [diff, state.width],
  );
  const colourOf = (place: number) => {
    const { diff, state, theme } = scene!;
    const node = nodeAt(place);
    const row = rowOfNode(scene!, node);
    const isGrey = state.markedOnly && !(row && isMarked(row));
    return changeColour(isGrey ? 0 : changeOfNode(diff, node).total.change, theme);
  };
  const draw = (next: Scene) => {
    const moved = next.state.zoom !== (scene?.state.zoom ?? 0) || next.state.cursor !== (scene?.state.cursor ?? null);
    scene = next;
    const { state, diff, found, theme } = next;
    const widths = next.treeAt(state.width);
    const { tree } = widths;
    hideTooltip();
    bar.draw(next);
    scale.replaceChildren(...drawScale(diff.options.per, state.width, theme));
    nothing.hidden = tree.group.length > 1;
    nothing.textContent = `Nothing was seen ${state.width === 'both' ? 'in either' : state.width}.`;
    chart.draw({
      tree,
      zoom: nearestPlace(widths, diff, state.zoom),
      rootOnTop: state.rootOnTop,
      labelOf: labelsOf(next),
      colourOf,
      isMatch: (place) => {
        const group = tree.group[place]!;
        return group !== -1 && (found[group] === 1 || group === state.chosen);
      },
      matchColour: matchColours[theme],
      cursor: state.cursor === null || widths.placeOf[state.cursor] === -1 ? null : widths.placeOf[state.cursor]!,
    });
    if (moved) showRow(chart.boxOf(nearestPlace(widths, diff, state.cursor ?? state.zoom)));
  };
  return {
    element: element('section', 'graph', bar.element, scale, nothing, chart.element),
    draw,
    pictures() {
      const painted = chart.painted();
      if (scene === null || painted === null) return [];
      const { diff, treeAt, state } = scene;
      const { tree } = treeAt(state.width);
      const title = (place: number) => {
        const { total } = changeOfNode(diff, nodeAt(place));
        return `${labelNode(tree, diff.groups.labels, place)}: ${wayText(total, diff.options.per)}`;
      };
      return [{ painted, widthPx: chart.element.clientWidth, title }];
    },
    press(key) {
      if (scene === null) return false;
      const { state, diff, treeAt } = scene;
      const widths = treeAt(state.width);
      const at = nearestPlace(widths, diff, state.cursor ?? state.zoom);
      const copy = () => copyStack(page, diff, { tree: diff.tree.tree, node: nodeAt(at) });
      return pressInGraph(key, {
        chart,
        tree: widths.tree,
        at,
        rootOnTop: state.rootOnTop,
        moveTo: (next) => {
          const node = nodeAt(next);
          page.apply({ cursor: node });
          const label = labelNode(widths.tree, diff.groups.labels, next);
          page.say(`${label}, ${wayText(changeOfNode(diff, node).total, diff.options.per)}`);
        },
        actions: new Map([
          ['Enter', () => page.apply({ zoom: nodeAt(at) })],
          ...(at === 0 ? [] : [['C', copy] as const]),
        ]),
      });
    },
  };
}
