import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { applyFilters, remember, ShownCache } from '../../src/page/shown.ts';
import { splitStacks } from '../../src/page/split.ts';
import { initialState, noFilters, splits } from '../../src/page/state.ts';
import { aboveRoot, treeOf as viewTree } from '../../src/page/trees.ts';
import { groupings } from '../../src/profile/labels.ts';
import { anyProfile } from '../helpers/any-profile.ts';
import { profileFrom } from '../helpers/profile-from.ts';
import { expectTreeLaws, totalsByPath, treeOf } from '../helpers/tree-of.ts';

const weightOf = ({ samples }: Parameters<typeof treeOf>[0]) => samples.weight.reduce((sum, weight) => sum + weight, 0);

describe('ShownCache', () => {
  it('shows what its steps give when they are made anew, one state after another', () => {
    const anyState = fc.record({
      by: fc.constantFrom(...groupings),
      split: fc.constantFrom(...splits),
      workers: fc.subarray([0, 1, 2]),
      appOnly: fc.boolean(),
      exclude: fc.constantFrom('', 'a', '/^b$/', '('),
    });
    fc.assert(
      fc.property(anyProfile, fc.array(anyState, { maxLength: 4 }), (profile, states) => {
        const cache = new ShownCache(profile);
        for (const { by, split, ...some } of states) {
          const filters = { ...noFilters, ...some };
          const shown = cache.get({ ...initialState, by, split, filters });
          const fresh = splitStacks(applyFilters(profile, filters).profile, split);
          const { groups, tree } = treeOf(fresh, by);
          expect(shown.groups.labels).toEqual(groups.labels);
          expect(totalsByPath(shown.tree)).toEqual(totalsByPath(tree));
          expectTreeLaws(shown.tree, weightOf(shown.profile));
          expect(shown.wholeTicks).toBe(weightOf(profile));
        }
      }),
      { numRuns: 40 },
    );
  });

  it('counts nothing again where nothing has changed', () => {
    const cache = new ShownCache(profileFrom(['a;b 2', '1/0|c 1']));
    const state = { ...initialState, filters: { ...noFilters, workers: [1] } };
    expect(cache.get({ ...state, zoom: 1, search: 'x', filters: { ...state.filters } })).toBe(cache.get(state));
    expect(cache.get(initialState).tree).not.toBe(cache.get(state).tree);
    expect(cache.overTime({ ...state, filters: { ...state.filters, fromMs: 5 } })).toBe(cache.overTime(state));
  });

  it('says which pattern is none, and passes it by', () => {
    const { profile, problems } = applyFilters(profileFrom(['a 2']), { ...noFilters, focus: '/(/', include: 'a' });
    expect(problems).toEqual([expect.stringMatching(/^focus: /)]);
    expect(weightOf(profile)).toBe(2);
  });
});

describe('splitting', () => {
  it('changes no weight, and adds to each stack no more than what it stands on', () => {
    fc.assert(
      fc.property(anyProfile, fc.constantFrom(...splits), (profile, split) => {
        const rooted = splitStacks(profile, split);
        expect(rooted.samples.weight).toEqual(profile.samples.weight);
        expect(rooted.samples.thread).toEqual(profile.samples.thread);
        const added = { none: 0, worker: 1, thread: 2, endpoint: 1 }[split];
        const depths = ({ tree }: ReturnType<typeof treeOf>) => Math.max(...tree.depth);
        if (weightOf(profile) > 0) expect(depths(treeOf(rooted))).toBe(depths(treeOf(profile)) + added);
      }),
    );
  });
});

describe('trees', () => {
  it('above the root is the same tree without it', () => {
    const { tree } = treeOf(profileFrom(['a;b;c 3', 'a;d 1', 'a 2']));
    const above = aboveRoot(tree)!;
    expectTreeLaws({ ...above, self: above.self.slice(), total: above.total.slice() }, 6);
    expect([...above.group]).toEqual([...tree.group.subarray(1)]);
    expect([...above.depth]).toEqual([0, 1, 2, 1]);
    expect([...above.end]).toEqual([4, 3, 3, 4]);
    expect(aboveRoot(treeOf(profileFrom([])).tree)).toBeNull();
  });

  it('bottom-up is turned once', () => {
    const { tree } = treeOf(profileFrom(['a;b 3']));
    expect(viewTree('bottom-up', { tree })).toBe(viewTree('bottom-up', { tree }));
    expect(viewTree('flame', { tree })).toBe(tree);
  });
});

describe('remember', () => {
  it('computes again only where what it is given has changed', () => {
    let computed = 0;
    const add = remember((a: number, b: number) => {
      computed += 1;
      return a + b;
    });
    expect([add(1, 2), add(1, 2), add(2, 2), add(2, 2)]).toEqual([3, 3, 4, 4]);
    expect(computed).toBe(2);
  });
});
