// Printing: what is drawn to the width of the window is drawn again to that of the paper, which no script is told of.

/** A4 lying on its side, without the margins that the style sheet asks for: 277 mm at 96 px an inch. */
const paperPx = 1_046;

export function layOutForPaper(draw: () => void): void {
  const setWidth = (width: string) => {
    document.body.style.width = width;
    draw();
  };
  window.addEventListener('beforeprint', () => setWidth(`${paperPx}px`));
  window.addEventListener('afterprint', () => setWidth(''));
}
