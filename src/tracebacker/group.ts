// Threads that are at the same place -> one group: what `tbprof read` shows once.
import type { Frame, ThreadStack } from './dump.ts';

export interface ThreadGroup {
  /** Labels of the threads, in the order in which they came. */
  readonly threads: readonly string[];
  readonly frames: readonly Frame[];
  readonly cut: boolean;
}

/** Largest group first; groups of one size in the order in which they came. */
export function groupThreads(labelled: readonly (readonly [label: string, stack: ThreadStack])[]): ThreadGroup[] {
  const groups = new Map<string, { threads: string[]; frames: readonly Frame[]; cut: boolean }>();
  for (const [label, { frames, cut }] of labelled) {
    const key = JSON.stringify([frames, cut]);
    const group = groups.get(key);
    if (group) group.threads.push(label);
    else groups.set(key, { threads: [label], frames, cut });
  }
  return [...groups.values()].sort((a, b) => b.threads.length - a.threads.length);
}
