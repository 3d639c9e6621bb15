// The frame that is zoomed into, or that the keyboard is on: its weight, and what can be done with it.

import type { CallTree } from '../aggregate/call-tree.ts';
import { moduleOf } from '../profile/labels.ts';
import { copyText } from './clipboard.ts';
import { button, element } from './dom.ts';
import { share, ticksText, time } from './numbers.ts';
import { cutMiddle } from './shorten.ts';
import type { Shown } from './shown.ts';
import type { Page, Scene } from './view.ts';
import { pathTo } from './zoom.ts';

export interface FrameBar {
  readonly element: HTMLElement;
  draw(scene: Scene, tree: CallTree): void;
}

export function createFrameBar(page: Page): FrameBar {
  const bar = createBar();
  return {
    element: bar.element,
    draw(scene, tree) {
      const { state, shown } = scene;
      const node = state.cursor ?? state.zoom;
      if (node === 0) return bar.show([]);
      bar.show([
        element('b', '', cutMiddle(shown.groups.labels[tree.group[node]!]!, 90)),
        element('span', 'soft', describeWeight(shown, tree, node)),
        ...actions(page, scene, { tree, node }),
      ]);
    },
  };
}

/** What both pages say of a frame stands in the same place; it is gone where there is nothing to say. */
export function createBar() {
  const bar = element('div', 'frame-bar');
  bar.setAttribute('role', 'group');
  bar.setAttribute('aria-label', 'the chosen frame');
  const show = (content: readonly HTMLElement[]) => {
    bar.hidden = content.length === 0;
    bar.replaceChildren(...content);
  };
  return { element: bar, show };
}

function describeWeight({ profile }: Shown, tree: CallTree, node: number): string {
  const [total, self] = [tree.total[node]!, tree.self[node]!];
  return `total ${time(total, profile.meta)}, ${share(total, tree.total[0]!)} (${ticksText(total, profile.meta)}); self ${share(self, tree.total[0]!)}`;
}

function actions(
  page: Page,
  { state, shown, functions }: Scene,
  { tree, node }: { tree: CallTree; node: number },
): HTMLElement[] {
  const { profile, groups } = shown;
  const group = tree.group[node]!;
  const frame = groups.example[group]!;
  const file = profile.strings[profile.frames.file[frame]!]!;
  const made = [
    button('Copy name', () => copyName(page, shown, group)),
    button('Copy stack', () => copyStack(page, shown, { tree, node })),
    button('Callers and callees', () => {
      const { groups: ofFunctions } = functions().shown;
      page.apply({ view: 'sandwich', subject: ofFunctions.labels[ofFunctions.groupOf[frame]!]! });
    }),
  ];
  if (file !== '') {
    made.push(
      button('Source', () => page.apply({ view: 'source', file })),
      button('Only this', () => page.apply({ filters: { focus: patternOf(shown, group) }, zoom: 0, cursor: null })),
      button('Hide module', () =>
        page.apply({ filters: { hide: [...new Set([...state.filters.hide, moduleOf(file)])] }, cursor: null }),
      ),
    );
  }
  if (state.zoom !== 0) {
    const reset = button('Reset zoom (0)', () => page.apply({ zoom: 0, cursor: null }));
    reset.id = 'reset';
    made.push(reset);
  }
  return made;
}

/** What the focus filter takes for exactly the functions of the group. */
function patternOf({ profile, by, groups }: Shown, group: number): string {
  const { frames, strings } = profile;
  const frame = groups.example[group]!;
  if (by === 'module') return groups.labels[group]!;
  const literal = (text: string) => text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
  const file = strings[frames.file[frame]!]!;
  if (by === 'file') return `/^${literal(file)}$/`;
  return `/^${literal(strings[frames.function[frame]!]!)}\\n${literal(file)}$/`;
}

export function copyName(page: Page, { profile, by, groups }: Shown, group: number): void {
  const { frames, strings } = profile;
  const named = by === 'line' || by === 'function';
  const name = named ? strings[frames.function[groups.example[group]!]!]! : '';
  void copyText(name || groups.labels[group]!).then((done) => page.say(done ? 'name copied' : 'cannot copy here'));
}

/** Root first, a line each. */
export function copyStack(
  page: Pick<Page, 'say'>,
  { groups }: Pick<Shown, 'groups'>,
  { tree, node }: { tree: CallTree; node: number },
): void {
  copyPath(page, groups.labels, pathTo(tree, node));
}

export function copyPath(page: Pick<Page, 'say'>, labels: readonly string[], path: readonly number[]): void {
  const lines = path.map((group) => labels[group]!);
  void copyText(lines.join('\n')).then((done) => page.say(done ? 'stack copied' : 'cannot copy here'));
}
