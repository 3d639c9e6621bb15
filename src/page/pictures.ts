// Charts as files of their own, as they are drawn now.
import { chartFont, describeCut, type Painted, paintRows, rowsThatFit } from './chart-canvas.ts';
import { rowPx } from './chart-shape.ts';
import { mostPixels, newCanvas, paperColours } from './png.ts';
import { drawSvg } from './svg.ts';

/** A chart as it is drawn now. */
export interface Picture {
  readonly painted: Painted;
  readonly widthPx: number;
  readonly title: (node: number) => string;
}

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
    rows[chart] = rowsThatFit(depths[chart]!, share);
    left -= Math.min(depths[chart]!, share);
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

/** The charts one below the other. */
export function paintPictures(pictures: readonly Picture[]): HTMLCanvasElement {
  const depths = pictures.map(({ painted }) => painted.shape.layout.depths);
  const rows = rowsOfPng(depths);
  const lines = rows.reduce((sum, one, chart) => sum + one + (one < depths[chart]! ? 1 : 0), 0);
  const context = newCanvas(pictures[0]!.widthPx, lines * rowPx);
  const { ink } = paperColours();
  for (const [chart, { painted }] of pictures.entries()) {
    const [drawn, depth] = [rows[chart]!, depths[chart]!];
    const sayCut = () => {
      if (drawn === depth) return;
      context.font = chartFont;
      context.fillStyle = ink;
      context.textBaseline = 'middle';
      context.fillText(describeCut(drawn, depth), 4, rowPx / 2);
      context.translate(0, rowPx);
    };
    // The root is where the charts of a sandwich meet: what is farthest from it goes.
    if (!painted.rootOnTop) sayCut();
    const fromPx = painted.rootOnTop ? 0 : (depth - drawn) * rowPx;
    paintRows(context, painted, { fromPx, toPx: fromPx + drawn * rowPx - 1, all: true });
    context.translate(0, drawn * rowPx);
    if (painted.rootOnTop) sayCut();
  }
  return context.canvas;
}
