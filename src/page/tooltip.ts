// What is under the pointer: function, place, source text, self and total weight.
import type { Grouping } from '../profile/labels.ts';
import type { Profile } from '../profile/profile.ts';
import { byId, element } from './dom.ts';
import type { Report } from './load.ts';
import { share, ticksText, time } from './numbers.ts';

export function describeNode({ profile, by, groups, tree }: Report, node: number): HTMLElement[] {
  const { meta } = profile;
  const weight = (name: string, ticks: number) =>
    element(
      'div',
      'weight',
      element('span', '', name),
      ` ${time(ticks, meta.rateHz)} · ${ticksText(ticks)} · ${share(ticks, tree.total[0]!)}`,
    );
  const weights = [weight('total', tree.total[node]!), weight('self', tree.self[node]!)];
  const group = tree.group[node]!;
  if (group === -1) return [element('div', 'name', 'all workers'), ...weights];
  return [...describePlace(profile, by, groups.example[group]!, groups.labels[group]!), ...weights];
}

/** Only as much of the example as holds for the whole group: a file's frame has many functions, a function's many lines. */
function describePlace({ frames, strings }: Profile, by: Grouping, frame: number, label: string): HTMLElement[] {
  const file = strings[frames.file[frame]!]!;
  if (by === 'file' || by === 'module' || file === '') return [element('div', 'name', label)];
  const name = element('div', 'name', strings[frames.function[frame]!]!);
  if (by === 'function') return [name, element('div', 'file', file)];
  const line = frames.line[frame]!;
  const source = strings[frames.source[frame]!]!;
  return [
    name,
    element('div', 'file', line > 0 ? `${file}:${line}` : file),
    ...(source === '' ? [] : [element('code', 'source', source)]),
  ];
}

/** Shows content beside the pointer, inside the window. */
export function showTooltip(content: readonly HTMLElement[], event: MouseEvent): void {
  const tip = byId('tooltip');
  tip.replaceChildren(...content);
  tip.hidden = false;
  const gap = 14;
  const left = Math.min(event.clientX + gap, window.innerWidth - tip.offsetWidth - gap);
  const below = event.clientY + gap;
  const top = below + tip.offsetHeight > window.innerHeight ? event.clientY - tip.offsetHeight - gap : below;
  tip.style.left = `${Math.max(gap, left)}px`;
  tip.style.top = `${Math.max(gap, top)}px`;
}

export function hideTooltip(): void {
  byId('tooltip').hidden = true;
}
