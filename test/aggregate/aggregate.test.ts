import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildCallTree, mergeStacks, weighTree } from '../../src/aggregate/call-tree.ts';
import { measureCoverage } from '../../src/aggregate/coverage.ts';
import { foldStacks, foldThreads } from '../../src/aggregate/fold.ts';
import { listFunctions } from '../../src/aggregate/functions.ts';
import { matchLabels, sumMatches } from '../../src/aggregate/match.ts';
import { ProfileBuilder } from '../../src/profile/builder.ts';
import { filterProfile } from '../../src/profile/filter.ts';
import { type Grouping, groupFrames, groupings } from '../../src/profile/labels.ts';
import { forEachSample, framesOf, type Profile } from '../../src/profile/profile.ts';
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

const sketch = (profile: Profile) => {
  const { groups, tree } = treeOf(profile, 'function');
  return sketchTree(groups, tree);
};

function totalWeight(profile: Profile): number {
  let total = 0;
  forEachSample(profile, (_sample, weight) => {
    total += weight;
  });
  return total;
}

const anyGrouping = fc.constantFrom<Grouping>(...groupings);

describe('foldStacks and foldThreads', () => {
  it('keep the weight of all samples', () => {
    fc.assert(
      fc.property(anyProfile, (profile) => {
        const sum = (weights: Float64Array) => weights.reduce((a, b) => a + b, 0);
        expect(sum(foldStacks(profile))).toBe(totalWeight(profile));
        expect(sum(foldThreads(profile))).toBe(totalWeight(profile));
      }),
    );
  });
});

describe('buildCallTree', () => {
  it('puts siblings in order of falling total, in pre-order', () => {
    expect(sketch(profileFrom(['a;b 2', 'a;c;d 3', 'a 1', 'a;c 1']))).toEqual([
      '0 all 0/7',
      '1 a 1/7',
      '2 c 1/4',
      '3 d 3/3',
      '2 b 2/2',
    ]);
  });

  it('is a root alone where there is nothing', () => {
    expect(sketch(profileFrom([]))).toEqual(['0 all 0/0']);
  });

  it('does not overflow on deep stacks', () => {
    const deep = Array.from({ length: 50_000 }, (_, depth) => `f${depth % 7}`).join(';');
    const { tree } = treeOf(profileFrom([`${deep} 3`]));
    expect(tree.depth.at(-1)).toBe(50_000);
    expect(tree.total.at(-1)).toBe(3);
  });

  it('has the total of every path, and holds the laws of trees, for any profile', () => {
    fc.assert(
      fc.property(anyProfile, anyGrouping, (profile, by) => {
        const { groups, tree } = treeOf(profile, by);
        expectTreeLaws(tree, totalWeight(profile));
        expectStacksEndWhere(profile, tree);
        expect(totalsByPath(tree)).toEqual(totalsOf(pathsOf(profile, groups)));
      }),
    );
  });

  it('counts again, for other samples, as if it had been built for them', () => {
    fc.assert(
      fc.property(anyProfile, anyGrouping, fc.nat(2), (profile, by, worker) => {
        const groups = groupFrames(profile, by);
        const merged = mergeStacks(profile.stacks, groups);
        const filtered = filterProfile(profile, { workers: new Set([worker]) });
        const recounted = weighTree(merged, foldStacks(filtered));
        expect(recounted).toEqual(buildCallTree(profile.stacks, groups, foldStacks(filtered)));
        expect(totalsByPath(recounted)).toEqual(totalsOf(pathsOf(filtered, groups)));
      }),
    );
  });

  it('is the same whether samples are filtered before folding or stacks after it', () => {
    fc.assert(
      fc.property(anyProfile, fc.constantFrom('a', 'view', 'render'), (profile, name) => {
        const include = Uint8Array.from(profile.frames.function, (text) => (profile.strings[text] === name ? 1 : 0));
        const holds = (stack: number) => framesOf(profile, stack).some((frame) => include[frame] === 1);
        const folded = foldStacks(profile).map((ticks, stack) => (holds(stack) ? ticks : 0));
        expect(foldStacks(filterProfile(profile, { include }))).toEqual(folded);
      }),
    );
  });
});

describe('listFunctions', () => {
  it('counts recursion once', () => {
    const profile = profileFrom(['a;b;a;b 4', 'a 1']);
    const { groups, tree } = treeOf(profile, 'function');
    const rows = listFunctions(tree).map(({ group, self, total }) => [
      groups.labels[group]!.split(' ')[0],
      self,
      total,
    ]);
    expect(rows).toEqual([
      ['b', 4, 4],
      ['a', 1, 5],
    ]);
  });

  it('agrees with the definition: the weight of the samples that hold, or end in, the frame', () => {
    fc.assert(
      fc.property(anyProfile, anyGrouping, (profile, by) => {
        const { groups, tree } = treeOf(profile, by);
        const self = new Map<number, number>();
        const total = new Map<number, number>();
        forEachSample(profile, (sample, weight) => {
          const stack = framesOf(profile, profile.samples.stack[sample]!).map((frame) => groups.groupOf[frame]!);
          const leaf = stack.at(-1)!;
          self.set(leaf, (self.get(leaf) ?? 0) + weight);
          for (const group of new Set(stack)) total.set(group, (total.get(group) ?? 0) + weight);
        });
        const rows = listFunctions(tree);
        expect(new Map(rows.map((row) => [row.group, row.total]))).toEqual(total);
        for (const row of rows) expect(row.self).toBe(self.get(row.group) ?? 0);
      }),
    );
  });
});

describe('sumMatches', () => {
  it('counts a stack once, however many of its frames match', () => {
    const { groups, tree } = treeOf(profileFrom(['view;render;render 3', 'view;query 2', 'idle 5']), 'function');
    expect(sumMatches(tree, matchLabels(groups.labels, 'REND'), 0)).toBe(3);
    expect(sumMatches(tree, matchLabels(groups.labels, 'e'), 0)).toBe(10);
    expect(sumMatches(tree, matchLabels(groups.labels, ''), 0)).toBe(0);
    expect(sumMatches(tree, matchLabels(groups.labels, '('), 0)).toBe(10);
  });

  it('agrees with the definition for any profile and text', () => {
    fc.assert(
      fc.property(anyProfile, fc.constantFrom('a', 'view', ';', '</', '$&', 'py'), (profile, text) => {
        const { groups, tree } = treeOf(profile);
        const matches = matchLabels(groups.labels, text);
        let expected = 0;
        forEachSample(profile, (sample, weight) => {
          const stack = framesOf(profile, profile.samples.stack[sample]!);
          if (stack.some((frame) => matches[groups.groupOf[frame]!] === 1)) expected += weight;
        });
        expect(sumMatches(tree, matches, 0)).toBe(expected);
      }),
    );
  });
});

describe('measureCoverage', () => {
  it('knows the cores of each server by its own workers', () => {
    const builder = new ProfileBuilder({ startedEpochMs: 0, rateHz: 10, host: 'h', source: 's', recorder: 'r' });
    const stack = builder.stackOf([{ function: 'f', file: 'x', line: 1, source: '' }]);
    for (const [address, core] of [
      ['/tmp/a.1', 3],
      ['/tmp/b.1', 0],
    ] as const) {
      const worker = builder.addWorker({ number: 1, address });
      builder.addSample(builder.thread(worker, `uWSGIWorker1Core${core}`), stack, 1);
      builder.endDump({ worker, timeMs: 0, weight: 1, waitUs: -1 });
    }
    const { workers } = measureCoverage(builder.view());
    expect(workers.map(({ cores, utilisation }) => [cores, utilisation])).toEqual([
      [4, 0.25],
      [1, 1],
    ]);
  });

  it('adds up ticks, cores and gaps per worker', () => {
    const builder = new ProfileBuilder({ startedEpochMs: 0, rateHz: 10, host: 'h', source: 's', recorder: 'r' });
    const first = builder.addWorker({ number: 1, address: '/s.1' });
    const second = builder.addWorker({ number: 2, address: '/s.2' });
    const stack = builder.stackOf([{ function: 'f', file: 'x', line: 1, source: '' }]);
    for (const [worker, weight, cores] of [
      [first, 2, [0, 3]],
      [first, 1, []],
      [second, 4, [1]],
    ] as const) {
      for (const core of cores)
        builder.addSample(builder.thread(worker, `uWSGIWorker${worker + 1}Core${core}`), stack, weight);
      builder.addSample(builder.thread(worker, 'background'), stack, weight);
      builder.endDump({ worker, timeMs: 0, weight, waitUs: -1 });
    }
    builder.addEvent({ timeMs: 0, worker: second, kind: 'gap', count: 6, reason: 'empty' });
    builder.addEvent({ timeMs: 0, worker: second, kind: 'cut', count: 1, reason: '' });
    const coverage = measureCoverage(builder.view());
    expect(coverage).toMatchObject({ dumps: 3, planned: 13, observed: 7, unobserved: 6, sampled: 15 });
    expect(coverage.workers[0]).toMatchObject({
      planned: 3,
      observed: 3,
      busyCoreTicks: 4,
      idleCoreTicks: 8,
      cores: 4,
    });
    expect(coverage.workers[1]).toMatchObject({
      planned: 10,
      observed: 4,
      unobserved: 6,
      cutStacks: 1,
      utilisation: 0.25,
    });
    expect([...coverage.workers[1]!.gaps]).toEqual([['empty', 6]]);
  });
});
