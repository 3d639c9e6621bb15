// Which frames a search finds, and how much of the tree they hold.
import type { CallTree } from './call-tree.ts';

/** 1 for each label that contains the text, whatever the case; all 0 for an empty text. */
export function matchLabels(labels: readonly string[], text: string): Uint8Array {
  const wanted = text.toLowerCase();
  return Uint8Array.from(labels, (label) => (wanted !== '' && label.toLowerCase().includes(wanted) ? 1 : 0));
}

/** Ticks below `root` (itself included) whose stack holds a matching frame: each counted once. */
export function sumMatches(tree: CallTree, matches: Uint8Array, root: number): number {
  let ticks = 0;
  for (let node = root; node < tree.end[root]!; ) {
    const group = tree.group[node]!;
    if (group !== -1 && matches[group] === 1) {
      ticks += tree.total[node]!;
      node = tree.end[node]!; // all that is above it holds it
    } else {
      node += 1;
    }
  }
  return ticks;
}
