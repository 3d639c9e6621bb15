import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findPath, neighbour, pathTo } from '../../src/page/zoom.ts';
import { anyProfile } from '../helpers/any-profile.ts';
import { profileFrom } from '../helpers/profile-from.ts';
import { treeOf } from '../helpers/tree-of.ts';

describe('paths', () => {
  it('lead back to their node, in any tree', () => {
    fc.assert(
      fc.property(anyProfile, (profile) => {
        const { tree } = treeOf(profile);
        for (const node of tree.group.keys()) expect(findPath(tree, pathTo(tree, node))).toBe(node);
      }),
    );
  });

  it('lead as far as there is something of them', () => {
    const { tree } = treeOf(profileFrom(['a;b 2', 'c 1']));
    const [a, b, c] = [1, 2, 3].map((node) => tree.group[node]!) as [number, number, number];
    expect(findPath(tree, [a, c])).toBe(1);
    expect(findPath(tree, [c, b])).toBe(3);
    expect(findPath(tree, [b])).toBe(0);
  });
});

describe('neighbour', () => {
  it('is the parent, the heaviest child, the next or the previous sibling, in any tree', () => {
    fc.assert(
      fc.property(anyProfile, (profile) => {
        const { tree } = treeOf(profile);
        for (const node of tree.group.keys()) {
          const siblings = [...tree.parent.keys()].filter((other) => tree.parent[other] === tree.parent[node]);
          const children = [...tree.parent.keys()].filter((other) => tree.parent[other] === node);
          const at = siblings.indexOf(node);
          expect(neighbour(tree, node, 'parent')).toBe(node === 0 ? 0 : tree.parent[node]);
          expect(neighbour(tree, node, 'child')).toBe(children[0] ?? node);
          expect(neighbour(tree, node, 'next')).toBe(siblings[at + 1] ?? node);
          expect(neighbour(tree, node, 'previous')).toBe(siblings[at - 1] ?? node);
        }
      }),
    );
  });
});
