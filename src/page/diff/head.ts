// What is compared, whether chance can be judged, and what changed most.
import { type DiffRow, framesOfRow, isMarked, type ProfileDiff } from '../../aggregate/diff.ts';
import { describeSide, explainNumbers, explainUnjudged } from '../../formats/diff-words.ts';
import { changeColour } from '../../profile/palette.ts';
import { button, byId, element } from '../dom.ts';
import { countText, share } from '../numbers.ts';
import { cutMiddle, shorten } from '../shorten.ts';
import { bareChange } from './change-text.ts';
import type { Comparison, Recording } from './load.ts';
import { showRow } from './pick.ts';
import type { DiffPage, Scene } from './state.ts';

const named = 4;
const longest = 3_000;

export function drawHead(page: DiffPage, scene: Scene): void {
  const { diff } = scene;
  const marked = diff.rows.filter(isMarked);
  drawVerdict(diff, marked.length);
  byId('warnings').replaceChildren(...findWarnings(page.comparison, diff).map((text) => element('p', '', text)));
  byId('sides').replaceChildren(
    ...(['before', 'after'] as const).flatMap((side) => [
      element('dt', '', side),
      element('dd', '', ...describe(page.comparison[side], diff, side)),
    ]),
  );
  byId('explained').replaceChildren(...explainNumbers(diff).map((text) => element('li', '', text)));
  const line = byId('hottest');
  line.hidden = marked.length === 0;
  line.replaceChildren(...marked.slice(0, named).map((row) => chip(page, scene, row)));
}

function drawVerdict(diff: ProfileDiff, marked: number): void {
  const what = diff.options.stacks ? 'stack' : diff.options.by;
  const [level, badge, text] =
    diff.unjudged !== null
      ? ['care', 'Not judged', 'no change can be told from chance']
      : marked > 0
        ? ['good', 'Changed', `${countText(marked, what)} changed by more than chance`]
        : ['good', 'No change', 'nothing changed by more than chance'];
  byId('verdict').replaceChildren(element('span', `badge ${level}`, badge!), element('span', 'soft', ` ${text}`));
}

function findWarnings({ before, after }: Comparison, { unjudged }: ProfileDiff): string[] {
  const found = unjudged === null ? [] : [`What is chance cannot be told ${explainUnjudged(unjudged)}.`];
  for (const [side, { profile, whole, coverage }] of Object.entries({ before, after })) {
    if (!whole) found.push(`Of ${side}: the recording was cut off.`);
    if (coverage.incomplete && profile.meta.measure !== 'count')
      found.push(`Of ${side}: the recording is incomplete; its own report says why.`);
  }
  return found;
}

function describe({ name, profile, coverage }: Recording, diff: ProfileDiff, side: 'before' | 'after'): HTMLElement[] {
  const { meta } = profile;
  // Counts of other tools say neither when they were made nor what was left out.
  const isRecorded = meta.measure !== 'count';
  const parts = [
    describeSide(diff.pair[side]),
    cutMiddle(meta.host, 200),
    ...(isRecorded && meta.startedEpochMs > 0 ? [new Date(meta.startedEpochMs).toLocaleString()] : []),
    ...(isRecorded && coverage.planned > 0
      ? [`${share(coverage.observed, coverage.planned)} of the ticks observed`]
      : []),
  ].filter((part) => part !== '');
  return [
    element('bdi', '', element('b', '', cutMiddle(name, longest))),
    element('span', 'soft', ` · ${parts.join(' · ')}`),
  ];
}

function chip(page: DiffPage, scene: Scene, row: DiffRow): HTMLElement {
  const { diff, theme } = scene;
  const label = framesOfRow(diff, row).at(-1)!;
  // What made it stand out: that it spends more itself, or else what it calls.
  const change = row.self.judgement?.marked || row.total === null ? row.self : row.total;
  const pick = button('', () => showRow(page, scene, row), { className: 'hot' });
  pick.title = cutMiddle(`${label}: ${change === row.self ? 'self' : 'total'}; shows it in the graph`, 300);
  const swatch = element('i', 'swatch');
  swatch.style.background = changeColour(change.change, theme).fill;
  pick.append(swatch, element('b', '', bareChange(change, diff.options.per)), ` ${shorten(label, 28)}`);
  return pick;
}
