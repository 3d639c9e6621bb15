// What the page says of the recording itself, and how far to trust it.
import { describe, expect, it } from 'vitest';
import type { EventKind } from '../../../src/profile/profile.ts';
import { describeWith } from '../../helpers/describe-with.ts';
import { frame, newBuilder, readFacts, useReportPages, warningsOf } from '../../helpers/report-page.ts';

describeWith('chromium', 'report page: truth panel', () => {
  const { openProfile } = useReportPages();

  describe('header', () => {
    it('shows host, duration, rate, workers and observed ticks', async () => {
      const builder = newBuilder({ host: 'web-7', rateHz: 20 });
      const first = builder.addWorker({ number: 3, address: '/tmp/tbsocket.3' });
      const second = builder.addWorker({ number: null, address: '@elsewhere' });
      builder.addSample(builder.thread(first, 'uWSGIWorker3Core1'), builder.stackOf([frame('run', 'x.py', 1)]), 30);
      builder.endDump({ worker: first, timeMs: 0, weight: 30, waitUs: 5 });
      builder.endDump({ worker: second, timeMs: 0, weight: 10, waitUs: 5 });
      builder.addEvent({ timeMs: 0, worker: second, kind: 'gap', count: 20, reason: 'late' });
      builder.end(1_500);
      const { page } = await openProfile(builder.view());
      expect(await readFacts(page)).toMatchObject({
        when: expect.stringContaining('(1970-01-01T00:16:40.000Z)'),
        where: 'web-7',
        'how long': '1.5 s',
        rate: '20 dumps/s per worker',
        workers: '2',
        observed: '40 of 60 ticks (66.7 %)',
        'recorded by': 'tbprof 0, from test',
      });
      const ofWorkers = await page
        .locator('#workers tbody tr')
        .evaluateAll((rows) => rows.map((row) => [...row.children].map((cell) => cell.textContent)));
      expect(ofWorkers).toEqual([
        ['worker 3', '1.0 of 2 cores', '30', '30', '0', 'test', '0.0 ms, p99 0.0 ms', '–', '–'],
        ['@elsewhere', 'idle', '30', '10', '20: late 20', 'test', '0.0 ms, p99 0.0 ms', '–', '–'],
      ]);
      expect(await page.textContent('#verdict .badge')).toBe('Read with care');
      expect(await warningsOf(page)).toEqual(['33.3% of the ticks were not observed.']);
    });
  });

  describe('trouble', () => {
    it('is told in a sentence each, and in the row of its worker', async () => {
      const builder = newBuilder({ rateHz: 10 });
      const stack = builder.stackOf([frame('run', 'x.py', 1)]);
      const workers = [1, 2, 3].map((number) => builder.addWorker({ number, address: `/tmp/tbsocket.${number}` }));
      const dump = (worker: number, timeMs: number, waitUs: number) => {
        builder.addSample(builder.thread(workers[worker]!, `uWSGIWorker${worker + 1}Core0`), stack, 1);
        builder.endDump({ worker: workers[worker]!, timeMs, weight: 1, waitUs });
      };
      for (let at = 0; at < 10; at++) dump(0, 100 * at, at < 3 ? 5_000 : 100);
      for (let at = 0; at < 10; at++) dump(1, 100 * at, 20);
      dump(2, 0, 9_000);
      const event = (worker: number, kind: EventKind, count: number, reason = '') =>
        builder.addEvent({ timeMs: 500, worker: workers[worker]!, kind, count, reason });
      event(0, 'respawn', 4_711);
      event(0, 'respawn', 4_712);
      event(0, 'cut', 3);
      event(0, 'unreadable', 1);
      event(0, 'throttle', 4);
      event(1, 'source', 0, 'agent');
      event(1, 'throttle', 2, 'overhead');
      event(2, 'left', 0, 'poisoned');
      event(2, 'gap', 9, 'poisoned');
      builder.end(1_000);
      const { page, expectNoTrouble } = await openProfile(builder.view());
      expect(await page.textContent('#verdict .badge')).toBe('Incomplete');
      expect(await warningsOf(page)).toEqual([
        expect.stringMatching(/^worker 3: poisoned, and left alone: .* heals it/),
        expect.stringMatching(/^worker 1: stacks were cut short by the tracebacker: their leaf frames are missing\.$/),
        'worker 1: sent lines that were not understood.',
        expect.stringMatching(/^worker 1: sampled less often than asked for/),
        '30.0% of the ticks were not observed.',
        expect.stringMatching(
          /^Dumps often waited for the GIL: code that computes is under-reported, .*setswitchinterval/,
        ),
      ]);
      await page.click('#truth-details summary');
      const rows = await page
        .locator('#workers tbody tr')
        .evaluateAll((all) => all.map((row) => [0, 5, 6, 8].map((cell) => row.children[cell]!.textContent)));
      expect(rows).toEqual([
        [
          'worker 1',
          'test',
          '0.1 ms, p99 5.0 ms',
          '2 respawns, at times one dump in 4 ticks, 3 stacks cut short, 1 line not understood',
        ],
        ['worker 2', 'agent', '0.0 ms, p99 0.0 ms', 'at times one dump in 2 ticks'],
        ['worker 3', 'test', '9.0 ms, p99 9.0 ms', 'left alone: poisoned'],
      ]);
      await expectNoTrouble();
    });
  });
});
