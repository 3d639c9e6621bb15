import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { measureCoverage } from '../../src/aggregate/coverage.ts';
import { foldStacks, foldThreads } from '../../src/aggregate/fold.ts';
import { measureHeatMap } from '../../src/aggregate/heat-map.ts';
import { measureTimeline } from '../../src/aggregate/timeline.ts';
import { coarsen } from '../../src/profile/coarsen.ts';
import type { Profile } from '../../src/profile/profile.ts';
import { anyProfile } from '../helpers/any-profile.ts';
import { profileFrom } from '../helpers/profile-from.ts';

const sum = (numbers: Iterable<number>) => [...numbers].reduce((a, b) => a + b, 0);
const leaves = (profile: Profile) => profile.stacks.frame;
const maybeMerged = (profile: Profile, bucketMs: number | null) =>
  bucketMs === null ? profile : { ...profile, ...coarsen(profile, bucketMs) };
const anyBucket = fc.option(fc.constantFrom(100, 1_000, 60_000), { nil: null });

describe('measureTimeline', () => {
  it('tells busy, idle and unobserved ticks by bucket, and what was running', () => {
    // 10 ticks a second: a 0 to 0.3 s, b 0.3 to 1.3 s; the second worker is seen idle from 1.3 s on
    const profile = profileFrom(['0/0|a 3', '0/0|b 10', '1/0|c 2'], { durationMs: 2_000 });
    const [a, b] = [profile.samples.stack[0]!, profile.samples.stack[1]!];
    const events = [{ kind: 'gap', worker: 0, timeMs: 1_300, count: 7, reason: 'late' } as const];
    const { bucketMs, buckets, workers, threads, fleet, isBlurred } = measureTimeline(
      { ...profile, events },
      { mostBuckets: 4, threads: [0], partOf: profile.stacks.parent.map((_, stack) => stack) },
    );
    expect([bucketMs, buckets, isBlurred]).toEqual([500, 4, false]);
    expect([...workers[0]!.busy]).toEqual([5, 5, 3, 0]);
    expect([...workers[0]!.idle]).toEqual([0, 0, 0, 0]);
    expect([...workers[0]!.unobserved]).toEqual([0, 0, 2, 5]);
    expect([...workers[0]!.top]).toEqual([a, b, b, -1]);
    expect([...workers[1]!.busy]).toEqual([0, 0, 2, 0]);
    expect([...fleet.busy]).toEqual([5, 5, 5, 0]);
    expect(threads).toEqual([workers[0]]);
  });

  it('adds up to what the coverage says, for any profile, merged or not', () => {
    fc.assert(
      fc.property(anyProfile, fc.integer({ min: 1, max: 50 }), anyBucket, (recorded, mostBuckets, bucketMs) => {
        const profile = maybeMerged(recorded, bucketMs);
        const all = [...profile.threads.keys()];
        const options = { mostBuckets, threads: all, partOf: leaves(profile) };
        const { fleet, workers, threads, buckets } = measureTimeline(profile, options);
        expect(buckets).toBeLessThanOrEqual(mostBuckets);
        const coverage = measureCoverage(profile);
        const busyOf = foldThreads(profile);
        for (const [thread, lane] of threads.entries()) {
          const { observed, unobserved } = coverage.workers[profile.threads[thread]!.worker]!;
          expect(sum(lane.busy)).toBe(busyOf[thread]);
          expect(sum(lane.unobserved)).toBe(unobserved);
          // Two samples of one thread in one dump leave no idle time there.
          if (busyOf[thread]! <= observed) expect(sum(lane.busy) + sum(lane.idle)).toBeGreaterThanOrEqual(observed);
        }
        for (const [worker, lane] of workers.entries()) {
          const { cores, unobserved } = coverage.workers[worker]!;
          const its = profile.threads.filter((thread) => thread.worker === worker).length;
          const busy = sum(threads.flatMap((one, at) => (profile.threads[at]!.worker === worker ? [...one.busy] : [])));
          expect(sum(lane.busy)).toBe(busy);
          expect(sum(lane.unobserved)).toBe(unobserved * Math.max(1, cores, its));
        }
        expect(sum(fleet.busy)).toBe(coverage.sampled);
        for (const lane of [fleet, ...workers, ...threads]) {
          expect([...lane.top.keys()].every((at) => lane.top[at] === -1 || lane.busy[at]! > 0)).toBe(true);
        }
      }),
    );
  });

  it('accounts for every planned tick of a worker whose threads are seen once a dump', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(1), fc.integer({ min: 1, max: 9 })), { minLength: 1 }), (dumps) => {
        const profile = profileFrom(dumps.map(([core, weight]) => `0/${core}|a ${weight}`));
        const options = { mostBuckets: 7, threads: [], partOf: leaves(profile) };
        const lane = measureTimeline(profile, options).workers[0]!;
        const { busyCoreTicks, idleCoreTicks } = measureCoverage(profile).workers[0]!;
        expect([sum(lane.busy), sum(lane.idle)]).toEqual([busyCoreTicks, idleCoreTicks]);
      }),
    );
  });

  it('says where merged dumps hide what was when', () => {
    const profile = profileFrom(['a 30', 'b 29', 'a 1'], { durationMs: 6_000 });
    const blurred = (of: Profile, mostBuckets: number) =>
      measureTimeline(of, { mostBuckets, threads: [], partOf: leaves(of) }).isBlurred;
    expect(blurred(profile, 60)).toBe(false);
    expect(blurred(maybeMerged(profile, 60_000), 60)).toBe(true);
    expect(blurred(maybeMerged(profile, 60_000), 1)).toBe(false);
  });
});

describe('measureHeatMap', () => {
  it('puts ticks into their second and their fraction of it', () => {
    const { columnMs, columns, rows, ticks } = measureHeatMap(profileFrom(['a 1', 'b 12'], { durationMs: 3_000 }), {
      mostColumns: 100,
      mostRows: 10,
    });
    expect([columnMs, columns, rows]).toEqual([1_000, 3, 10]);
    expect([...ticks]).toEqual([...Array.from({ length: 13 }, () => 1), ...Array.from({ length: 17 }, () => 0)]);
  });

  it('keeps the weight of what it counts, and its bounds, for any profile', () => {
    const bounds = fc.record({
      mostColumns: fc.integer({ min: 1, max: 9 }),
      mostRows: fc.integer({ min: 1, max: 60 }),
    });
    fc.assert(
      fc.property(anyProfile, bounds, anyBucket, (recorded, { mostColumns, mostRows }, bucketMs) => {
        const profile = maybeMerged(recorded, bucketMs);
        const stacks = Uint8Array.from(profile.stacks.frame, (frame) => frame % 2);
        const map = measureHeatMap(profile, { mostColumns, mostRows, stacks });
        expect(map.columns).toBeLessThanOrEqual(mostColumns);
        expect(map.rows).toBeLessThanOrEqual(mostRows);
        expect(map.ticks.length).toBe(map.columns * map.rows);
        expect(sum(map.ticks)).toBeCloseTo(sum(foldStacks(profile).map((ticks, stack) => ticks * stacks[stack]!)), 6);
        const all = sum(measureHeatMap(profile, { mostColumns, mostRows }).ticks);
        expect(all).toBeCloseTo(sum(profile.samples.weight), 6);
      }),
    );
  });
});
