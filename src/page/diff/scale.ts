// What the colours mean.
import type { Per } from '../../aggregate/blocks.ts';
import type { Width } from '../../aggregate/diff-frames.ts';
import { printValue } from '../../formats/diff-words.ts';
import { changeColour, changeSteps, type Theme } from '../../profile/palette.ts';
import { element } from '../dom.ts';

export const widthMeanings: Record<Width, string> = {
  after: 'Frames are as wide as after; what is gone is not among them.',
  before: 'Frames are as wide as before; what is new is not among them.',
  both: 'Frames are as wide as the middle of before and after; all are there.',
};

export function drawScale(per: Per, width: Width, theme: Theme): HTMLElement[] {
  const shrank = changeSteps.toReversed().map((step) => [-step, `-${bare(step, per)}`] as const);
  const grew = changeSteps.map((step) => [step, `+${bare(step, per)}`] as const);
  const steps = [...shrank, [0, '0'] as const, ...grew].map(([change, text]) => {
    const item = element('li', '', text);
    item.style.background = changeColour(change, theme).fill;
    return item;
  });
  const unit = per === 'share' ? 'points of share' : 'ms per second and worker';
  return [
    element('span', '', 'shrank'),
    element('ol', '', ...steps),
    element('span', '', `grew, in ${unit}, callees included`),
    element('span', '', widthMeanings[width]),
  ];
}

/** `0.5`, `10` */
function bare(step: number, per: Per): string {
  return String(Number(printValue(step, per).replace(/[^\d.]+$/, '')));
}
