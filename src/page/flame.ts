// The flame graph: d3-flame-graph draws, but is only ever given what is visible. Its own click, zoom, search and
// tooltip are recursive over the whole tree and are passed by.
import flamegraph from 'd3-flame-graph';
import { select } from 'd3-selection';
import { moduleOf } from '../profile/labels.ts';
import { frameColour, matchColour, rootColour } from './colours.ts';
import type { Report } from './load.ts';
import { describeNode, hideTooltip, showTooltip } from './tooltip.ts';
import { type VisibleFrame, visibleTree } from './visible-tree.ts';

const minFramePx = 1;

export interface FlameState {
  /** Node of the call tree that fills the width. */
  readonly zoom: number;
  /** 1 for each group that the search finds. */
  readonly matches: Uint8Array;
  readonly rootOnTop: boolean;
}

export interface Flame {
  draw(state: FlameState): void;
}

/** Makes the chart in `container`; `onZoom` is called with the node that was clicked. */
export function createFlame(container: HTMLElement, report: Report, onZoom: (node: number) => void): Flame {
  const { profile, groups, tree } = report;
  const colours = groups.labels.map((label, group) =>
    frameColour(moduleOf(profile.strings[profile.frames.file[groups.example[group]!]!]!), label),
  );
  let state: FlameState = { zoom: 0, matches: new Uint8Array(groups.labels.length), rootOnTop: true };
  const colour = ({ data: { node } }: { data: VisibleFrame }) => {
    const group = tree.group[node]!;
    if (group === -1) return rootColour;
    return state.matches[group] === 1 ? matchColour : colours[group]!;
  };
  const label = (node: number) => (node === 0 ? 'all workers' : groups.labels[tree.group[node]!]!);
  const seen = (minPx: number) => visibleTree(tree, { label, zoom: state.zoom, widthPx: container.clientWidth, minPx });

  const noTooltip = Object.assign(() => {}, { show: () => {}, hide: () => {} });
  const chart = flamegraph<VisibleFrame>()
    .cellHeight(18)
    .resetHeightOnZoom(true)
    .tooltip(noTooltip)
    .setColorMapper(colour)
    .width(container.clientWidth)
    .inverted(state.rootOnTop);
  // The chart wants to draw before it can be updated: only the root, all else is for the first `draw`.
  select(container).datum(seen(Number.POSITIVE_INFINITY)).call(chart);

  container.addEventListener(
    'click',
    (event) => {
      event.stopPropagation(); // before d3-flame-graph's own zoom hears of it
      const node = nodeAt(event);
      if (node !== null) onZoom(node);
    },
    true,
  );
  container.addEventListener('mousemove', (event) => {
    const node = nodeAt(event);
    if (node === null) hideTooltip();
    else showTooltip(describeNode(report, node), event);
  });
  container.addEventListener('mouseleave', hideTooltip);

  return {
    draw(next) {
      state = next;
      hideTooltip();
      container.classList.toggle('root-below', !state.rootOnTop);
      chart.width(container.clientWidth).inverted(state.rootOnTop).update(seen(minFramePx));
    },
  };
}

/** The node of the frame under the pointer: d3 keeps the datum on the element. */
function nodeAt(event: MouseEvent): number | null {
  const frame = event.target instanceof Element ? event.target.closest('g.frame') : null;
  return (frame as { __data__?: { data: VisibleFrame } } | null)?.__data__?.data.node ?? null;
}
