import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planFilter } from '../../src/commands/filters.ts';
import { concludeRefresh, measureRefresh, type RefreshOptions } from '../../src/commands/top-refresh.ts';
import { cutMiddle, renderEnd, renderRefresh, type TopView } from '../../src/commands/top-text.ts';
import { ProfileBuilder } from '../../src/profile/builder.ts';
import type { Profile } from '../../src/profile/profile.ts';
import { RunningProfile } from '../../src/profile/running.ts';
import { anyProfile } from '../helpers/any-profile.ts';
import { profileFrom } from '../helpers/profile-from.ts';

const noFilter = { worker: [], thread: [], include: [], exclude: [], focus: [] };
const usual = { by: 'function', mode: 'wall', sorting: 'self', filter: planFilter(noFilter), fromMs: 0 } as const;

const view: TopView = {
  by: 'function',
  sorting: 'self',
  top: undefined,
  mode: 'wall',
  rateHz: 10,
  size: null,
  isPaused: false,
  hasKeys: false,
  paint: (_, text) => text,
};

function refreshOf(profile: Profile, options: Partial<RefreshOptions> = {}) {
  const running = new RunningProfile(60_000);
  running.take(profile);
  return measureRefresh(profile, running, { ...usual, elapsedMs: profile.meta.durationMs ?? 0, ...options });
}

/** 10 ticks a second: 2 s of `old`, then 1 s of `new` called by it, with another worker that idles meanwhile. */
const twoPhases = () => profileFrom(['old 20', 'old;new 5', '1/0|old 5'], { durationMs: 3_000 });

describe('measureRefresh', () => {
  it('tells the last seconds from all of it', () => {
    const { rows, ticks, recentMs } = refreshOf(twoPhases(), { fromMs: 2_000 });
    expect(rows.map(({ label, recent, whole }) => ({ label, recent, whole }))).toEqual(
      [
        {
          label: 'new (/app/main.py)',
          recent: { selfShare: 0.5, totalShare: 0.5, selfSeconds: 0.5, totalSeconds: 0.5 },
          whole: { selfShare: 5 / 30, totalShare: 5 / 30, selfSeconds: 0.5, totalSeconds: 0.5 },
        },
        {
          label: 'old (/app/main.py)',
          recent: { selfShare: 0.5, totalShare: 1, selfSeconds: 0.5, totalSeconds: 1 },
          whole: { selfShare: 25 / 30, totalShare: 1, selfSeconds: 2.5, totalSeconds: 3 },
        },
      ].reverse(),
    );
    expect({ ticks, recentMs }).toEqual({
      ticks: { recent: { observed: 10, unobserved: 0 }, whole: { observed: 30, unobserved: 0 } },
      recentMs: 1_000,
    });
  });

  it('sorts by what is asked for, and what has not run lately comes last', () => {
    const profile = profileFrom(['early 10', 'a;b 3', 'a;c 4'], { durationMs: 3_000 });
    const labels = (sorting: 'self' | 'total') =>
      refreshOf(profile, { fromMs: 1_000, sorting }).rows.map(({ label }) => label[0]);
    expect(labels('self')).toEqual(['c', 'b', 'a', 'e']);
    expect(labels('total')).toEqual(['a', 'c', 'b', 'e']);
    expect(refreshOf(profile, { filter: planFilter({ ...noFilter, exclude: ['b ('] }) }).rows).toHaveLength(3);
  });

  it('says what became of workers, and of the others only what is true now', () => {
    const builder = new ProfileBuilder({
      startedEpochMs: 0,
      rateHz: 10,
      host: 'h',
      source: 'tracebacker',
      recorder: 't',
    });
    for (const number of [1, 2, 3]) builder.addWorker({ number, address: `/tmp/s.${number}` });
    for (let second = 0; second < 100; second++) {
      builder.endDump({ worker: 0, timeMs: second * 1_000, weight: 10, waitUs: 0 });
    }
    builder.addEvent({ timeMs: 1_000, worker: 0, kind: 'gap', count: 500, reason: 'late' });
    builder.addEvent({ timeMs: 2_000, worker: 1, kind: 'left', count: 1, reason: 'poisoned' });
    builder.addEvent({ timeMs: 3_000, worker: 2, kind: 'respawn', count: 77, reason: '' });
    builder.addEvent({ timeMs: 97_000, worker: 0, kind: 'respawn', count: 78, reason: '' });
    builder.addEvent({ timeMs: 98_000, worker: 2, kind: 'gap', count: 10, reason: 'gone' });
    const refresh = refreshOf(builder.view(), { elapsedMs: 100_000, fromMs: 90_000 });
    expect(refresh.troubles.map(({ workers, story }) => `${workers}: ${story.slice(0, 35)}`)).toEqual(
      [
        '2: gone: nothing listens on its socket'.slice(0, 38),
        '0: has a new process, 78, since 3 s',
        '1: poisoned, and left alone: a bug of ',
        ': 9.1% of the ticks were not observed',
      ].map((line) => line.slice(0, line.indexOf(': ') + 2 + 35)),
    );
    const atTheEnd = concludeRefresh(refresh, 'wall', 'self').troubles.map(({ story }) => story);
    expect(atTheEnd).toContain('33.8% of the ticks were not observed');
  });
});

describe('renderRefresh', () => {
  it('is a header, a table and what to mistrust', () => {
    const refresh = refreshOf(twoPhases(), { fromMs: 2_000 });
    expect(renderRefresh(refresh, view)).toEqual([
      'tbprof top  3s  2 workers by test  10 dumps/s',
      'last 1s: 2.0 of 2 cores busy  10 ticks observed, 0 not  since the start: 30, 0',
      'worker 1: 1.0 of 1 core busy   worker 2: 1.0 of 1 core busy',
      '',
      '              last       since start',
      '    self*    total     self    total  function',
      '    50.0%   100.0%   2.50 s   3.00 s  old (/app/main.py)',
      '    50.0%    50.0%   0.50 s   0.50 s  new (/app/main.py)',
    ]);
  });

  it('cuts names in the middle and as many rows as do not fit, with what to mistrust and the keys below', () => {
    const refresh = refreshOf(twoPhases(), { fromMs: 2_000 });
    const troubles = [1, 2, 3, 4].map((at) => ({ workers: [0], story: `trouble ${at} that is too long to be shown` }));
    const size = { columns: 50, rows: 12 };
    expect(renderRefresh({ ...refresh, troubles }, { ...view, size, hasKeys: true, isPaused: true })).toEqual([
      'tbprof top  3s  2 workers by test  10 dumps/s  pa…',
      'last 1s: 2.0 of 2 cores busy  10 ticks observed, …',
      'worker 1: 1.0 of 1 core busy',
      'worker 2: 1.0 of 1 core busy',
      '',
      '              last       since start',
      '    self*    total     self    total  function',
      '    50.0%   100.0%   2.50 s   3.00 s  old (/…n.py)',
      '! worker 1: trouble 1 that is too long to be shown',
      '! worker 1: trouble 2 that is too long to be shown',
      '! and 2 more, shown in the end',
      'q: end  t: sort by total  space: go on  c: begin …',
    ]);
  });

  it('names as many workers as fit two lines', () => {
    const lines = renderRefresh(refreshOf(profileFrom(['0/0|a 1', '1/0|a 1', '2/0|a 1', '3/0|a 1', '4/0|a 1'])), {
      ...view,
      size: { columns: 70, rows: 24 },
    });
    expect(lines.slice(2, 4)).toEqual([
      'worker 1: 1.0 of 1 core busy   worker 2: 1.0 of 1 core busy',
      'worker 3: 1.0 of 1 core busy   worker 4: 1.0 of 1 core busy (+1)',
    ]);
  });

  it('fits any terminal, whatever was recorded', () => {
    const anySize = fc.record({ columns: fc.integer({ min: 1, max: 120 }), rows: fc.integer({ min: 1, max: 30 }) });
    fc.assert(
      fc.property(anyProfile, anySize, fc.nat(1_000), (profile, size, fromMs) => {
        const lines = renderRefresh(refreshOf(profile, { fromMs }), { ...view, size, hasKeys: true });
        expect(lines.length).toBeLessThanOrEqual(size.rows);
        for (const line of lines) {
          expect([...line].length).toBeLessThanOrEqual(size.columns);
          expect(line).not.toMatch(/[\x00-\x1f\x7f-\x9f\u2028]/);
        }
      }),
    );
  });

  it('says of a fleet that is idle, and of one that does not answer', () => {
    const builder = new ProfileBuilder({ startedEpochMs: 0, rateHz: 10, host: 'h', source: 'agent', recorder: 't' });
    builder.addWorker({ number: 1, address: '/tmp/s.1' });
    expect(renderRefresh(refreshOf(builder.view()), view)[1]).toContain('no answer yet');
    builder.endDump({ worker: 0, timeMs: 0, weight: 1, waitUs: 0 });
    const nobody = renderRefresh(refreshOf(builder.view(), { elapsedMs: 9_000, fromMs: 1_000 }), view);
    expect(nobody[1]).toContain('last 8s: nobody answers');
    const idle = renderRefresh(refreshOf(builder.view()), view);
    expect(idle[1]).toContain('0.0 threads busy');
    expect(idle.at(-1)).toBe('no Python code was seen running');
  });
});

it('ends with all of it', () => {
  const refresh = concludeRefresh(refreshOf(twoPhases(), { fromMs: 2_500 }), 'wall', 'total');
  expect(renderEnd(refresh, { ...view, sorting: 'total' })).toEqual([
    '3.0 s of 2 workers by test',
    'ticks: 30 planned = 30 observed + 0 unobserved',
    '',
    '     self   total*     self    total  function',
    '    83.3%   100.0%   2.50 s   3.00 s  old (/app/main.py)',
    '    16.7%    16.7%   0.50 s   0.50 s  new (/app/main.py)',
  ]);
});

it('cuts in the middle, by characters', () => {
  expect(['abcdef', 'abcdefg', '🐍🐍🐍🐍🐍🐍🐍', 'abc'].map((text) => cutMiddle(text, 6))).toEqual([
    'abcdef',
    'abc…fg',
    '🐍🐍🐍…🐍🐍',
    'abc',
  ]);
});
