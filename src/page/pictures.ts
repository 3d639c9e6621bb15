// Charts as files of their own, as they are drawn now.
import { type Painted, paintRows } from './chart-canvas.ts';
import { drawSvg } from './svg.ts';

/** A chart as it is drawn now. */
export interface Picture {
  readonly painted: Painted;
  readonly widthPx: number;
  readonly title: (node: number) => string;
}

/** Browsers draw no larger canvas; what is deeper is left out of the PNG. */
const mostPixels = 16_000;

export function svgOf(pictures: readonly Picture[], title: string): BlobPart[] {
  const { paper, ink } = paperColours();
  const charts = pictures.map(({ painted, title: titleOf }) => ({ ...painted, title: titleOf }));
  return [...drawSvg(charts, { widthPx: pictures[0]!.widthPx, title, paper, ink })];
}

export async function pngOf(pictures: readonly Picture[]): Promise<Blob> {
  const scale = window.devicePixelRatio || 1;
  const canvas = document.createElement('canvas');
  const height = pictures.reduce((sum, { painted }) => sum + painted.shape.heightPx, 0);
  canvas.width = Math.ceil(pictures[0]!.widthPx * scale);
  canvas.height = Math.min(mostPixels, Math.ceil(height * scale));
  const context = canvas.getContext('2d')!;
  context.fillStyle = paperColours().paper;
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.scale(scale, scale);
  for (const { painted } of pictures) {
    const toPx = Math.min(painted.shape.heightPx, mostPixels / scale);
    paintRows(context, painted, { fromPx: 0, toPx, all: true });
    context.translate(0, painted.shape.heightPx);
  }
  return new Promise((resolve, reject) =>
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error('the browser drew no picture')))),
  );
}

function paperColours(): { paper: string; ink: string } {
  const { backgroundColor, color } = getComputedStyle(document.body);
  return { paper: backgroundColor, ink: color };
}
