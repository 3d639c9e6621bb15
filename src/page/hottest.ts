// Where the time goes, in one line: the functions with the most weight of their own.
import { type FrameGroups, groupFrames } from '../profile/labels.ts';
import type { Profile } from '../profile/profile.ts';
import { button, byId, element } from './dom.ts';
import { colourGroup } from './labels.ts';
import { share } from './numbers.ts';
import { cutMiddle, shorten } from './shorten.ts';
import { remember, weightsOf } from './shown.ts';
import type { Page, Scene } from './view.ts';

const named = 4;

interface Hot {
  readonly label: string;
  readonly ticks: number;
  readonly group: number;
}

const groupFunctions = remember(
  (profile: Profile) => groupFrames(profile, 'function'),
  ({ frames, strings }) => [frames, strings],
);

/** By the leaves of the stacks alone, without a tree. */
const findHottest = remember((profile: Profile): { groups: FrameGroups; rows: readonly Hot[] } => {
  const groups = groupFunctions(profile);
  const self = new Float64Array(groups.labels.length);
  const weights = weightsOf(profile);
  const { frame } = profile.stacks;
  for (let stack = 0; stack < weights.length; stack++) {
    if (weights[stack] !== 0) self[groups.groupOf[frame[stack]!]!]! += weights[stack]!;
  }
  const rows = [...self.keys()]
    .filter((group) => self[group]! > 0)
    .sort((a, b) => self[b]! - self[a]! || a - b)
    .slice(0, named)
    .map((group) => ({ label: groups.labels[group]!, ticks: self[group]!, group }));
  return { groups, rows };
});

export function showHottest(page: Page, scene: Scene): void {
  const { profile, tree } = scene.shown;
  const { groups, rows } = findHottest(profile);
  const line = byId('hottest');
  line.hidden = rows.length === 0;
  line.replaceChildren(
    ...rows.map(({ label, ticks, group }) => {
      const pick = button('', () => page.apply({ view: 'sandwich', subject: label }), { className: 'hot' });
      pick.title = cutMiddle(`${label}: self time; shows its callers and callees`, 300);
      const swatch = element('i', 'swatch');
      swatch.style.background = colourGroup(profile, { groups, group }, scene.theme).fill;
      pick.append(swatch, element('b', '', share(ticks, tree.total[0]!)), ` ${shorten(label, 28)}`);
      return pick;
    }),
  );
}
