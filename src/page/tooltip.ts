// What is under the pointer: function, place, source text, self and total weight.
import { byId, element } from './dom.ts';
import type { Report } from './load.ts';
import { share, ticksText, time } from './numbers.ts';

export function describeNode({ profile, groups, tree }: Report, node: number): HTMLElement[] {
  const { frames, strings, meta } = profile;
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
  const frame = groups.example[group]!;
  const line = frames.line[frame]!;
  const file = strings[frames.file[frame]!]!;
  const source = strings[frames.source[frame]!]!;
  return [
    element('div', 'name', strings[frames.function[frame]!]!),
    element('div', 'file', line > 0 ? `${file}:${line}` : file),
    ...(source === '' ? [] : [element('code', 'source', source)]),
    ...weights,
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
