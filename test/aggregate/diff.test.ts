import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildCallTree } from '../../src/aggregate/call-tree.ts';
import { type Change, type DiffOptions, diffProfiles, framesOfRow } from '../../src/aggregate/diff.ts';
import { matchFiles } from '../../src/aggregate/diff-files.ts';
import { foldStacks } from '../../src/aggregate/fold.ts';
import { groupFrames, groupings } from '../../src/profile/labels.ts';
import type { Profile } from '../../src/profile/profile.ts';
import { anyProfile } from '../helpers/any-profile.ts';
import { profileFrom } from '../helpers/profile-from.ts';
import { simulateRecording, type Work } from '../helpers/simulated-recording.ts';

const anyOptions: fc.Arbitrary<DiffOptions> = fc.record({
  by: fc.constantFrom(...groupings),
  per: fc.constantFrom('share', 'second'),
  stacks: fc.boolean(),
});
const byFunction: DiffOptions = { by: 'function', per: 'share', stacks: false };

function changesOf(before: Profile, after: Profile, options: DiffOptions): Change[] {
  return diffProfiles(before, after, options).rows.flatMap(({ self, total }) => (total ? [self, total] : [self]));
}

/** `name self% total%` before and after, of what changed. */
function sketch(before: Profile, after: Profile, options = byFunction): string[] {
  const diff = diffProfiles(before, after, options);
  const percent = ({ before: was, after: is }: Change) => `${Math.round(was * 100)}>${Math.round(is * 100)}`;
  return diff.rows.map((row) => {
    const names = framesOfRow(diff, row).map((label) => label.split(' ')[0]);
    return [names.join(';'), percent(row.self), ...(row.total ? [percent(row.total)] : [])].join(' ');
  });
}

describe('diffProfiles', () => {
  it('compares shares, self and total, largest change of self first', () => {
    const before = profileFrom(['a;b 6', 'a;c 4']);
    const after = profileFrom(['a;b 2', 'a;c 14', 'a;d 4']);
    expect(sketch(before, after)).toEqual(['b 60>10 60>10', 'c 40>70 40>70', 'd 0>20 0>20', 'a 0>0 100>100']);
  });

  it('compares stacks', () => {
    const options = { ...byFunction, stacks: true };
    expect(sketch(profileFrom(['a;b 1', 'c;b 1']), profileFrom(['a;b 3', 'a 1']), options)).toEqual([
      'c;b 50>0',
      'a 0>25',
      'a;b 50>75',
    ]);
  });

  it('compares time per second and worker: rates and lengths do not matter, idle time does', () => {
    const busy = profileFrom(['a 10', 'b 10'], { rateHz: 10 });
    const longer = profileFrom(['a 100', 'b 100'], { rateHz: 100 });
    expect(sketch(busy, longer, { ...byFunction, per: 'second' }).sort()).toEqual(['a 50>50 50>50', 'b 50>50 50>50']);
  });

  it('tells functions of one name in two files apart, and knows one in a file that was moved', () => {
    const before = profileFrom(['f@/srv/v1/shop/views.py:1 1', 'f@/srv/v1/shop/models.py:1 1']);
    const after = profileFrom(['f@/opt/v2/shop/views.py:1 1', 'f@/opt/v2/shop/models.py:1 1']);
    expect(changesOf(before, after, byFunction).every(({ change }) => change === 0)).toBe(true);
    const elsewhere = profileFrom(['f@/opt/other.py:1 1', 'f@/srv/v1/shop/models.py:1 1']);
    expect(sketch(before, elsewhere)).toContain('f 50>0 50>0');
  });

  it('finds no change between a profile and itself', () => {
    fc.assert(
      fc.property(anyProfile, anyOptions, (profile, options) => {
        for (const { before, after, change, judgement } of changesOf(profile, profile, options)) {
          expect(after).toBe(before);
          expect(change).toBe(0);
          expect(judgement?.marked).not.toBe(true);
        }
      }),
    );
  });

  it('is turned round when the profiles change places', () => {
    fc.assert(
      fc.property(anyProfile, anyProfile, fc.constantFrom('share', 'second'), (a, b, per) => {
        const options = { ...byFunction, per } as const;
        const sums = (changes: readonly Change[]) => changes.reduce((sum, { change }) => sum + change, 0);
        expect(sums(changesOf(a, b, options))).toBeCloseTo(-sums(changesOf(b, a, options)), 9);
      }),
    );
  });

  it('gives finite numbers for any two profiles, and shares of self that make up the whole', () => {
    fc.assert(
      fc.property(anyProfile, anyProfile, anyOptions, (a, b, options) => {
        const diff = diffProfiles(a, b, options);
        const values = changesOf(a, b, options).flatMap(({ judgement, ...change }) => [
          ...Object.values(change),
          ...Object.values(judgement ?? {}),
        ]);
        for (const value of values) expect(typeof value === 'boolean' || Number.isFinite(value)).toBe(true);
        if (options.per === 'second' || diff.pair.after.sampled === 0) return;
        expect(diff.rows.reduce((sum, { self }) => sum + self.after, 0)).toBeCloseTo(1, 9);
      }),
    );
  });
});

describe('what cannot be judged', () => {
  const work: Work[] = [
    { share: 0.5, seconds: 0.1, path: [], leaves: ['a'] },
    { share: 0.5, seconds: 0.1, path: [], leaves: ['b'] },
  ];
  const recording = (seconds: number) =>
    simulateRecording({ seed: 1, work, rateHz: 20, workers: 1, threads: 1, seconds });
  const long = recording(10);
  const counts: Profile = { ...long, meta: { ...long.meta, measure: 'count' } };
  const onlyAtFirst = [
    ...Array.from({ length: 30 }, () => 'a 1'),
    ...Array.from({ length: 30 }, (_, at) => `1/0|b ${at + 1}`),
  ];

  it.each([
    ['what is judged', long, null],
    ['no samples', profileFrom([]), 'empty'],
    ['counts', counts, 'no-time'],
    ['all in one dump', profileFrom(['a 1000']), 'no-time'],
    ['less than 10 s', recording(8), 'short'],
    ['samples in a tenth of the time', profileFrom(['a 1', 'b 100', ...onlyAtFirst.slice(0, 2)]), 'sparse'],
  ])('%s', (_, profile, reason) => {
    expect(diffProfiles(long, profile, byFunction).unjudged?.reason ?? null).toBe(reason);
    expect(diffProfiles(profile, long, byFunction).unjudged?.side ?? null).toBe(reason && 'before');
  });
});

describe('the tree of both', () => {
  it('holds the tree of each, with its weights', () => {
    fc.assert(
      fc.property(anyProfile, anyProfile, fc.constantFrom(...groupings), (a, b, by) => {
        const { tree, pair, groups } = diffProfiles(a, b, { ...byFunction, by });
        const paths = (parent: Int32Array, group: Int32Array, label: (group: number) => string) => {
          const names = [''];
          for (let node = 1; node < parent.length; node++)
            names[node] = `${names[parent[node]!]}\0${label(group[node]!)}`;
          return names;
        };
        const both = paths(tree.tree.parent, tree.tree.group, (group) => String(group));
        for (const side of ['before', 'after'] as const) {
          const own = buildCallTree(pair.tables.stacks, groups, pair[side].weights);
          const ownPaths = paths(own.parent, own.group, (group) => String(group));
          const totals = new Map(both.map((path, node) => [path, tree[side].total[node]!]));
          for (const [node, path] of ownPaths.entries()) expect(totals.get(path)).toBe(own.total[node]);
          const sampled = foldStacks(pair[side].profile).reduce((sum, weight) => sum + weight, 0);
          expect(tree[side].self.reduce((sum, weight) => sum + weight, 0)).toBe(sampled);
          expect(tree[side].total[0]).toBe(sampled);
        }
      }),
    );
  });

  it('keeps what vanished and what is new', () => {
    const { tree, groups } = diffProfiles(profileFrom(['a;b 1']), profileFrom(['a;c 1']), byFunction);
    const names = [...tree.tree.group].map((group) => (group === -1 ? 'all' : groups.labels[group]!.split(' ')[0]));
    expect(names.map((name, node) => `${name} ${tree.before.total[node]}>${tree.after.total[node]}`).sort()).toEqual([
      'a 1>1',
      'all 1>1',
      'b 1>0',
      'c 0>1',
    ]);
  });

  it('numbers frames of both as the labels of both do', () => {
    fc.assert(
      fc.property(anyProfile, (profile) => {
        const { pair } = diffProfiles(profile, profile, byFunction);
        const [own, shared] = [groupFrames(profile, 'line').labels, groupFrames(pair.tables, 'line').labels];
        expect(shared).toEqual(own);
      }),
    );
  });
});

describe('matchFiles', () => {
  const match = (before: string[], after: string[]) => [...matchFiles(new Set(before), new Set(after))];

  it('takes the longest common end', () => {
    expect(match(['/v1/shop/a/x.py', '/v1/shop/b/x.py'], ['/v2/shop/b/x.py', '/v2/shop/a/x.py'])).toEqual([
      ['/v1/shop/a/x.py', '/v2/shop/a/x.py'],
      ['/v1/shop/b/x.py', '/v2/shop/b/x.py'],
    ]);
  });

  it('knows a name that was cut short', () => {
    expect(match(['socket.py', 'a/x.py'], ['/usr/lib/python3/socket.py', '/srv/a/x.py'])).toEqual([
      ['a/x.py', '/srv/a/x.py'],
      ['socket.py', '/usr/lib/python3/socket.py'],
    ]);
  });

  it('leaves alone what is in both, what only shares a name, and what it cannot tell apart', () => {
    expect(match(['/a/x.py'], ['/a/x.py', '/b/a/x.py'])).toEqual([]);
    expect(match(['/a/x.py'], ['/b/x.py'])).toEqual([]);
    expect(match(['/1/a/x.py'], ['/2/a/x.py', '/3/a/x.py'])).toEqual([]);
  });
});
