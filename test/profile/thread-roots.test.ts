import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { foldThreads } from '../../src/aggregate/fold.ts';
import { buildSpeedscope } from '../../src/formats/speedscope.ts';
import { groupFrames, labelFrame } from '../../src/profile/labels.ts';
import { framesOf } from '../../src/profile/profile.ts';
import { rootThreads } from '../../src/profile/thread-roots.ts';
import { anyProfile } from '../helpers/any-profile.ts';
import { profileFrom } from '../helpers/profile-from.ts';

describe('rootThreads', () => {
  it('puts worker and thread below every stack', () => {
    const rooted = rootThreads(profileFrom(['0/1|a;b 1', '1/0|a 2']));
    const stacks = [...rooted.samples.stack].map((stack) =>
      framesOf(rooted, stack).map((frame) => labelFrame(rooted, frame, 'line')),
    );
    expect(stacks).toEqual([
      ['worker 1', 'uWSGIWorker1Core1', 'a (/app/main.py:1)', 'b (/app/main.py:1)'],
      ['worker 2', 'uWSGIWorker2Core0', 'a (/app/main.py:1)'],
    ]);
  });

  it('names the roots whatever frames stand for', () => {
    const rooted = rootThreads(profileFrom(['0/1|a 1']));
    for (const by of ['function', 'file', 'module'] as const) {
      expect(groupFrames(rooted, by).labels).toEqual(expect.arrayContaining(['worker 1', 'uWSGIWorker1Core1']));
    }
  });

  it('changes nothing else, for any profile', () => {
    fc.assert(
      fc.property(anyProfile, (profile) => {
        const rooted = rootThreads(profile);
        expect([...foldThreads(rooted)]).toEqual([...foldThreads(profile)]);
        const text = (of: typeof profile) =>
          [...of.samples.stack].map((stack) =>
            framesOf(of, stack).map((frame) => [of.strings[of.frames.function[frame]!], of.frames.line[frame]]),
          );
        expect(text(rooted).map((stack) => stack.slice(2))).toEqual(text(profile));
      }),
    );
  });

  it('is what every format shows', () => {
    const file = buildSpeedscope(profileFrom(['0/1|a 1', '1/0|a 2']), { by: 'function', threads: true });
    expect(file.shared.frames.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['worker 1', 'worker 2', 'uWSGIWorker1Core1', 'uWSGIWorker2Core0']),
    );
  });
});
