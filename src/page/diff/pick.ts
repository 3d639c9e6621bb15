// From a row of the table to its frames in the graph.
import type { DiffRow } from '../../aggregate/diff.ts';
import type { DiffPage, Scene } from './state.ts';

/** Frames below this part of the graph are zoomed into, so that they can be seen. */
const narrow = 0.02;

/** Its widest frame gets the cursor, all its frames stand out. What is not there at this width is shown at both. */
export function showRow(page: DiffPage, { diff, state, treeAt }: Scene, row: DiffRow): void {
  const isThere = state.width === 'both' || (row.total ?? row.self)[state.width] > 0;
  const width = isThere ? state.width : 'both';
  const { tree, nodeOf, placeOf } = treeAt(width);
  const group = diff.options.stacks ? diff.tree.tree.group[row.place]! : row.place;
  const place = diff.options.stacks ? placeOf[row.place]! : widestOf(tree.group, tree.total, group);
  const node = nodeOf[place]!;
  const isNarrow = tree.total[place]! < narrow * tree.total[0]!;
  page.apply({ view: 'graph', width, chosen: group, cursor: node, zoom: isNarrow ? node : 0 });
}

function widestOf(groups: Int32Array, totals: Float64Array, group: number): number {
  let widest = 0;
  for (let place = 1; place < groups.length; place++) {
    if (groups[place] === group && (widest === 0 || totals[place]! > totals[widest]!)) widest = place;
  }
  return widest;
}
