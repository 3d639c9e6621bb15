import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { measureCoverage } from '../../src/aggregate/coverage.ts';
import { foldStacks, foldThreads } from '../../src/aggregate/fold.ts';
import { ProfileBuilder } from '../../src/profile/builder.ts';
import { coarsen } from '../../src/profile/coarsen.ts';
import { anyProfile } from '../helpers/any-profile.ts';
import { profileFrom } from '../helpers/profile-from.ts';

describe('coarsen', () => {
  it('tells what happened within a bucket of time once', () => {
    // 10 ticks a second: dumps at 0, 100, 300 ms; then at 1,000
    const profile = profileFrom(['a 1', 'a;b 2', 'a 7', 'a 1']);
    const { dumps, samples } = coarsen(profile, 1_000);
    expect([...dumps.timeMs]).toEqual([0, 1_000]);
    expect([...dumps.dumps]).toEqual([3, 1]);
    expect([...dumps.weight]).toEqual([10, 1]);
    expect([...dumps.sampleEnd]).toEqual([2, 3]);
    expect([...samples.weight]).toEqual([8, 2, 1]);
  });

  it('changes no total, for any profile and bucket', () => {
    fc.assert(
      fc.property(anyProfile, fc.constantFrom(1, 250, 1_000, 60_000, 2 ** 31), (profile, bucketMs) => {
        const merged = { ...profile, ...coarsen(profile, bucketMs) };
        expect([...foldStacks(merged)]).toEqual([...foldStacks(profile)]);
        expect([...foldThreads(merged)]).toEqual([...foldThreads(profile)]);
        expect(measureCoverage(merged)).toEqual(measureCoverage(profile));
        expect(merged.samples.stack.length).toBeLessThanOrEqual(profile.samples.stack.length);
      }),
    );
  });

  it('still knows who was gone in the end, and who had come back', () => {
    fc.assert(
      fc.property(anyProfile, fc.array(fc.nat(10_000)), fc.constantFrom(1_000, 2 ** 31), (profile, times, bucketMs) => {
        const events = times.map((timeMs, at) => ({
          ...{ timeMs, worker: at % 3, kind: 'gap' as const, count: 1, reason: 'gone' },
        }));
        const withGaps = { ...profile, events };
        expect(measureCoverage({ ...withGaps, ...coarsen(profile, bucketMs) })).toEqual(measureCoverage(withGaps));
      }),
    );
  });

  it('merges all of a worker in a bucket without end, but the last dump', () => {
    fc.assert(
      fc.property(anyProfile, (profile) => {
        const { dumps } = coarsen(profile, 2 ** 31);
        const workers = new Set(profile.dumps.worker).size;
        expect(dumps.worker.length).toBeLessThanOrEqual(2 * workers);
        expect(new Set(dumps.worker).size).toBe(workers);
      }),
    );
  });
});

describe('a profile that grows', () => {
  it('is merged when there are too many dumps, though all of them are of idle workers', () => {
    const builder = new ProfileBuilder({ startedEpochMs: 0, rateHz: 1_000, host: 'h', source: 's', recorder: 'r' });
    builder.addWorker({ number: 1, address: '/tmp/s.1' });
    const most = 4_000_000;
    for (let timeMs = 0; timeMs < most; timeMs++) builder.endDump({ worker: 0, timeMs, weight: 1, waitUs: 0 });
    expect(builder.bound()).toBe(false);
    builder.endDump({ worker: 0, timeMs: most, weight: 1, waitUs: 0 });
    expect(builder.bound()).toBe(true);
    const { dumps } = builder.view();
    expect(dumps.weight.length).toBeLessThanOrEqual(most / 2);
    expect(dumps.weight.reduce((sum, weight) => sum + weight, 0)).toBe(most + 1);
  });
});
