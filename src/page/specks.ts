// Frames narrower than a pixel, as an image that has one pixel per row and is drawn as high as rows are: a rectangle for
// each would cost as much as one for a frame, and there may be a hundred thousand of them.
import type { Rectangles } from '../aggregate/layout.ts';
import type { ChartColours } from './chart-canvas.ts';

/** Narrower frames are specks. */
export const speckPx = 1;

export class Specks {
  readonly #image: ImageData;
  readonly #pixels: Uint32Array;

  constructor(widthPx: number, rows: number) {
    this.#image = new ImageData(Math.max(1, Math.ceil(widthPx)), Math.max(1, rows));
    this.#pixels = new Uint32Array(this.#image.data.buffer);
  }

  /**
   * Of several specks within a pixel the first stands for all, but what is found is always seen. They come from left to
   * right; wider ones among them are passed by.
   */
  add(row: number, { node, x, width }: Rectangles, { isMatch, fill }: ChartColours, from: number, to: number): void {
    const places = this.#image.width;
    let last = -1;
    let isFound = false;
    for (let at = from; at < to; at++) {
      if (width[at]! >= speckPx) continue;
      const px = Math.min(Math.floor(x[at]!), places - 1);
      if (px === last && (isFound || !isMatch(node[at]!))) continue;
      isFound = isMatch(node[at]!);
      last = px;
      this.#pixels[row * places + px] = pixelOf(fill(node[at]!));
    }
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

const pixels = new Map<string, number>();

/** `#rrggbb` as images have it: red in the lowest byte. */
function pixelOf(colour: string): number {
  const known = pixels.get(colour);
  if (known !== undefined) return known;
  const rgb = Number.parseInt(colour.slice(1), 16);
  const pixel = (0xff_00_00_00 | ((rgb & 0xff) << 16) | (rgb & 0xff_00) | (rgb >>> 16)) >>> 0;
  pixels.set(colour, pixel);
  return pixel;
}
