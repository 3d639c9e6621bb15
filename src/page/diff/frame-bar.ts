// The frame that is zoomed into, or that the keyboard is on: what changed of it, and what can be done with it.
import { changeOfNode } from '../../aggregate/diff-frames.ts';
import { copyText } from '../clipboard.ts';
import { button, element } from '../dom.ts';
import { cutMiddle } from '../shorten.ts';
import { pathTo } from '../zoom.ts';
import { fateBadge, wayText } from './change-text.ts';
import type { DiffPage, Scene } from './state.ts';

export interface FrameBar {
  readonly element: HTMLElement;
  draw(scene: Scene): void;
}

export function createFrameBar(page: DiffPage): FrameBar {
  const bar = element('div', 'frame-bar');
  bar.setAttribute('role', 'group');
  bar.setAttribute('aria-label', 'the chosen frame');
  return {
    element: bar,
    draw({ state, diff }) {
      const node = state.cursor ?? state.zoom;
      bar.hidden = node === 0;
      if (node === 0) {
        bar.replaceChildren();
        return;
      }
      const { per } = diff.options;
      const { self, total } = changeOfNode(diff, node);
      const name = element('b', '', cutMiddle(diff.groups.labels[diff.tree.tree.group[node]!]!, 90));
      const text = `total ${wayText(total, per)}; self ${wayText(self, per)}`;
      const copy = button('Copy stack', () => copyStack(page, { diff }, node));
      const back = button(state.zoom === 0 ? 'Let go (Esc)' : 'Reset zoom (Esc)', () =>
        page.apply({ zoom: 0, cursor: null, chosen: null }),
      );
      back.id = 'reset';
      bar.replaceChildren(name, ...fateBadge(total), element('span', 'soft', text), copy, back);
    },
  };
}

/** Root first, a line each. */
export function copyStack(page: DiffPage, { diff }: Pick<Scene, 'diff'>, node: number): void {
  const lines = pathTo(diff.tree.tree, node).map((group) => diff.groups.labels[group]!);
  void copyText(lines.join('\n')).then((done) => page.say(done ? 'stack copied' : 'cannot copy here'));
}
