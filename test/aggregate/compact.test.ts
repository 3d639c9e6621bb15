import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compactProfile } from '../../src/aggregate/compact.ts';
import { measureCoverage } from '../../src/aggregate/coverage.ts';
import { foldThreads } from '../../src/aggregate/fold.ts';
import { ProfileBuilder } from '../../src/profile/builder.ts';
import { labelFrame } from '../../src/profile/labels.ts';
import { forEachSample, framesOf, type Profile } from '../../src/profile/profile.ts';
import { encodePreorder } from '../../src/stream/preorder.ts';
import { anyProfile } from '../helpers/any-profile.ts';
import { profileFrom } from '../helpers/profile-from.ts';

/** What each sample says, in words: numbers of tables may change. */
function tell(profile: Profile): string[] {
  const { frames, strings, dumps, samples } = profile;
  const told: string[] = [];
  let row = 0;
  forEachSample(profile, (sample, weight) => {
    while (sample >= dumps.sampleEnd[row]!) row += 1;
    const stack = framesOf(profile, samples.stack[sample]!).map(
      (frame) => `${labelFrame(profile, frame, 'line')} ${strings[frames.source[frame]!]}`,
    );
    told.push(JSON.stringify([row, samples.thread[sample], stack, weight, samples.cpuUs[sample]]));
  });
  return told.sort();
}

function recording(seconds: number, stacksPerSecond: number): Profile {
  const builder = new ProfileBuilder({ startedEpochMs: 0, rateHz: 100, host: 'h', source: 's', recorder: 'r' });
  const worker = builder.addWorker({ number: 1, address: '/s.1' });
  const thread = builder.thread(worker, 'uWSGIWorker1Core0');
  const frame = (line: number) => builder.frame(builder.string('f'), builder.string('x'), line, builder.string(''));
  for (let tick = 0; tick < seconds * 100; tick++) {
    builder.addSample(thread, builder.stack(-1, frame(tick % stacksPerSecond)), 1);
    builder.endDump({ worker, timeMs: tick * 10, weight: 1, waitUs: 5 });
  }
  builder.end(seconds * 1_000);
  return builder.view();
}

describe('compactProfile', () => {
  it('tells every sample of a small profile as it was, with its dump', () => {
    fc.assert(
      fc.property(anyProfile, (profile) => {
        const compact = compactProfile(profile);
        expect(tell(compact)).toEqual(tell(profile));
        expect(measureCoverage(compact)).toEqual(measureCoverage(profile));
        expect(encodePreorder(compact.stacks)).not.toBeNull();
      }),
    );
  });

  it('puts the heaviest stacks first and drops what no sample needs', () => {
    const profile = profileFrom(['a;b 1', 'c;d 5', 'a;e 2']);
    const used = new Uint8Array(profile.samples.stack.length).fill(1, 1);
    const { dumps, samples } = profile;
    const kept = { ...samples, stack: samples.stack.map((stack, at) => (used[at] === 1 ? stack : samples.stack[1]!)) };
    const compact = compactProfile({ ...profile, dumps, samples: kept });
    expect([...compact.stacks.parent]).toEqual([-1, 0, -1, 2]);
    const names = [...compact.stacks.frame].map((frame) => compact.strings[compact.frames.function[frame]!]);
    expect(names).toEqual(['c', 'd', 'a', 'e']);
    expect(compact.strings).not.toContain('b');
  });

  it('tells the time of long recordings in few buckets, and loses no tick', () => {
    const long = recording(3_600, 7);
    const compact = compactProfile(long);
    expect(compact.samples.stack.length).toBeLessThan(100_000);
    expect(compact.dumps.weight.length).toBeGreaterThan(300);
    expect(foldThreads(compact)).toEqual(foldThreads(long));
    expect(measureCoverage(compact)).toEqual(measureCoverage(long));
    const minute = recording(60, 7);
    expect(compactProfile(minute).dumps.timeMs).toEqual(minute.dumps.timeMs);
  });
});
