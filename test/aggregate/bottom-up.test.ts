import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildBottomUp } from '../../src/aggregate/bottom-up.ts';
import { listFunctions } from '../../src/aggregate/functions.ts';
import { buildSandwich } from '../../src/aggregate/sandwich.ts';
import { type Grouping, groupings } from '../../src/profile/labels.ts';
import { anyProfile } from '../helpers/any-profile.ts';
import { profileFrom } from '../helpers/profile-from.ts';
import {
  expectStacksEndWhere,
  expectTreeLaws,
  pathsOf,
  sketchTree,
  totalsByPath,
  totalsOf,
  treeOf,
} from '../helpers/tree-of.ts';

const anyGrouping = fc.constantFrom<Grouping>(...groupings);
const deep = `${Array.from({ length: 20_000 }, (_, i) => `f${i % 7}`).join(';')} 3`;

describe('buildBottomUp', () => {
  it('shows the callers of what was running', () => {
    const { groups, tree } = treeOf(profileFrom(['a;b;q 4', 'a;c;q 3', 'q 2', 'a;c 1']), 'function');
    expect(sketchTree(groups, buildBottomUp(tree, { minTicks: 0 }))).toEqual([
      '0 all 0/10',
      '1 q 2/9',
      '2 b 0/4',
      '3 a 4/4',
      '2 c 0/3',
      '3 a 3/3',
      '1 c 0/1',
      '2 a 1/1',
    ]);
  });

  it('leaves out the callers of what is too small to be seen, and other leaves where some are asked for', () => {
    const { groups, tree } = treeOf(profileFrom(['a;b;q 4', 'a;c;q 3', 'a;c 1']), 'function');
    expect(sketchTree(groups, buildBottomUp(tree, { minTicks: 4 }))).toEqual([
      '0 all 0/8',
      '1 q 0/7',
      '2 b 0/4',
      '3 a 4/4',
      '2 c 3/3',
      '1 c 1/1',
    ]);
    const leaves = Uint8Array.from(groups.labels, (label) => (label.startsWith('c ') ? 1 : 0));
    expect(sketchTree(groups, buildBottomUp(tree, { minTicks: 0, leaves }))).toEqual([
      '0 all 0/1',
      '1 c 0/1',
      '2 a 1/1',
    ]);
  });

  it('is the tree of all paths backwards, for any profile', () => {
    fc.assert(
      fc.property(anyProfile, anyGrouping, (profile, by) => {
        const { groups, tree } = treeOf(profile, by);
        const inverted = buildBottomUp(tree, { minTicks: 0 });
        const paths = pathsOf(profile, groups).map(({ path, weight }) => ({ path: path.reverse(), weight }));
        expect(totalsByPath(inverted)).toEqual(totalsOf(paths));
        expectTreeLaws(inverted, tree.total[0]!);
        expectStacksEndWhere(profile, inverted);
        for (const { group, self } of listFunctions(tree)) {
          expect(totalsByPath(inverted).get(`${group}`) ?? 0).toBe(self);
        }
      }),
    );
  });

  it('has right totals for what is there, however much is left out', () => {
    fc.assert(
      fc.property(anyProfile, fc.nat(40), (profile, minTicks) => {
        const { tree } = treeOf(profile, 'function');
        const whole = totalsByPath(buildBottomUp(tree, { minTicks: 0 }));
        const part = buildBottomUp(tree, { minTicks });
        expectTreeLaws(part, tree.total[0]!);
        expectStacksEndWhere(profile, part);
        const shown = totalsByPath(part);
        for (const [path, total] of shown) expect(total).toBe(whole.get(path));
        for (const [path, total] of whole) if (total >= minTicks) expect(shown.has(path)).toBe(true);
      }),
    );
  });

  it('does not overflow on deep stacks', () => {
    const { tree } = treeOf(profileFrom([deep]));
    expect(buildBottomUp(tree, { minTicks: 0 }).depth.at(-1)).toBe(20_000);
  });
});

describe('buildSandwich', () => {
  const groupOf = (labels: readonly string[], name: string) =>
    labels.findIndex((label) => label.startsWith(`${name} `));

  it('has all callers and all callees of a function, recursion once', () => {
    const { groups, tree } = treeOf(profileFrom(['a;f;g;f;h 3', 'b;f;h 2', 'b;f 1', 'c 9']), 'function');
    const { callers, callees } = buildSandwich(tree, groupOf(groups.labels, 'f'), 0);
    expect(sketchTree(groups, callers)).toEqual(['0 all 0/6', '1 f 0/6', '2 a 3/3', '2 b 3/3']);
    expect(sketchTree(groups, callees)).toEqual(['0 all 0/6', '1 f 1/6', '2 g 0/3', '3 f 0/3', '4 h 3/3', '2 h 2/2']);
  });

  it('weighs on both sides what the function does, and holds the parts of its stacks, for any profile', () => {
    fc.assert(
      fc.property(anyProfile, anyGrouping, (profile, by) => {
        const { groups, tree } = treeOf(profile, by);
        for (const { group, total } of listFunctions(tree)) {
          const { callers, callees } = buildSandwich(tree, group, 0);
          const holding = pathsOf(profile, groups).filter(({ path }) => path.includes(group));
          const above = holding.map(({ path, weight }) => ({ path: path.slice(path.indexOf(group)), weight }));
          const below = holding.map(({ path, weight }) => ({
            path: path.slice(0, path.indexOf(group) + 1).reverse(),
            weight,
          }));
          expect(totalsByPath(callees)).toEqual(totalsOf(above));
          expect(totalsByPath(callers)).toEqual(totalsOf(below));
          for (const side of [callers, callees]) {
            expectTreeLaws(side, total);
            expectStacksEndWhere(profile, side);
          }
        }
      }),
      { numRuns: 50 },
    );
  });

  it('does not overflow on deep recursion', () => {
    const { groups, tree } = treeOf(profileFrom([deep]), 'function');
    const { callers, callees } = buildSandwich(tree, groupOf(groups.labels, 'f6'), 0);
    expect([callers.depth.at(-1), callees.depth.at(-1)]).toEqual([7, 20_000 - 6]);
  });
});
