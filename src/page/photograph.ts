// A part of the page that is no chart as a picture: its canvases, coloured boxes and words, each where the browser has
// put it. A browser does not give a page a picture of itself, and none but data: images may be loaded by this one.
import { newCanvas } from './png.ts';

/** Around the picture. */
const marginPx = 12;

/** For the hand, not for the eye. */
const controls = 'input, .range-fields, .pager';

export function photograph(part: HTMLElement): HTMLCanvasElement {
  const { left, top, width, height } = part.getBoundingClientRect();
  const context = newCanvas(width + 2 * marginPx, height + 2 * marginPx);
  context.translate(marginPx - left, marginPx - top);
  paintElement(context, part);
  return context.canvas;
}

function paintElement(context: CanvasRenderingContext2D, part: Element): void {
  if (part.getClientRects().length === 0 || part.matches(controls)) return;
  const style = getComputedStyle(part);
  const box = part.getBoundingClientRect();
  context.save();
  context.globalAlpha *= Number(style.opacity);
  context.fillStyle = style.backgroundColor;
  context.fillRect(box.left, box.top, box.width, box.height);
  paintBorders(context, box, style);
  if (style.overflow !== 'visible') {
    context.beginPath();
    context.rect(box.left, box.top, box.width, box.height);
    context.clip();
  }
  if (part instanceof HTMLCanvasElement) context.drawImage(part, box.left, box.top, box.width, box.height);
  if (part instanceof HTMLSelectElement) paintChoice(context, part, { box, style });
  else paintInside(context, part, style);
  context.restore();
}

function paintChoice(
  context: CanvasRenderingContext2D,
  list: HTMLSelectElement,
  { box, style }: { box: DOMRect; style: CSSStyleDeclaration },
): void {
  const inset = Number.parseFloat(style.paddingLeft) + 4;
  const inside = new DOMRect(box.left + inset, box.top, box.width, box.height);
  paintWord(context, list.selectedOptions[0]?.text ?? '', { box: inside, style });
}

function paintInside(context: CanvasRenderingContext2D, part: Element, style: CSSStyleDeclaration): void {
  for (const child of part.childNodes) {
    if (child instanceof Element) paintElement(context, child);
    else if (child instanceof Text)
      for (const placed of placeWords(child)) paintWord(context, placed.word, { ...placed, style });
  }
}

/** Words, since lines are broken between them, or where they are broken themselves their characters. */
function* placeWords(text: Text): Generator<{ word: string; box: DOMRect }> {
  const range = document.createRange();
  const place = (index: number, word: string) => {
    range.setStart(text, index);
    range.setEnd(text, index + word.length);
    return range.getClientRects();
  };
  for (const { 0: word, index } of text.data.matchAll(/\S+/g)) {
    const boxes = place(index, word);
    if (boxes.length === 1) yield { word, box: boxes[0]! };
    else
      for (const { 0: character, index: at } of word.matchAll(/./gsu)) {
        const [box] = place(index + at, character);
        if (box) yield { word: character, box };
      }
  }
}

function paintWord(
  context: CanvasRenderingContext2D,
  word: string,
  { box, style }: { box: DOMRect; style: CSSStyleDeclaration },
): void {
  // Not the shorthand: it is empty where it cannot say all of them (https://www.w3.org/TR/cssom-1/#serialize-a-css-value).
  context.font = `${style.fontStyle} ${style.fontWeight} ${style.fontSize} ${style.fontFamily}`;
  context.fillStyle = style.color;
  context.textBaseline = 'middle';
  context.fillText(word, box.left, box.top + box.height / 2);
}

function paintBorders(context: CanvasRenderingContext2D, box: DOMRect, style: CSSStyleDeclaration): void {
  const { left, top, width, height, right, bottom } = box;
  const [above, below] = [Number.parseFloat(style.borderTopWidth), Number.parseFloat(style.borderBottomWidth)];
  const [before, after] = [Number.parseFloat(style.borderLeftWidth), Number.parseFloat(style.borderRightWidth)];
  const side = (colour: string, x: number, y: number, wide: number, high: number) => {
    context.fillStyle = colour;
    context.fillRect(x, y, wide, high);
  };
  side(style.borderTopColor, left, top, width, above);
  side(style.borderBottomColor, left, bottom - below, width, below);
  side(style.borderLeftColor, left, top, before, height);
  side(style.borderRightColor, right - after, top, after, height);
}
