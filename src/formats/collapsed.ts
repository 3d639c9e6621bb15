// Collapsed (folded) stacks: `root;caller;leaf COUNT`, one line per distinct stack, counts in ticks.
// Read by flamegraph.pl, inferno and speedscope: https://github.com/brendangregg/FlameGraph#2-fold-stacks
import { foldStacks } from '../aggregate/fold.ts';
import { groupFrames } from '../profile/labels.ts';
import type { Profile } from '../profile/profile.ts';
import { visible } from '../visible.ts';
import { applyView, type Format, type View } from './format.ts';

export const collapsed: Format = {
  name: 'collapsed',
  description: 'collapsed stacks: one line per stack, counts in ticks',
  extensions: ['.collapsed', '.folded', '.txt'],
  render: async (profile, view) => renderCollapsed(profile, view),
};

/** Lines sorted by their text, so that the same profile gives the same bytes. */
export function renderCollapsed(profile: Profile, view: View): string {
  const shown = applyView(profile, view);
  const nameStack = stackNamer(shown, view);
  const counts = new Map<string, number>();
  foldStacks(shown).forEach((weight, stack) => {
    if (weight === 0) return;
    const name = nameStack(stack);
    counts.set(name, (counts.get(name) ?? 0) + weight);
  });
  return [...counts]
    .map(([stack, weight]) => `${stack} ${weight}\n`)
    .sort()
    .join('');
}

/** Names of stacks, remembered: most stacks of a profile share their callers. */
function stackNamer(profile: Profile, { by }: View): (stack: number) => string {
  const { stacks } = profile;
  const { groupOf, labels } = groupFrames(profile, by);
  const frames = labels.map(escapeFrame);
  const names = new Map<number, string>();
  return (stack) => {
    const path: number[] = [];
    let at = stack;
    for (; at !== -1 && !names.has(at); at = stacks.parent[at]!) path.push(at);
    let name = at === -1 ? '' : names.get(at)!;
    while (path.length > 0) {
      at = path.pop()!;
      const frame = frames[groupOf[stacks.frame[at]!]!]!;
      name = name === '' ? frame : `${name};${frame}`;
      names.set(at, name);
    }
    return name;
  };
}

/**
 * The format has no escapes: `;` parts frames, so it becomes what looks like it, and line ends part stacks. They and all
 * else that a terminal would obey are shown: collapsed text is often looked at.
 */
export function escapeFrame(label: string): string {
  return visible(label.replaceAll(';', ':'));
}
