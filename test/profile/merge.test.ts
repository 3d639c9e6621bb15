import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { measureCoverage } from '../../src/aggregate/coverage.ts';
import { labelThread, labelWorker } from '../../src/profile/labels.ts';
import { commonMeasure, mergeProfiles } from '../../src/profile/merge.ts';
import type { Profile } from '../../src/profile/profile.ts';
import { decodeStream } from '../../src/stream/decode.ts';
import { encodeStream } from '../../src/stream/encode.ts';
import { anyProfile } from '../helpers/any-profile.ts';
import { profileFrom } from '../helpers/profile-from.ts';
import { stackWeights } from '../helpers/stack-weights.ts';

const from = (profile: Profile, meta: Partial<Profile['meta']>): Profile => ({
  ...profile,
  meta: { ...profile.meta, ...meta },
});

describe('mergeProfiles', () => {
  it('loses no time of any stack, whatever the rates', () => {
    fc.assert(
      fc.property(fc.array(anyProfile, { minLength: 1, maxLength: 4 }), (profiles) => {
        const whole = mergeProfiles(profiles);
        const seconds = (one: Profile) =>
          Object.entries(stackWeights(one)).map(([stack, ticks]) => [stack, ticks / one.meta.rateHz] as const);
        const expected = new Map<string, number>();
        for (const [stack, time] of profiles.flatMap(seconds)) expected.set(stack, (expected.get(stack) ?? 0) + time);
        const merged = new Map(seconds(whole));
        expect([...merged.keys()].sort()).toEqual([...expected.keys()].sort());
        for (const [stack, time] of expected) expect(merged.get(stack)).toBeCloseTo(time, 6);
        const planned = (one: Profile) => measureCoverage(one).planned / one.meta.rateHz;
        expect(planned(whole)).toBeCloseTo(
          profiles.reduce((sum, one) => sum + planned(one), 0),
          6,
        );
        expect(encodeStream(decodeStream(encodeStream(whole), 'x').profile)).toBe(encodeStream(whole));
      }),
    );
  });

  it('keeps workers of different hosts apart, and joins those of one server', () => {
    const web1 = from(profileFrom(['0/0|a 1', '1/0|a 1']), { host: 'web1' });
    const web2 = from(profileFrom(['0/0|a 1']), { host: 'web2', startedEpochMs: 3_000_000 });
    const whole = mergeProfiles([web2, web1, from(web1, { startedEpochMs: 2_000_000 })]);
    expect(whole.workers.map((_, worker) => labelWorker(whole, worker))).toEqual([
      'worker 1 on web1',
      'worker 2 on web1',
      'worker 1 on web2',
    ]);
    expect(whole.threads.map((_, thread) => labelThread(whole, thread))).toEqual([
      'worker 1 on web1 uWSGIWorker1Core0',
      'uWSGIWorker2Core0',
      'worker 1 on web2 uWSGIWorker1Core0',
    ]);
    const [only] = [mergeProfiles([web1, web1])];
    expect(only!.workers).toHaveLength(2);
    expect(labelWorker(only!, 0)).toBe('worker 1');
  });

  it('puts what happened where it was in time', () => {
    const early = from(profileFrom(['a 1', 'b 1']), { startedEpochMs: 10_000 });
    const late = from(profileFrom(['c 1']), { startedEpochMs: 10_050 });
    const whole = mergeProfiles([late, early]);
    expect([...whole.dumps.timeMs]).toEqual([0, 50, 100]);
    expect(whole.meta).toMatchObject({ startedEpochMs: 10_000, durationMs: 1_050 });
  });

  it('puts recordings one after another that are months apart', () => {
    const early = from(profileFrom(['a 1']), { startedEpochMs: 1e12 });
    const late = from(profileFrom(['b 1']), { startedEpochMs: 1.5e12 });
    expect([...mergeProfiles([early, late]).dumps.timeMs]).toEqual([0, 1_000]);
  });

  it('takes the rate that all rates divide', () => {
    const rates = (...all: number[]) =>
      mergeProfiles(all.map((rateHz) => profileFrom(['a 1'], { rateHz }))).meta.rateHz;
    expect(rates(20, 100)).toBe(100);
    expect(rates(20, 30)).toBe(60);
    expect(rates(0.5, 20)).toBe(20);
    expect(rates(997, 991)).toBe(1e6);
    expect(rates(1 / 3, 20)).toBe(1e6);
  });

  it('says where others answered than the whole says', () => {
    const agent = from(profileFrom(['a 1']), { source: 'agent', host: 'b', startedEpochMs: 2e6 });
    const whole = mergeProfiles([from(profileFrom(['a 1']), { source: 'tracebacker' }), agent]);
    expect(measureCoverage(whole).workers.map(({ source }) => source)).toEqual(['tracebacker', 'agent']);
  });
});

describe('commonMeasure', () => {
  it('is none where seconds and counts would be added', () => {
    const time = profileFrom(['a 1']);
    expect(commonMeasure([time, time])).toBe('wall');
    expect(commonMeasure([time, from(time, { measure: 'count' })])).toBeNull();
  });
});
