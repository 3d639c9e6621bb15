import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { baseOf, type DiffOptions, diffProfiles, type ProfileDiff } from '../../src/aggregate/diff.ts';
import { changeOfNode, fateOf, nearestPlace, widenTree, widths } from '../../src/aggregate/diff-frames.ts';
import { anyProfile } from '../helpers/any-profile.ts';
import { profileFrom } from '../helpers/profile-from.ts';

const byFunction: DiffOptions = { by: 'function', per: 'share', stacks: false };
const anyDiff = fc
  .record({
    a: anyProfile,
    b: anyProfile,
    per: fc.constantFrom('share', 'second'),
    by: fc.constantFrom('line', 'file'),
  })
  .map(({ a, b, per, by }) => diffProfiles(a, b, { per, by, stacks: false } as DiffOptions));

function forAny(hold: (diff: ProfileDiff) => void): void {
  fc.assert(fc.property(anyDiff, hold));
}

describe('the tree of a width', () => {
  it('has the paths of the comparison that have a width, each once', () => {
    forAny((diff) => {
      const { tree: all } = diff.tree;
      for (const width of widths) {
        const { tree, nodeOf, placeOf } = widenTree(diff, width);
        for (let place = 1; place < tree.group.length; place++) {
          const node = nodeOf[place]!;
          expect(placeOf[node]).toBe(place);
          expect(tree.group[place]).toBe(all.group[node]);
          expect(nodeOf[tree.parent[place]!]).toBe(all.parent[node]);
        }
        const weight = (node: number) => (width === 'both' ? all.total[node]! : diff.tree[width].total[node]!);
        for (let node = 1; node < all.group.length; node++) expect(placeOf[node] !== -1).toBe(weight(node) > 0);
      }
    });
  });

  it('is as wide as what it says, callees within their callers and by falling width', () => {
    forAny((diff) => {
      const bases = {
        before: baseOf(diff.pair.before, diff.options.per),
        after: baseOf(diff.pair.after, diff.options.per),
      };
      for (const width of widths) {
        const { tree, nodeOf } = widenTree(diff, width);
        for (let place = 0; place < tree.group.length; place++) {
          const { before, after } = changeOfNode(diff, nodeOf[place]!).total;
          const expected = width === 'both' ? before + after : { before, after }[width] * bases[width];
          expect(tree.total[place]).toBeCloseTo(expected, 6);
          let widest = Number.POSITIVE_INFINITY;
          let sum = 0;
          for (let child = place + 1; child < tree.end[place]!; child = tree.end[child]!) {
            expect(tree.total[child]).toBeLessThanOrEqual(widest);
            widest = tree.total[child]!;
            sum += widest;
          }
          expect(sum).toBeLessThanOrEqual(tree.total[place]! * (1 + 1e-9));
        }
      }
    });
  });
});

describe('what is only in one', () => {
  const diff = diffProfiles(
    profileFrom(['a;gone;leaf 2', 'a;kept 2']),
    profileFrom(['a;kept 3', 'a;new 1']),
    byFunction,
  );
  const nodeOf = (name: string) =>
    diff.tree.tree.group.findIndex((group) => group !== -1 && diff.groups.labels[group]!.startsWith(name));

  it('has a fate', () => {
    const fates = ['gone', 'leaf', 'kept', 'new', 'a'].map((name) => fateOf(changeOfNode(diff, nodeOf(name)).total));
    expect(fates).toEqual(['gone', 'gone', null, 'new', null]);
    expect(changeOfNode(diff, nodeOf('kept')).self).toEqual({
      before: 0.5,
      after: 0.75,
      change: 0.25,
      judgement: null,
    });
  });

  it('stands for its nearest caller where it is not', () => {
    const after = widenTree(diff, 'after');
    expect(after.nodeOf[nearestPlace(after, diff, nodeOf('leaf'))]).toBe(nodeOf('a'));
    const both = widenTree(diff, 'both');
    expect(both.nodeOf[nearestPlace(both, diff, nodeOf('leaf'))]).toBe(nodeOf('leaf'));
  });
});
