// Printing: what is drawn to the width of the window and in its colours is drawn again in light ones to the width of the
// paper, which no script is told of.
import { putOnPaper } from './theme.ts';

/** A4 lying on its side, without the margins that the style sheet asks for: 277 mm at 96 px an inch. */
const paperPx = 1_046;

export function layOutForPaper(draw: () => void): void {
  const layOut = (isPrinted: boolean) => {
    putOnPaper(isPrinted);
    document.body.style.width = isPrinted ? `${paperPx}px` : '';
    document.body.style.padding = isPrinted ? '0' : ''; // as the style sheet has it on paper, which is not there yet
    draw();
  };
  window.addEventListener('beforeprint', () => layOut(true));
  window.addEventListener('afterprint', () => layOut(false));
}
