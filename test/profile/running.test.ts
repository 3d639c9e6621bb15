import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { measureCoverage } from '../../src/aggregate/coverage.ts';
import { foldStacks, foldThreads } from '../../src/aggregate/fold.ts';
import { ProfileBuilder } from '../../src/profile/builder.ts';
import { filterProfile } from '../../src/profile/filter.ts';
import type { Profile } from '../../src/profile/profile.ts';
import { RunningProfile } from '../../src/profile/running.ts';
import { weighByCpu } from '../../src/profile/weigh-by-cpu.ts';
import { anyProfile } from '../helpers/any-profile.ts';

/** What happens after a dump: nobody looks, it is taken, or it is taken and merged with those before. */
type Look = 'none' | 'take' | 'merge';

/** The profile grows again, dump by dump, with the same numbers. */
function replay(profile: Profile, running: RunningProfile, looks: readonly Look[]): ProfileBuilder {
  const { meta, strings, frames, stacks, workers, threads, dumps, samples, events } = profile;
  const builder = new ProfileBuilder(meta);
  for (const worker of workers) builder.addWorker(worker);
  for (const text of strings) builder.string(text);
  frames.line.forEach((line, frame) => {
    builder.frame(frames.function[frame]!, frames.file[frame]!, line, frames.source[frame]!);
  });
  stacks.frame.forEach((frame, stack) => {
    builder.stack(stacks.parent[stack]!, frame);
  });
  for (const { worker, name } of threads) builder.thread(worker, name);
  let sample = 0;
  let event = 0;
  dumps.worker.forEach((worker, row) => {
    for (; sample < dumps.sampleEnd[row]!; sample++) {
      const [thread, stack] = [samples.thread[sample]!, samples.stack[sample]!];
      builder.addSample(thread, stack, samples.weight[sample]!, samples.cpuUs[sample]!);
    }
    const timeMs = dumps.timeMs[row]!;
    builder.endDump({ worker, timeMs, weight: dumps.weight[row]!, waitUs: dumps.waitUs[row]! });
    for (; event < events.length && events[event]!.timeMs <= timeMs; event++) builder.addEvent(events[event]!);
    const look = looks[row % Math.max(1, looks.length)] ?? 'none';
    if (look !== 'none') running.take(builder.view());
    if (look !== 'merge') return;
    builder.coarsen(60_000);
    running.skipMerged(builder.view());
  });
  running.take(builder.view());
  return builder;
}

const anyLooks = fc.array(fc.constantFrom<Look>('none', 'take', 'merge'), { minLength: 1, maxLength: 12 });

describe('RunningProfile', () => {
  it('is as heavy as the profile, whenever it looks and however that is merged', () => {
    fc.assert(
      fc.property(anyProfile, anyLooks, (profile, looks) => {
        const running = new RunningProfile(1);
        const whole = running.whole(replay(profile, running, looks).view());
        expect([...foldStacks(whole)]).toEqual([...foldStacks(profile)]);
        expect([...foldThreads(whole)]).toEqual([...foldThreads(profile)]);
        expect([...foldStacks(weighByCpu(whole))]).toEqual([...foldStacks(weighByCpu(profile))]);
        expect(measureCoverage(whole)).toEqual(measureCoverage(profile));
        expect(whole.dumps.worker.length).toBe(new Set(profile.dumps.worker).size);
      }),
    );
  });

  it('has of the last seconds what the profile had before it was merged', () => {
    fc.assert(
      fc.property(anyProfile, anyLooks, fc.nat(5_000), fc.nat(5_000), (profile, looks, keepMs, skipMs) => {
        const running = new RunningProfile(keepMs);
        const grown = replay(profile, running, looks).view();
        const lastMs = profile.dumps.timeMs.reduce((last, timeMs) => Math.max(last, timeMs), 0);
        const fromMs = Math.max(0, lastMs - keepMs + Math.min(keepMs, skipMs));
        const [recent, wanted] = [running.recent(grown, fromMs), filterProfile(profile, { fromMs })];
        expect([...foldStacks(recent)]).toEqual([...foldStacks(wanted)]);
        expect([...recent.dumps.timeMs]).toEqual([...wanted.dumps.timeMs]);
        expect([...recent.samples.cpuUs]).toEqual([...wanted.samples.cpuUs]);
        expect(measureCoverage(recent)).toEqual(measureCoverage(wanted));
      }),
    );
  });

  const meta = { startedEpochMs: 0, rateHz: 1, host: 'h', source: 'agent', recorder: 't' } as const;

  /** A worker with one thread that burns `cpuUs` in each of so many dumps, a second apart. */
  function burn(running: RunningProfile, dumps: number, cpuUs: number): Profile {
    const builder = new ProfileBuilder(meta);
    builder.addWorker({ number: 1, address: '/tmp/s.1' });
    for (let at = 0; at < dumps; at++) {
      builder.addSample(builder.thread(0, 'T'), builder.stackOf([frame]), 1, cpuUs);
      builder.endDump({ worker: 0, timeMs: at * 1_000, weight: 1, waitUs: 0 });
      running.take(builder.view());
    }
    return builder.view();
  }
  const frame = { function: 'f', file: '/f.py', line: 1, source: '' };

  it('loses no processor time that is too long for a column', () => {
    const running = new RunningProfile(1_000);
    const whole = running.whole(burn(running, 5, 1e9));
    expect(whole.samples.cpuUs.reduce((sum, us) => sum + us, 0)).toBe(5e9);
    expect([...whole.samples.weight]).toEqual([5, 0, 0]);
  });

  it('keeps no more than the last seconds of what came', () => {
    const running = new RunningProfile(3_000);
    const profile = burn(running, 100, 1);
    expect([...running.recent(profile, 0).dumps.timeMs]).toEqual([96_000, 97_000, 98_000, 99_000]);
  });

  it('adds up gaps by their reason, and still knows who answers when that was said long ago', () => {
    const builder = new ProfileBuilder({ ...meta, source: 'tracebacker' });
    builder.addWorker({ number: 1, address: '/tmp/s.1' });
    const running = new RunningProfile(1_000);
    builder.addEvent({ timeMs: 0, worker: 0, kind: 'source', count: 1, reason: 'agent' });
    for (let second = 0; second < 10; second++) {
      builder.addEvent({
        timeMs: second * 1_000,
        worker: 0,
        kind: 'gap',
        count: 2,
        reason: second % 2 ? 'gone' : 'late',
      });
      running.take(builder.view());
    }
    const { events } = running.whole(builder.view());
    expect(events.map(({ kind, reason, count }) => `${kind} ${reason} ${count}`)).toEqual([
      'source agent 1',
      'gap late 10',
      'gap gone 10',
    ]);
    expect(measureCoverage(running.recent(builder.view(), 8_500)).workers[0]).toMatchObject({
      source: 'agent',
      unobserved: 2,
      isGone: true,
    });
  });
});
