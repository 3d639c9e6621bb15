// A chart as an SVG file of its own: every frame that is drawn, with its text and weight as a tooltip.
// https://www.w3.org/TR/SVG11/
import { escapeMarkup } from '../formats/template.ts';
import type { ChartColours } from './chart-canvas.ts';
import { type ChartShape, type FrameBox, rowPx } from './chart-shape.ts';

export interface SvgChart {
  readonly shape: ChartShape;
  readonly rootOnTop: boolean;
  readonly colours: ChartColours;
  /** The label, cut to a width. */
  readonly label: (node: number, widthPx: number) => string;
  /** What a viewer shows beside the pointer. */
  readonly title: (node: number) => string;
}

interface SvgOptions {
  readonly widthPx: number;
  readonly title: string;
  readonly paper: string;
  readonly ink: string;
}

const headPx = 28;

/** The charts one below the other. */
export function* drawSvg(
  charts: readonly SvgChart[],
  { widthPx, title, paper, ink }: SvgOptions,
): Generator<string, void> {
  const heightPx = headPx + charts.reduce((sum, { shape }) => sum + shape.heightPx, 0);
  yield `<svg xmlns="http://www.w3.org/2000/svg" width="${widthPx}" height="${heightPx}" viewBox="0 0 ${widthPx} ${heightPx}" font-family="system-ui, sans-serif" font-size="12">\n`;
  yield `<rect width="100%" height="100%" fill="${paper}"/>\n`;
  yield `<text x="4" y="18" font-size="14" fill="${ink}">${escapeMarkup(title)}</text>\n`;
  let top = headPx;
  for (const chart of charts) {
    for (const box of chart.shape.boxes()) yield drawBox(chart, box, top);
    top += chart.shape.heightPx;
  }
  yield '</svg>\n';
}

function drawBox(
  { shape, rootOnTop, colours, label, title }: SvgChart,
  { node, row, x, width }: FrameBox,
  top: number,
): string {
  const y = top + (rootOnTop ? row : shape.layout.depths - 1 - row) * rowPx;
  const rect = `<rect x="${round(x)}" y="${round(y + 0.3)}" width="${round(Math.max(width - 0.6, 0.4))}" height="${rowPx - 0.6}" fill="${colours.fill(node)}"/>`;
  const shown = width < 35 ? '' : label(node, width - 8);
  const text =
    shown === ''
      ? ''
      : `<text x="${round(x + 4)}" y="${y + 13}" fill="${colours.text(node)}">${escapeMarkup(shown)}</text>`;
  return `<g><title>${escapeMarkup(title(node))}</title>${rect}${text}</g>\n`;
}

function round(px: number): string {
  return String(Math.round(px * 100) / 100);
}
