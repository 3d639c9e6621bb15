import { describe, expect, it } from 'vitest';
import { measureCoverage } from '../../src/aggregate/coverage.ts';
import { renderSummary } from '../../src/formats/summary.ts';
import { loadProfile } from '../../src/pipeline.ts';
import { ProfileBuilder } from '../../src/profile/builder.ts';
import { expectGolden } from '../helpers/fixtures.ts';
import { profileFrom } from '../helpers/profile-from.ts';

describe('renderSummary', () => {
  it('says how much was seen and where the time went', () => {
    const profile = profileFrom(['0/0|app;view;query 6', '0/1|app;view 2', '1/0|app 1'], { durationMs: 1_000 });
    expectGolden('summary.txt', `${renderSummary(profile, 10)}\n`);
  });

  it('tells of counts as of counts', async () => {
    const { profile } = await loadProfile('main;f 3\nmain;g 5\n', 'x.folded');
    expect(renderSummary(profile, 1).split('\n')).toEqual([
      '1 worker, counts of 8: 1 dump, 2 distinct stacks',
      '',
      'hottest functions (counts of 8)',
      '           self           total  function',
      '       5  62.5%        5  62.5%  g',
    ]);
  });

  it('names everything that went wrong', () => {
    const builder = new ProfileBuilder({
      startedEpochMs: 0,
      rateHz: 20,
      host: 'h',
      source: 'tracebacker',
      recorder: 'r',
    });
    const worker = builder.addWorker({ number: 1, address: '/tmp/tbsocket.1' });
    builder.endDump({ worker, timeMs: 0, weight: 1, waitUs: -1 });
    const reasons = ['late', 'behind', 'paused', 'preflight', 'spared', 'end', 'gone', 'died', 'poisoned', 'silent'];
    for (const reason of [...reasons, 'reset', 'denied', 'too-large', 'too-slow', 'x\x1b']) {
      builder.addEvent({ timeMs: 0, worker, kind: 'gap', count: 2, reason });
    }
    builder.addEvent({ timeMs: 0, worker, kind: 'left', count: 1, reason: 'poisoned' });
    builder.addEvent({ timeMs: 0, worker, kind: 'respawn', count: 4711, reason: '' });
    builder.addEvent({ timeMs: 0, worker, kind: 'throttle', count: 3, reason: 'overhead' });
    builder.addEvent({ timeMs: 0, worker, kind: 'cut', count: 1, reason: '' });
    builder.addEvent({ timeMs: 0, worker, kind: 'unreadable', count: 3, reason: 'what?' });
    builder.end(2_000);
    expectGolden('summary-gaps.txt', `${renderSummary(builder.view(), 10)}\n`);
  });

  it('counts busy threads where no thread is a core', () => {
    const builder = new ProfileBuilder({ startedEpochMs: 0, rateHz: 10, host: 'h', source: 'agent', recorder: 'r' });
    const worker = builder.addWorker({ number: 4711, address: '/tmp/tbsocket.4711' });
    const stack = builder.stackOf([{ function: 'f', file: '/f.py', line: 1, source: '' }]);
    builder.addSample(builder.thread(worker, 'MainThread'), stack, 3);
    builder.endDump({ worker, timeMs: 300, weight: 3, waitUs: 0 });
    builder.endDump({ worker, timeMs: 400, weight: 1, waitUs: 0 });
    expect(renderSummary(builder.view(), 1)).toContain('worker 4711: 4 of 4 ticks observed, 0.8 threads busy\n');
  });

  it('takes it for no trouble that an agent sees to its own cost', () => {
    const builder = new ProfileBuilder({ startedEpochMs: 0, rateHz: 10, host: 'h', source: 'agent', recorder: 'r' });
    const worker = builder.addWorker({ number: 1, address: '/tmp/tbsocket.1' });
    builder.endDump({ worker, timeMs: 300, weight: 4, waitUs: 0 });
    builder.addEvent({ timeMs: 300, worker, kind: 'throttle', count: 2, reason: 'overhead' });
    builder.addEvent({ timeMs: 350, worker, kind: 'throttle', count: 1, reason: 'overhead' });
    const summary = renderSummary(builder.view(), 1);
    expect(summary).toContain('kept small by looking once in up to 2 ticks');
    expect(summary).not.toContain('!');
    expect(measureCoverage(builder.view()).incomplete).toBe(false);
  });

  it('shows no more functions than asked for', () => {
    const profile = profileFrom(Array.from({ length: 30 }, (_, i) => `f${i} ${i + 1}`));
    expect(renderSummary(profile, 5).match(/f\d+ \(/g)).toEqual(['f29 (', 'f28 (', 'f27 (', 'f26 (', 'f25 (']);
  });
});
