// Bounds what a long recording says of its workers beside their dumps: events of one kind within a bucket of time are told
// once, and rows of processes are thinned out. What a view adds up of them stays what it was.
import { numbersWhere, pickRows } from './pick.ts';
import type { EventKind, ProcessTable, ProfileEvent } from './profile.ts';

/**
 * How the counts of two become one; null where each is to be told: a new process, a new source, the end of a worker. These
 * are as few as the processes that start.
 */
const combine: Record<EventKind, ((a: number, b: number) => number) | null> = {
  gap: add,
  cut: add,
  unreadable: add,
  throttle: Math.max,
  unsearched: Math.max,
  left: null,
  respawn: null,
  source: null,
};

function add(a: number, b: number): number {
  return a + b;
}

/** Events, each in the place and at the time of the last one of its kind: a dump after it ends a gap. */
export class MergedEvents {
  readonly #events = new Map<string | ProfileEvent, ProfileEvent>();

  /** Those of a worker are merged that have the same bucket, if they may be merged at all. */
  add(event: ProfileEvent, bucket = 0): void {
    const { worker, kind, reason, count } = event;
    const both = combine[kind];
    // What was not understood is one thing, however many words there are for it.
    const key = both === null ? event : `${bucket} ${worker} ${kind} ${kind === 'unreadable' ? '' : reason}`;
    const before = this.#events.get(key);
    this.#events.delete(key);
    this.#events.set(
      key,
      both === null || before === undefined
        ? event
        : { ...before, timeMs: event.timeMs, count: both(before.count, count) },
    );
  }

  list(): ProfileEvent[] {
    return [...this.#events.values()];
  }
}

export function mergeEvents(events: readonly ProfileEvent[], bucketMs: number): ProfileEvent[] {
  const merged = new MergedEvents();
  for (const event of events) merged.add(event, Math.floor(event.timeMs / bucketMs));
  return merged.list();
}

/** Of each process its first row, and the last one of each bucket: between these is what it has used. */
export function thinProcesses(processes: ProcessTable, bucketMs: number): ProcessTable {
  const { worker, timeMs, pid } = processes;
  const isKept = new Uint8Array(worker.length);
  const placeOf = (row: number) => `${pid[row]} ${Math.floor(timeMs[row]! / bucketMs)}`;
  const before = new Map<number, number>();
  for (let row = 0; row < isKept.length; row++) {
    if (before.get(worker[row]!) !== pid[row]) isKept[row] = 1;
    before.set(worker[row]!, pid[row]!);
  }
  const after = new Map<number, string>();
  for (let row = isKept.length - 1; row >= 0; row--) {
    const place = placeOf(row);
    if (after.get(worker[row]!) !== place) isKept[row] = 1;
    after.set(worker[row]!, place);
  }
  return pickRows(
    processes,
    numbersWhere(isKept.length, (row) => isKept[row] === 1),
  );
}
