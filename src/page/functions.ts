// The hottest functions as a table; a click searches for one.
import { buildCallTree } from '../aggregate/call-tree.ts';
import { foldStacks } from '../aggregate/fold.ts';
import { listFunctions } from '../aggregate/functions.ts';
import { groupFrames } from '../profile/labels.ts';
import { byId, element } from './dom.ts';
import type { Report } from './load.ts';
import { share, time } from './numbers.ts';

const shownRows = 20;

export function showFunctions({ profile, tree, by }: Report, onPick: (text: string) => void): void {
  const groups = groupFrames(profile, by === 'line' ? 'function' : by);
  const rows = listFunctions(buildCallTree(profile.stacks, groups, foldStacks(profile)));
  const { rateHz } = profile.meta;
  const cells = (ticks: number) => [
    element('td', 'number', time(ticks, rateHz)),
    element('td', 'number', share(ticks, tree.total[0]!)),
  ];
  byId('functions').replaceChildren(
    ...rows.slice(0, shownRows).map(({ group, self, total }) => {
      const label = groups.labels[group]!;
      // Functions of a graph by line have longer labels there: their names are in both.
      const text = by === 'line' || by === 'function' ? label.replace(/ \([^(]*\)$/, '') : label;
      const pick = element('button', 'link', label) as HTMLButtonElement;
      pick.type = 'button';
      pick.addEventListener('click', () => onPick(text));
      return element('tr', '', ...cells(self), ...cells(total), element('td', '', pick));
    }),
  );
  byId('functions-note').textContent =
    rows.length > shownRows ? `the ${shownRows} hottest of ${rows.length} functions` : `${rows.length} functions`;
}
