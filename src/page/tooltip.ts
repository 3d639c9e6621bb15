// What is under the pointer: function, place, source text, self and total weight.
import type { CallTree } from '../aggregate/call-tree.ts';
import { markSubtree, ShareIntervals } from '../aggregate/interval.ts';
import type { Grouping } from '../profile/labels.ts';
import type { Profile } from '../profile/profile.ts';
import { byId, element } from './dom.ts';
import { rootLabel } from './labels.ts';
import { share, ticksText, time } from './numbers.ts';
import { cutMiddle } from './shorten.ts';
import { remember, type Shown } from './shown.ts';

/** Names may be of any length; a tooltip shows so much of one. */
const longest = 600;

export function describeNode(shown: Shown, tree: CallTree, node: number): HTMLElement[] {
  const weights = [
    weight(shown, 'total', tree.total[node]!),
    ...describeInterval(shown, tree, node),
    weight(shown, 'self', tree.self[node]!),
  ];
  const group = tree.group[node]!;
  if (group === -1) return [element('div', 'name', rootLabel), ...weights];
  return [...describeGroup(shown, group), ...weights];
}

const intervalsOf = remember((profile: Profile) => new ShareIntervals(profile));

/** How far the share may be off by chance; of the whole there is nothing to be off. */
function describeInterval({ profile }: Shown, tree: CallTree, node: number): HTMLElement[] {
  if (node === 0) return [];
  const interval = intervalsOf(profile).of(markSubtree(tree, node));
  if (interval === null || interval.low === interval.high) return [];
  const percent = (part: number) => (100 * part).toFixed(1);
  const text = ` ${percent(interval.low)} to ${percent(interval.high)} % with 95 % confidence`;
  return [element('div', 'weight soft', element('span', '', ''), text)];
}

function weight({ profile, tree, wholeTicks, isFiltered }: Shown, name: string, ticks: number): HTMLElement {
  const parts = [time(ticks, profile.meta), ticksText(ticks, profile.meta), share(ticks, tree.total[0]!)];
  if (isFiltered) parts.push(`${share(ticks, wholeTicks)} of the whole`);
  return element('div', 'weight', element('span', '', name), ` ${parts.join(' · ')}`);
}

export function describeGroup(
  { profile, by, groups }: Pick<Shown, 'profile' | 'by' | 'groups'>,
  group: number,
): HTMLElement[] {
  return describePlace(profile, by, { frame: groups.example[group]!, label: groups.labels[group]! });
}

/** Only as much of the example as holds for the whole group: a file's frame has many functions, a function's many lines. */
function describePlace(
  { frames, strings }: Profile,
  by: Grouping,
  { frame, label }: { frame: number; label: string },
): HTMLElement[] {
  const text = (string: number) => cutMiddle(strings[string]!, longest);
  const file = text(frames.file[frame]!);
  if (by === 'file' || by === 'module' || file === '') return [element('div', 'name', cutMiddle(label, longest))];
  const name = element('div', 'name', text(frames.function[frame]!));
  if (by === 'function') return [name, element('div', 'file', file)];
  const line = frames.line[frame]!;
  const source = text(frames.source[frame]!);
  return [
    name,
    element('div', 'file', line > 0 ? `${file}:${line}` : file),
    ...(source === '' ? [] : [element('code', 'source', source)]),
  ];
}

/** Shows content beside a place, inside the window. */
export function showTooltip(content: readonly HTMLElement[], at: { clientX: number; clientY: number }): void {
  const tip = byId('tooltip');
  tip.replaceChildren(...content);
  tip.hidden = false;
  const gap = 14;
  const left = Math.min(at.clientX + gap, window.innerWidth - tip.offsetWidth - gap);
  const below = at.clientY + gap;
  const top = below + tip.offsetHeight > window.innerHeight ? at.clientY - tip.offsetHeight - gap : below;
  tip.style.left = `${Math.max(gap, left)}px`;
  tip.style.top = `${Math.max(gap, top)}px`;
}

export function hideTooltip(): void {
  byId('tooltip').hidden = true;
}
