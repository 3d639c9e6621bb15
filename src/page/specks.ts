// The narrowest frames, as an image that has one pixel per row and is drawn as high as rows are: a rectangle for each would
// cost as much as one for a frame, and there may be a hundred thousand of them.
import type { Rectangles } from '../aggregate/layout.ts';

/** Narrower frames are specks: there is no gap between them, and they end where pixels do. */
export const speckPx = 3;

interface Strip {
  /** From left to right; wider ones than specks are passed by. */
  readonly boxes: Rectangles;
  readonly from: number;
  readonly to: number;
}

interface SpeckColours {
  /** `#rrggbb` */
  readonly fill: (node: number) => string;
  readonly isMatch: (node: number) => boolean;
}

/** The rows of a chart, of which each is one pixel high until it is drawn. */
export class Specks {
  readonly #image: ImageData;
  readonly #pixels: Uint32Array;

  constructor(widthPx: number, rows: number) {
    this.#image = new ImageData(Math.max(1, Math.ceil(widthPx)), Math.max(1, rows));
    this.#pixels = new Uint32Array(this.#image.data.buffer);
  }

  add(row: number, strip: Strip, colours: SpeckColours): void {
    const { width } = this.#image;
    fillPixels(this.#pixels.subarray(row * width, (row + 1) * width), strip, colours);
  }

  /** `topOf` says where a row begins. */
  draw(context: CanvasRenderingContext2D, heightPx: number, topOf: (row: number) => number): void {
    const { width, height } = this.#image;
    const canvas = document.createElement('canvas');
    canvas.width = width;
    canvas.height = height;
    canvas.getContext('2d')!.putImageData(this.#image, 0, 0);
    context.imageSmoothingEnabled = false; // a row would shine through into the next
    for (let row = 0; row < height; row++) context.drawImage(canvas, 0, row, width, 1, 0, topOf(row), width, heightPx);
  }
}

/** Of what is narrower than a pixel the first there stands for all, but what is found is always seen. */
export function fillPixels(pixels: Uint32Array, { boxes, from, to }: Strip, { fill, isMatch }: SpeckColours): void {
  const { node, x, width } = boxes;
  /** The first pixel from which on there is nothing yet, and nothing that is found. */
  let taken = 0;
  let found = 0;
  for (let at = from; at < to; at++) {
    const left = Math.floor(x[at]!);
    if (width[at]! >= speckPx || (width[at]! < 1 && left < found)) continue;
    const isFound = isMatch(node[at]!);
    if (width[at]! < 1 && left < taken && !isFound) continue;
    const right = Math.max(left + 1, Math.floor(x[at]! + width[at]!));
    const colour = pixelOf(fill(node[at]!));
    for (let px = Math.max(left, found); px < right; px++) pixels[px] = colour;
    taken = right;
    if (isFound) found = right;
  }
}

const known = new Map<string, number>();

/** As images have a colour: red in the lowest byte. */
function pixelOf(colour: string): number {
  let pixel = known.get(colour);
  if (pixel === undefined) {
    const rgb = Number.parseInt(colour.slice(1), 16);
    pixel = (0xff_00_00_00 | ((rgb & 0xff) << 16) | (rgb & 0xff_00) | (rgb >>> 16)) >>> 0;
    known.set(colour, pixel);
  }
  return pixel;
}
