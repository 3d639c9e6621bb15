// Collapsed (folded) stacks: `root;caller;leaf COUNT`, one line per distinct stack, counts in ticks.
// Read by flamegraph.pl, inferno and speedscope: https://github.com/brendangregg/FlameGraph#2-fold-stacks
import { foldStacks } from '../aggregate/fold.ts';
import { groupFrames, labelThread, labelWorker } from '../profile/labels.ts';
import { forEachSample, type Profile } from '../profile/profile.ts';
import type { Format, View } from './format.ts';

export const collapsed: Format = {
  name: 'collapsed',
  description: 'collapsed stacks: one line per stack, counts in ticks',
  extensions: ['.collapsed', '.folded', '.txt'],
  render: async (profile, view) => renderCollapsed(profile, view),
};

/** Lines sorted by their text, so that the same profile gives the same bytes. */
export function renderCollapsed(profile: Profile, view: View): string {
  const nameStack = stackNamer(profile, view);
  const counts = new Map<string, number>();
  const count = (stack: string, weight: number) => counts.set(stack, (counts.get(stack) ?? 0) + weight);
  if (view.threads) {
    const { stack, thread } = profile.samples;
    const roots = profile.threads.map(({ worker }, number) =>
      [labelWorker(profile, worker), labelThread(profile, number)].map(escapeFrame).join(';'),
    );
    forEachSample(profile, (sample, weight) => {
      count(`${roots[thread[sample]!]};${nameStack(stack[sample]!)}`, weight);
    });
  } else {
    foldStacks(profile).forEach((weight, stack) => {
      if (weight > 0) count(nameStack(stack), weight);
    });
  }
  return [...counts]
    .map(([stack, weight]) => `${stack} ${weight}\n`)
    .sort()
    .join('');
}

/** Names of stacks, remembered: most stacks of a profile share their callers. */
function stackNamer({ stacks, ...profile }: Profile, { by }: View): (stack: number) => string {
  const { groupOf, labels } = groupFrames({ stacks, ...profile }, by);
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

/** The format has no escapes: `;` parts frames and a line end parts stacks, so they become what looks like them. */
function escapeFrame(label: string): string {
  return label.replaceAll(';', ':').replace(/[\x00-\x1f\x7f\u0085\u2028\u2029]/g, ' ');
}
