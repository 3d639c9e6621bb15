import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { measureCoverage } from '../../src/aggregate/coverage.ts';
import { filterProfile } from '../../src/profile/filter.ts';
import { pruneProfile } from '../../src/profile/prune.ts';
import { decodeStream } from '../../src/stream/decode.ts';
import { encodeStream } from '../../src/stream/encode.ts';
import { anyProfile } from '../helpers/any-profile.ts';
import { profileFrom } from '../helpers/profile-from.ts';
import { stackWeights } from '../helpers/stack-weights.ts';

describe('pruneProfile', () => {
  it('changes nothing that can be seen', () => {
    fc.assert(
      fc.property(anyProfile, fc.nat(2), (profile, worker) => {
        for (const whole of [profile, filterProfile(profile, { workers: new Set([worker]) })]) {
          const pruned = pruneProfile(whole);
          expect(stackWeights(pruned)).toEqual(stackWeights(whole));
          expect(measureCoverage(pruned).planned).toBe(measureCoverage(whole).planned);
          expect(encodeStream(decodeStream(encodeStream(pruned), 'x').profile)).toBe(encodeStream(pruned));
          expect(encodeStream(pruneProfile(pruned))).toBe(encodeStream(pruned));
        }
      }),
    );
  });

  it('takes along no name of what was filtered out', () => {
    const profile = profileFrom(['0/0|a;hidden@/secret/place.py:1 2', '1/1|a;b 3']);
    const pruned = pruneProfile(filterProfile(profile, { workers: new Set([1]) }));
    expect(encodeStream(pruned)).not.toMatch(/hidden|secret|uWSGIWorker1|tbsocket\.1/);
    expect(stackWeights(pruned)).toEqual(stackWeights(profileFrom(['a;b 3'])));
  });
});
