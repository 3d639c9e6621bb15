// What is under the pointer: function, place, before and after on this path and everywhere, and what chance has to say.
import type { Change } from '../../aggregate/diff.ts';
import { changeOfNode } from '../../aggregate/diff-frames.ts';
import { printValue } from '../../formats/diff-words.ts';
import { element } from '../dom.ts';
import { rootLabel } from '../labels.ts';
import { describeGroup } from '../tooltip.ts';
import { bareChange, fateBadge, judgementText, marginText } from './change-text.ts';
import { rowOfNode, type Scene } from './state.ts';

/** `node` is one of the tree of the comparison. */
export function describeFrame(scene: Scene, node: number): HTMLElement[] {
  const { diff } = scene;
  const { per, by, stacks } = diff.options;
  const here = changeOfNode(diff, node);
  const row = node === 0 ? undefined : rowOfNode(scene, node);
  const group = diff.tree.tree.group[node]!;
  const name =
    group === -1
      ? [element('div', 'name', rootLabel)]
      : describeGroup({ profile: diff.pair.tables, groups: diff.groups, by }, group);
  name[0]!.append(...fateBadge(here.total));
  const lines: [string, Change][] = [
    ['here, total', here.total],
    ['here, self', row && stacks ? row.self : here.self],
    ...(row && !stacks ? ([[`${by}, self`, row.self]] as [string, Change][]) : []),
    ...(row?.total ? ([[`${by}, total`, row.total]] as [string, Change][]) : []),
  ];
  const cells = (change: Change) =>
    [
      printValue(change.before, per),
      '→',
      printValue(change.after, per),
      bareChange(change, per),
      marginText(change, per),
    ].map((text) => element('td', '', text));
  const isJudged = (change: Change) => change === row?.self || change === row?.total;
  const table = element(
    'table',
    'amounts',
    ...lines.map(([title, change]) =>
      element(
        'tr',
        '',
        element('th', '', title),
        ...cells(change),
        element('td', '', isJudged(change) ? judgementText(change) : ''),
      ),
    ),
  );
  return [...name, table];
}
