// What the texts of comparisons have in common: numbers, and sentences about what was compared and what may be believed.

import type { Per } from '../aggregate/blocks.ts';
import { type Change, falseMarks, leastShare, type ProfileDiff, type Unjudged } from '../aggregate/diff.ts';
import type { Side } from '../aggregate/diff-pair.ts';
import { visible } from '../visible.ts';
import { secondsOf } from './amounts.ts';
import type { NamedDiff } from './diff-format.ts';
import { count } from './summary.ts';

/** Shares in percent, times in milliseconds. */
const units: Record<Per, { readonly factor: number; readonly unit: string; readonly meaning: string }> = {
  share: { factor: 100, unit: '%', meaning: 'share of all samples' },
  second: { factor: 1_000, unit: ' ms', meaning: 'time per second and worker, of all its threads' },
};

export function printValue(value: number, per: Per): string {
  return `${(value * units[per].factor).toFixed(1)}${units[per].unit}`;
}

/** `+5.3 ±1.8 *`: in the unit of the values; the star where it is more than chance. */
export function printChange({ change, judgement }: Change, per: Per): string {
  const print = (value: number) => (value * units[per].factor).toFixed(1);
  const text = print(change);
  const signed = Number(text) === 0 ? '0.0' : change > 0 ? `+${text}` : text;
  if (judgement === null) return signed;
  return `${signed} ±${print(judgement.margin)}${judgement.marked ? ' *' : ''}`;
}

/** One line for each side. */
export function describeSides({ diff, before, after }: NamedDiff): string[] {
  return [
    `before: ${visible(before)}: ${describeSide(diff.pair.before)}`,
    `after:  ${visible(after)}: ${describeSide(diff.pair.after)}`,
  ];
}

/** How much there is of it. */
export function describeSide({ profile: { meta, workers }, sampled }: Side): string {
  if (meta.measure === 'count') return `${count(workers.length, 'worker')}, counts of ${sampled}`;
  const lasted = secondsOf(meta);
  const seconds = lasted === null ? '' : `${lasted.toFixed(1)} s of `;
  return `${seconds}${count(workers.length, 'worker')}, ${count(sampled, 'tick')} of samples at ${Number(meta.rateHz.toFixed(2))} Hz`;
}

/** What the numbers are, and what marks them. */
export function explainNumbers({ options, judged, unjudged }: ProfileDiff): string[] {
  const numbers = `before and after: ${units[options.per].meaning}; self: in the function itself, total: with all that it called`;
  const stacks = `before and after: ${units[options.per].meaning}, spent in exactly this stack`;
  const what = options.stacks ? stacks : numbers;
  if (unjudged !== null) return [what, `no change is marked: ${explainUnjudged(unjudged)}`];
  const limit = (leastShare * 100).toFixed(0);
  const chance = (falseMarks * 100).toFixed(0);
  return [
    what,
    `* more than chance: judged by blocks of time, corrected for ${count(judged, 'comparison')} (Holm, ${chance}% for one false mark in all)`,
    `± is the 95% interval of one change by itself; what has less than ${limit}% on average is not judged`,
  ];
}

const reasons: Record<Unjudged['reason'], string> = {
  empty: 'it has no samples',
  'no-time': 'its samples have no time (counts, or all merged into one), so what is chance cannot be told',
  short: 'it is shorter than 10 s: too little to tell chance from change',
  sparse: 'there are samples in too little of its time to tell chance from change',
};

export function explainUnjudged({ side, reason }: Unjudged): string {
  return `of ${side}: ${reasons[reason]}`;
}
