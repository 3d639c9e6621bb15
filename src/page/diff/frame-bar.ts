// The frame that is zoomed into, or that the keyboard is on: what changed of it, and what can be done with it.
import { changeOfNode } from '../../aggregate/diff-frames.ts';
import { button, element } from '../dom.ts';
import { copyStack, createBar } from '../frame-bar.ts';
import { cutMiddle } from '../shorten.ts';
import { fateBadge, wayText } from './change-text.ts';
import type { DiffPage, Scene } from './state.ts';

export interface FrameBar {
  readonly element: HTMLElement;
  draw(scene: Scene): void;
}

export function createFrameBar(page: DiffPage): FrameBar {
  const bar = createBar();
  return {
    element: bar.element,
    draw({ state, diff }) {
      const node = state.cursor ?? state.zoom;
      if (node === 0) return bar.show([]);
      const { per } = diff.options;
      const { self, total } = changeOfNode(diff, node);
      const name = element('b', '', cutMiddle(diff.groups.labels[diff.tree.tree.group[node]!]!, 90));
      const text = `total ${wayText(total, per)}; self ${wayText(self, per)}`;
      const copy = button('Copy stack', () => copyStack(page, diff, { tree: diff.tree.tree, node }));
      const back = button(state.zoom === 0 ? 'Let go (Esc)' : 'Reset zoom (0)', () =>
        page.apply({ zoom: 0, cursor: null, chosen: null }),
      );
      back.id = 'reset';
      bar.show([name, ...fateBadge(total), element('span', 'soft', text), copy, back]);
    },
  };
}
