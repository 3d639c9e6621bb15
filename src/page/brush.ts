// Choosing a stretch of time with the pointer. A click without a way takes the choice back.

export interface Range {
  readonly fromMs: number;
  readonly toMs: number;
}

interface BrushOptions {
  /** Where the pointer is, in milliseconds of the recording. */
  readonly timeAt: (event: PointerEvent) => number;
  /** While the pointer is down. */
  readonly onMove: (range: Range) => void;
  /** Null: nothing is chosen any more. */
  readonly onChoose: (range: Range | null) => void;
}

/** A shorter way is a click. */
const leastPx = 4;

export function makeBrush(surface: HTMLElement, { timeAt, onMove, onChoose }: BrushOptions): void {
  let start: { ms: number; x: number } | null = null;
  const rangeTo = (event: PointerEvent): Range => {
    const ms = timeAt(event);
    return { fromMs: Math.min(start!.ms, ms), toMs: Math.max(start!.ms, ms) };
  };
  surface.addEventListener('pointerdown', (event) => {
    if (event.button !== 0) return;
    start = { ms: timeAt(event), x: event.clientX };
    surface.setPointerCapture(event.pointerId);
  });
  surface.addEventListener('pointermove', (event) => {
    if (start !== null && Math.abs(event.clientX - start.x) >= leastPx) onMove(rangeTo(event));
  });
  surface.addEventListener('pointerup', (event) => {
    if (start === null) return;
    const isClick = Math.abs(event.clientX - start.x) < leastPx;
    const range = rangeTo(event);
    start = null;
    onChoose(isClick ? null : range);
  });
  surface.addEventListener('pointercancel', () => {
    start = null;
    onChoose(null);
  });
}
