// Charts as files of their own, as they are drawn now.
import { chartFont, type Painted, paintRows } from './chart-canvas.ts';
import { rowPx } from './chart-shape.ts';
import { drawSvg } from './svg.ts';

/** A chart as it is drawn now. */
export interface Picture {
  readonly painted: Painted;
  readonly widthPx: number;
  readonly title: (node: number) => string;
}

/** Browsers draw no larger canvas. */
const mostPixels = 16_000;

export function svgOf(pictures: readonly Picture[], title: string): BlobPart[] {
  const { paper, ink } = paperColours();
  const charts = pictures.map(({ painted, title: titleOf }) => ({ ...painted, title: titleOf }));
  return [...drawSvg(charts, { widthPx: pictures[0]!.widthPx, title, paper, ink })];
}

/**
 * How many rows of each chart a PNG has: all, or, where that is more than a canvas holds, those that are nearest to the
 * root. What a small chart leaves over is for the others; of each that is cut a line says so, which takes a row.
 */
export function rowsOfPng(depths: readonly number[]): number[] {
  const rows = depths.map(() => 0);
  let left = Math.floor(mostPixels / rowPx);
  const bySize = [...depths.keys()].sort((a, b) => depths[a]! - depths[b]!);
  for (const [done, chart] of bySize.entries()) {
    const share = Math.floor(left / (depths.length - done));
    rows[chart] = depths[chart]! <= share ? depths[chart]! : share - 1;
    left -= depths[chart]! <= share ? rows[chart]! : share;
  }
  return rows;
}

/** What the reader must know of the PNG before it is made; empty where it has all. */
export function describeLeftOut(pictures: readonly Picture[]): string {
  const depths = pictures.map(({ painted }) => painted.shape.layout.depths);
  const sum = (rows: readonly number[]) => rows.reduce((all, one) => all + one, 0);
  const [has, of] = [sum(rowsOfPng(depths)), sum(depths)];
  return has === of ? '' : `${has} of ${of.toLocaleString('en')} rows`;
}

export async function pngOf(pictures: readonly Picture[]): Promise<Blob> {
  const depths = pictures.map(({ painted }) => painted.shape.layout.depths);
  const rows = rowsOfPng(depths);
  const lines = rows.reduce((sum, one, chart) => sum + one + (one < depths[chart]! ? 1 : 0), 0);
  const scale = Math.min(window.devicePixelRatio || 1, Math.max(1, mostPixels / (lines * rowPx)));
  const canvas = document.createElement('canvas');
  canvas.width = Math.ceil(pictures[0]!.widthPx * scale);
  canvas.height = Math.min(mostPixels, Math.ceil(lines * rowPx * scale));
  const { paper, ink } = paperColours();
  const context = canvas.getContext('2d')!;
  context.fillStyle = paper;
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.scale(scale, scale);
  for (const [chart, { painted }] of pictures.entries()) {
    const [drawn, depth] = [rows[chart]!, depths[chart]!];
    const sayCut = () => {
      if (drawn === depth) return;
      context.font = chartFont;
      context.fillStyle = ink;
      context.textBaseline = 'middle';
      const text = `${(depth - drawn).toLocaleString('en')} more rows are left out; the SVG file has all ${depth.toLocaleString('en')}`;
      context.fillText(text, 4, rowPx / 2);
      context.translate(0, rowPx);
    };
    // The root is where the charts of a sandwich meet: what is farthest from it goes.
    if (!painted.rootOnTop) sayCut();
    const fromPx = painted.rootOnTop ? 0 : (depth - drawn) * rowPx;
    paintRows(context, painted, { fromPx, toPx: fromPx + drawn * rowPx - 1, all: true });
    context.translate(0, drawn * rowPx);
    if (painted.rootOnTop) sayCut();
  }
  return new Promise((resolve, reject) =>
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error('the browser drew no picture')))),
  );
}

function paperColours(): { paper: string; ink: string } {
  const { backgroundColor, color } = getComputedStyle(document.body);
  return { paper: backgroundColor, ink: color };
}
