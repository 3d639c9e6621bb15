// Long tables a page at a time: the document stays small, however much was recorded.
import { button, element } from './dom.ts';

export interface Pager {
  readonly element: HTMLElement;
  /** The rows of the page, of so many; `turn` is called when the reader turns it. */
  range(count: number): { readonly from: number; readonly to: number };
  /** To the first page. */
  reset(): void;
}

export function createPager(rowsPerPage: number, turn: () => void): Pager {
  let first = 0;
  let size = 0;
  const go = (to: number) => {
    first = to;
    turn();
  };
  const before = button('Previous page', () => go(first - rowsPerPage));
  const after = button('Next page', () => go(first + rowsPerPage));
  const box = element('div', 'pager', before, after);
  return {
    element: box,
    range(count) {
      size = count;
      first = Math.max(0, Math.min(first, Math.floor((size - 1) / rowsPerPage) * rowsPerPage));
      const to = Math.min(size, first + rowsPerPage);
      before.disabled = first === 0;
      after.disabled = to === size;
      box.hidden = size <= rowsPerPage;
      return { from: first, to };
    },
    reset() {
      first = 0;
    },
  };
}
