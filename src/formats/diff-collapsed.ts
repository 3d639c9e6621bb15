// Collapsed stacks in two columns, `root;caller;leaf BEFORE AFTER`, as difffolded.pl writes and flamegraph.pl, inferno and
// others read: https://github.com/brendangregg/FlameGraph/blob/master/difffolded.pl
// AFTER is in ticks. BEFORE is scaled to it, since readers subtract one from the other: to as many ticks in all (`share`), or
// to as many ticks of observed time (`second`), in whole numbers.
import type { ProfileDiff } from '../aggregate/diff.ts';
import { escapeFrame } from './collapsed.ts';
import type { DiffFormat } from './diff-format.ts';

export const diffCollapsed: DiffFormat = {
  name: 'collapsed',
  description: 'collapsed stacks in two columns, before and after',
  extensions: ['.collapsed', '.folded'],
  render: function* ({ diff }) {
    yield* collapsedLines(diff);
  },
};

/** Sorted by their text, so that the same two profiles give the same bytes. */
export function collapsedLines({ tree: { tree, before, after }, groups, pair, options }: ProfileDiff): string[] {
  const [was, is] =
    options.per === 'share' ? [pair.before.sampled, pair.after.sampled] : [pair.before.observed, pair.after.observed];
  // Where nothing was seen afterwards there is nothing to scale to.
  const scale = was === 0 || is === 0 ? 1 : is / was;
  const frames = groups.labels.map(escapeFrame);
  const lines: string[] = [];
  const names = [''];
  for (let node = 1; node < tree.group.length; node++) {
    const caller = names[tree.parent[node]!]!;
    const frame = frames[tree.group[node]!]!;
    names[node] = caller === '' ? frame : `${caller};${frame}`;
    const columns = [Math.round(before.self[node]! * scale), after.self[node]!];
    if (columns.some((ticks) => ticks > 0)) lines.push(`${names[node]} ${columns.join(' ')}\n`);
  }
  return lines.sort();
}
