// A flame graph as one SVG file, for tickets and wikis: text, colours and titles are there without scripts; where scripts
// may run, a click zooms and `/` searches (src/page/flame-svg.ts). Its size does not grow with the profile.
import { buildCallTree, type CallTree } from '../aggregate/call-tree.ts';
import { foldStacks } from '../aggregate/fold.ts';
import { layOut, type Rectangles } from '../aggregate/layout.ts';
import { groupFrames } from '../profile/labels.ts';
import { type Colour, colourGroups, matchColours } from '../profile/palette.ts';
import type { Profile } from '../profile/profile.ts';
import { visible } from '../visible.ts';
import { describeWeight } from './amounts.ts';
import { applyView, type Format, type FormatAssets, type View } from './format.ts';
import { escapeMarkup, titleOf } from './template.ts';

export const svg: Format = {
  name: 'svg',
  description: 'a flame graph for tickets and wikis, in one picture',
  extensions: ['.svg'],
  render: (profile, view, assets) => printSvg(applyView(profile, view), view, assets),
};

const widthPx = 1_200;
const rowPx = 18;
const marginPx = 10;
const headPx = 58;
const footPx = 28;

/** Narrower frames, and the deepest ones beyond so many, are not drawn. */
const minFramePx = 0.4;
const maxFrames = 12_000;

/** Longer ones are cut: a label is there once for each of its frames. */
const maxLabel = 300;

/** Of the monospaced font, which is 11 pixels high. */
const charPx = 6.7;

interface Drawn {
  readonly tree: CallTree;
  readonly frames: Rectangles;
  readonly labels: readonly string[];
  readonly colours: readonly Colour[];
  readonly weigh: (ticks: number) => string;
}

const rootColour: Colour = { fill: '#d6d6d6', text: '#14171e' };

function* printSvg(profile: Profile, view: View, { template }: FormatAssets): Generator<string, void> {
  const groups = groupFrames(profile, view.by);
  const tree = buildCallTree(profile.stacks, groups, foldStacks(profile));
  const inner = widthPx - 2 * marginPx;
  const { frames } = layOut(tree, { zoom: 0, widthPx: inner, minFramePx, minDustPx: minFramePx, maxFrames });
  const rows = frames.depth.reduce((most, depth) => Math.max(most, depth + 1), 0);
  const weigh = describeWeight(profile);
  const heightPx = headPx + rows * rowPx + footPx;
  yield head(profile, { heightPx, total: weigh(tree.total[0]!) });
  const labels = groups.labels.map((label) => shorten(visible(label), maxLabel));
  const drawn = { tree, frames, labels, colours: colourGroups(profile, groups, 'light'), weigh };
  yield `<g id="frames" transform="translate(${marginPx} ${headPx})" data-match="${matchColours.light.fill}" data-row="${rowPx}">\n`;
  for (let row = 0; row < frames.node.length; row++) yield printFrame(drawn, row);
  yield '</g>\n';
  const left = tree.group.length - frames.node.length;
  if (left > 0) yield note(`${left} frames are too narrow or too deep to be drawn here`, heightPx - 10);
  yield `<script><![CDATA[\n${template('flame-svg.js').replaceAll(']]>', ']]]]><![CDATA[>')}]]></script>\n</svg>\n`;
}

interface Head {
  readonly heightPx: number;
  readonly total: string;
}

function head(profile: Profile, { heightPx, total }: Head): string {
  const title = escapeMarkup(visible(titleOf(profile)));
  return `<?xml version="1.0" encoding="UTF-8"?>
<svg xmlns="http://www.w3.org/2000/svg" width="${widthPx}" height="${heightPx}" viewBox="0 0 ${widthPx} ${heightPx}">
<title>${title}</title>
<style>
text { font: 11px ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace; fill: #14171e; }
#title { font: bold 15px sans-serif; }
.note { font: 12px sans-serif; fill: #555; }
#frames g { cursor: pointer; }
#frames rect { stroke: #fff; stroke-width: 0.5; }
#frames text { pointer-events: none; }
#frames g:hover rect { stroke: #000; stroke-width: 1; }
.above { opacity: 0.5; }
.button { display: none; cursor: pointer; text-decoration: underline; }
</style>
<rect width="100%" height="100%" fill="#ffffff"/>
<text id="title" x="${marginPx}" y="24">${title}</text>
<text class="note" x="${marginPx}" y="44">${escapeMarkup(total)}</text>
<text class="note" id="matched" x="${widthPx - 180}" y="44" text-anchor="end"></text>
<text class="note button" id="search" x="${widthPx - 160}" y="44">Search ( / )</text>
<text class="note button" id="reset" x="${widthPx - 80}" y="44">Reset (Esc)</text>
`;
}

/** Full label, weight and share are in the title; the text is what fits. */
function printFrame({ tree, frames, labels, colours, weigh }: Drawn, row: number): string {
  const node = frames.node[row]!;
  const group = tree.group[node]!;
  const label = group === -1 ? 'all workers' : labels[group]!;
  const { fill } = group === -1 ? rootColour : colours[group]!;
  const share = tree.total[0]! > 0 ? (100 * tree.total[node]!) / tree.total[0]! : 0;
  const x = frames.x[row]!;
  const width = frames.width[row]!;
  const y = frames.depth[row]! * rowPx;
  const text = shorten(label, Math.floor((width - 6) / charPx));
  const title = escapeMarkup(`${label}\n${weigh(tree.total[node]!)}, ${share.toFixed(2)}%`);
  const drawnText = text === '' ? '' : `<text x="${fixed(x + 3)}" y="${y + 13}">${escapeMarkup(text)}</text>`;
  const place = `x="${fixed(x)}" y="${y}" width="${fixed(width)}" height="${rowPx - 1}"`;
  return `<g><title>${title}</title><rect ${place} fill="${fill}"/>${drawnText}</g>\n`;
}

/** At most so many characters; nothing where fewer than three would be left. */
function shorten(text: string, length: number): string {
  if (text.length <= length) return text;
  return length < 3 ? '' : `${text.slice(0, length - 1)}…`;
}

function note(text: string, y: number): string {
  return `<text class="note" x="${marginPx}" y="${y}">${escapeMarkup(text)}</text>\n`;
}

function fixed(pixels: number): string {
  return `${Math.round(pixels * 100) / 100}`;
}
