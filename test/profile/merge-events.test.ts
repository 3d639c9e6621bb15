import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { measureCoverage } from '../../src/aggregate/coverage.ts';
import { measureIntrusion } from '../../src/aggregate/intrusion.ts';
import { LiveProfile, writeStream } from '../../src/live-profile.ts';
import { ProfileBuilder } from '../../src/profile/builder.ts';
import { mergeEvents, thinProcesses } from '../../src/profile/merge-events.ts';
import { eventKinds, type Profile, type ProfileEvent } from '../../src/profile/profile.ts';
import { RunningProfile } from '../../src/profile/running.ts';
import { decodeStream } from '../../src/stream/decode.ts';
import { anyProfile } from '../helpers/any-profile.ts';

const anyEvents: fc.Arbitrary<ProfileEvent[]> = fc
  .array(
    fc.record({
      timeMs: fc.nat(5_000),
      worker: fc.nat(2),
      kind: fc.constantFrom(...eventKinds),
      count: fc.integer({ min: 1, max: 9 }),
      reason: fc.constantFrom('gone', 'late', 'died', 'tracebacker'),
    }),
    { maxLength: 30 },
  )
  .map((events) => events.sort((a, b) => a.timeMs - b.timeMs));

/** What the system says of three workers, now and then; their processes come and go. */
const anyProcesses = fc
  .array(
    fc.record({ worker: fc.nat(2), stepMs: fc.nat(400), pid: fc.integer({ min: 1, max: 3 }), rssKb: fc.nat(1_000) }),
    { maxLength: 40 },
  )
  .map((rows): Profile => {
    const builder = new ProfileBuilder({ startedEpochMs: 0, rateHz: 1, host: 'h', source: 's', recorder: 'r' });
    for (const number of [1, 2, 3]) builder.addWorker({ number, address: `/tmp/s.${number}` });
    let timeMs = 0;
    for (const { stepMs, ...row } of rows) {
      timeMs += stepMs;
      builder.addProcess({ ...row, timeMs, cpuMs: timeMs });
    }
    return builder.view();
  });

const anyBucketMs = fc.constantFrom(1, 500, 2_000, 2 ** 31);

describe('merged events', () => {
  it('say the same of every worker, for any profile and bucket', () => {
    fc.assert(
      fc.property(anyProfile, anyEvents, anyBucketMs, (profile, events, bucketMs) => {
        const merged = mergeEvents(events, bucketMs);
        expect(measureCoverage({ ...profile, events: merged })).toEqual(measureCoverage({ ...profile, events }));
        expect(merged.map(({ timeMs }) => timeMs)).toEqual(merged.map(({ timeMs }) => timeMs).sort((a, b) => a - b));
      }),
    );
  });

  it('are one of each kind and reason in a bucket, but for those that are told one by one', () => {
    const event = (timeMs: number, kind: ProfileEvent['kind'], reason = '') => ({
      ...{ timeMs, worker: 0, kind, count: 2, reason },
    });
    const events = [event(1, 'gap', 'late'), event(2, 'respawn'), event(3, 'gap', 'gone'), event(4, 'respawn')];
    events.push(event(5, 'gap', 'late'), event(6, 'throttle'), event(7, 'throttle'), event(100, 'gap', 'late'));
    const shown = mergeEvents(events, 10).map(
      ({ timeMs, kind, count, reason }) => `${timeMs} ${kind} ${count} ${reason}`,
    );
    expect(shown).toEqual([
      '2 respawn 2 ',
      '3 gap 2 gone',
      '4 respawn 2 ',
      '5 gap 4 late',
      '7 throttle 2 ',
      '100 gap 2 late',
    ]);
  });
});

describe('thinned processes', () => {
  it('have used as much, for any bucket, and are one row of a process in a bucket and its first', () => {
    fc.assert(
      fc.property(anyProcesses, anyBucketMs, (profile, bucketMs) => {
        const processes = thinProcesses(profile.processes, bucketMs);
        expect(measureIntrusion({ ...profile, processes })).toEqual(measureIntrusion(profile));
        expect(thinProcesses(processes, bucketMs)).toEqual(processes);
      }),
    );
  });
});

describe('what is said of workers for hours', () => {
  const meta = { startedEpochMs: 0, rateHz: 10, host: 'h', source: 'agent', recorder: 'r' };
  const most = 100_000;

  /** Two rounds a second, as the recorder makes them: something was missed each time, and each process is looked at. */
  function recordFor(rounds: number, workers: number, profile: LiveProfile): void {
    const { builder } = profile;
    for (let worker = 0; worker < workers; worker++) builder.addWorker({ number: worker, address: `/tmp/s.${worker}` });
    for (let round = 0; round < rounds; round++) {
      for (let worker = 0; worker < workers; worker++) {
        const timeMs = round * 500;
        builder.addEvent({ timeMs, worker, kind: 'gap', count: 1, reason: 'late' });
        builder.addProcess({ worker, timeMs, pid: 7, rssKb: round, cpuMs: round });
      }
      profile.flush();
    }
  }

  it('is in bounded memory, and all of it in the recording', () => {
    let text = '';
    const profile = new LiveProfile(
      meta,
      writeStream((lines) => {
        text += lines;
      }),
    );
    const [rounds, workers] = [30_000, 8];
    recordFor(rounds, workers, profile);
    const { events, processes } = profile.view();
    expect(events.length).toBeLessThanOrEqual(most);
    expect(processes.pid.length).toBeLessThanOrEqual(most);
    expect(measureCoverage(profile.view()).unobserved).toBe(rounds * workers);
    expect(measureIntrusion(profile.view()).workers[0]!.rssGrowthKb).toBe(rounds - 1);
    expect(
      text
        .match(/"pid":\[[^\]]*/g)!
        .join()
        .match(/\d+/g),
    ).toHaveLength(rounds * workers);
    expect(text.match(/"kind":"gap"/g)).toHaveLength(rounds * workers);
    expect(measureCoverage(decodeStream(text, 't').profile).unobserved).toBe(rounds * workers);
  });

  it('does not lengthen a refresh of tbprof top', () => {
    const running = new RunningProfile(10_000);
    const profile = new LiveProfile(meta, running);
    recordFor(30_000, 8, profile);
    expect(running.whole(profile.view()).events).toHaveLength(8);
    expect(running.recent(profile.view(), 0).events.length).toBeLessThanOrEqual(8 * 21);
    expect(measureCoverage(running.whole(profile.view()))).toEqual(measureCoverage(profile.view()));
  });

  it('is not looked through again and again where it cannot be merged', () => {
    const builder = new ProfileBuilder(meta);
    builder.addWorker({ number: 1, address: '/tmp/s.1' });
    const merges: number[] = [];
    for (let pid = 1; pid <= 3 * most; pid++) {
      builder.addEvent({ timeMs: pid, worker: 0, kind: 'respawn', count: pid, reason: '' });
      if (builder.bound()) merges.push(pid);
    }
    expect(merges).toEqual([most + 1, 2 * (most + 1) + 1]);
    expect(measureCoverage(builder.view()).workers[0]!.respawns).toBe(3 * most);
  });
});
