// Texts and colours of the nodes of a call tree, as every view shows them.
import type { CallTree } from '../aggregate/call-tree.ts';
import { type FrameGroups, type Grouping, kindOf, moduleOf } from '../profile/labels.ts';
import { type Colour, colourGroups, colourOf, type Theme } from '../profile/palette.ts';
import type { Profile } from '../profile/profile.ts';
import { share, ticksText, time } from './numbers.ts';
import type { Shown } from './shown.ts';

/** To choose from. */
export const groupingNames: Readonly<Record<Grouping, string>> = {
  line: 'line',
  function: 'function',
  file: 'file',
  module: 'module',
};

export const rootLabel = 'all workers';

const known = new WeakMap<FrameGroups, Map<Theme, Colour[]>>();

/** By group; computed once for each theme. */
export function groupColours(profile: Profile, groups: FrameGroups, theme: Theme): readonly Colour[] {
  const themes = known.get(groups) ?? new Map<Theme, Colour[]>();
  known.set(groups, themes);
  const colours = themes.get(theme) ?? colourGroups(profile, groups, theme);
  themes.set(theme, colours);
  return colours;
}

/** Of one group alone. */
export function colourGroup(
  { frames, strings }: Profile,
  { groups, group }: { groups: FrameGroups; group: number },
  theme: Theme,
): Colour {
  const file = strings[frames.file[groups.example[group]!]!]!;
  return colourOf(kindOf(file), { module: moduleOf(file), label: groups.labels[group]! }, theme);
}

export function rootColour(theme: Theme): Colour {
  return colourOf('other', { module: '', label: '' }, theme);
}

/** Label and weight in one line, for files. */
export function titleNode({ groups, profile, tree: shown }: Shown, tree: CallTree, node: number): string {
  const ticks = tree.total[node]!;
  const weight = `${time(ticks, profile.meta)}, ${ticksText(ticks, profile.meta)}, ${share(ticks, shown.total[0]!)}`;
  return `${labelNode(tree, groups.labels, node)}: ${weight}`;
}

export function labelNode({ group }: CallTree, labels: readonly string[], node: number): string {
  return group[node] === -1 ? rootLabel : labels[group[node]!]!;
}
