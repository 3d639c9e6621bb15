import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildCallTree } from '../../src/aggregate/call-tree.ts';
import { foldStacks } from '../../src/aggregate/fold.ts';
import { type VisibleFrame, visibleTree } from '../../src/page/visible-tree.ts';
import { groupFrames } from '../../src/profile/labels.ts';
import { anyProfile } from '../helpers/any-profile.ts';
import { profileFrom } from '../helpers/profile-from.ts';

const treeOf = (profile: Parameters<typeof groupFrames>[0]) =>
  buildCallTree(profile.stacks, groupFrames(profile, 'function'), foldStacks(profile));

function flatten(frame: VisibleFrame): VisibleFrame[] {
  return [frame, ...frame.c.flatMap(flatten)];
}

const label = (node: number) => `n${node}`;

describe('visibleTree', () => {
  const tree = treeOf(profileFrom(['a;b 90', 'a;c 9', 'a;d 1', 'e 100']));

  it('leaves out what is narrower than asked for', () => {
    const shown = (minPx: number) =>
      flatten(visibleTree(tree, { label, zoom: 0, widthPx: 200, minPx })).map(({ v }) => v);
    expect(shown(0)).toEqual([200, 100, 90, 9, 1, 100]);
    expect(shown(5)).toEqual([200, 100, 90, 9, 100]);
    expect(shown(95)).toEqual([200, 100, 100]);
  });

  it('shows a zoomed frame below its pale ancestors, without their other children', () => {
    const b = [...tree.total.keys()].find((node) => tree.total[node] === 90)!;
    const frames = flatten(visibleTree(tree, { label, zoom: b, widthPx: 200, minPx: 1 }));
    expect(frames.map(({ v, fade }) => [v, fade])).toEqual([
      [200, true],
      [100, true],
      [90, false],
    ]);
  });

  it('shows frames under a zoom that are too narrow without it', () => {
    const c = [...tree.total.keys()].find((node) => tree.total[node] === 9)!;
    expect(flatten(visibleTree(tree, { label, zoom: c, widthPx: 200, minPx: 50 })).at(-1)!.node).toBe(c);
  });

  it('shows exactly the frames whose ancestors and self are wide enough, for any profile', () => {
    fc.assert(
      fc.property(anyProfile, fc.nat(40), (profile, minPx) => {
        const any = treeOf(profile);
        const shown = new Set(
          flatten(visibleTree(any, { label, zoom: 0, widthPx: 100, minPx })).map(({ node }) => node),
        );
        for (let node = 1; node < any.total.length; node++) {
          const wide = (any.total[node]! * 100) / any.total[0]! >= minPx - 1e-9;
          expect(shown.has(node)).toBe(wide); // a child is never wider than its parent
        }
      }),
    );
  });
});
