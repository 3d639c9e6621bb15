// The keyboard on a graph: from frame to frame, and what is done with the one that it is on.
import type { CallTree } from '../aggregate/call-tree.ts';
import type { Chart } from './chart.ts';
import { type Direction, neighbour } from './zoom.ts';

interface Walk {
  readonly chart: Chart;
  readonly tree: CallTree;
  readonly at: number;
  readonly rootOnTop: boolean;
  readonly moveTo: (node: number) => void;
  /** What keys do with the frame. */
  readonly actions: ReadonlyMap<string, () => void>;
}

/** Whether the graph has the keyboard, and a use for the key. */
export function pressInGraph(key: string, { chart, tree, at, rootOnTop, moveTo, actions }: Walk): boolean {
  if (document.activeElement !== chart.element) return false;
  const act = actions.get(key);
  const direction = directionOf(key, rootOnTop);
  if (act) act();
  else if (direction === null) return false;
  else {
    const next = neighbour(tree, at, direction);
    if (chart.boxOf(next) === null) return true; // too narrow to stand on: Enter on its parent widens it
    moveTo(next);
    showRow(chart.boxOf(next));
  }
  return true;
}

function directionOf(key: string, rootOnTop: boolean): Direction | null {
  const directions: Record<string, Direction> = {
    ArrowUp: rootOnTop ? 'parent' : 'child',
    ArrowDown: rootOnTop ? 'child' : 'parent',
    ArrowRight: 'next',
    ArrowLeft: 'previous',
  };
  return directions[key] ?? null;
}

/** Brings a row of a deep chart into the window, below what stays on top of it. */
export function showRow(box: DOMRect | null): void {
  if (box === null) return;
  const top = 120;
  if (box.top < top) window.scrollBy(0, box.top - top);
  else if (box.bottom > window.innerHeight - 20)
    window.scrollBy(0, box.bottom - window.innerHeight + window.innerHeight / 2);
}
