// Changes as people read them on the page.
import type { Per } from '../../aggregate/blocks.ts';
import type { Change } from '../../aggregate/diff.ts';
import { fateOf } from '../../aggregate/diff-frames.ts';
import { printChange, printValue } from '../../formats/diff-words.ts';
import { element } from '../dom.ts';

/** `12.0% → 15.3% (+3.3)` */
export function wayText(change: Change, per: Per): string {
  return `${printValue(change.before, per)} → ${printValue(change.after, per)} (${bareChange(change, per)})`;
}

/** Without the interval and the star. */
export function bareChange(change: Change, per: Per): string {
  return printChange({ ...change, judgement: null }, per);
}

/** `±1.8`; empty where it was not judged. */
export function marginText(change: Change, per: Per): string {
  if (change.judgement === null) return '';
  return `±${printValue(change.judgement.margin, per).replace(/[^\d.]+$/, '')}`;
}

export function judgementText({ judgement }: Change): string {
  if (judgement === null) return 'not judged';
  return judgement.marked ? '★ more than chance' : 'may be chance';
}

/** Empty where it is not marked. */
export function starOf(change: Change): HTMLElement {
  const star = element('b', 'star');
  if (change.judgement?.marked) {
    star.append(element('span', '', '★'), element('span', 'unseen', ' more than chance'));
    star.title = 'more than chance';
  }
  return star;
}

export function fateBadge(change: Change): HTMLElement[] {
  const fate = fateOf(change);
  return fate === null ? [] : [element('span', 'fate', fate)];
}
