// What `tbprof workers` tells, from plain data.
import { describe, expect, it } from 'vitest';
import {
  addStats,
  type DumpSeen,
  describeWorker,
  offerOf,
  type ServerReport,
  type WorkersReport,
} from '../../src/commands/workers-report.ts';
import { printSeconds, renderWorkers } from '../../src/commands/workers-table.ts';
import type { ServerStats } from '../../src/tracebacker/stats-json.ts';

const target = (worker: number, pid: number | null) => ({
  address: { kind: 'file', path: `/tmp/tb.${worker}` } as const,
  stream: null,
  worker,
  process: pid === null ? null : { pid, startTicks: 1 },
  server: 'pid 10',
});
const usage = { uptimeSeconds: 125, rssBytes: 25 * 2 ** 20, offers: 'tracebacker', hasCores: true } as const;
const seen = (threads: string[], cut = false): DumpSeen => ({
  reading: { waitMs: 0.42, tookMs: 0.9 },
  verdict: 'dump',
  streams: false,
  threads: threads.map((thread) => ({ thread, frames: [], cut })),
});
const server = (pid: number | null, workers: ServerReport['workers']): ServerReport => ({
  ...{ name: pid === null ? '/tmp/tb.' : `pid ${pid}`, pid, advice: null, checked: false, findings: [], workers },
});
const view = { nowEpochSeconds: 1_000, paint: (_: string, text: string) => text };
const stats: ServerStats = {
  version: '2.0.21',
  masterPid: 10,
  workers: [
    {
      ...{ worker: 1, pid: 11, status: 'busy', requests: 7, exceptions: 0, respawns: 1, averageMs: 12.34 },
      running: [
        { core: 0, method: 'GET', path: '/\x1b[2J', startedEpochSeconds: 939 },
        { core: 1, method: '', path: '/'.repeat(500), startedEpochSeconds: null },
      ],
    },
    { worker: 2, pid: 0, status: 'cheap', requests: 0, exceptions: 0, respawns: 0, averageMs: 0, running: [] },
  ],
};

describe('describeWorker', () => {
  it('counts cores and other threads', () => {
    const row = describeWorker(target(1, 11), usage, seen(['uWSGIWorker1Core0', 'Thread-1 (loop)']));
    expect(row).toMatchObject({ worker: 1, pid: 11, busyCores: 1, otherThreads: 1, verdict: 'ok', waitMs: 0.42 });
  });

  it('knows of threads only, where the program is no uWSGI', () => {
    const row = describeWorker(target(1, 11), { ...usage, hasCores: false }, seen(['MainThread']));
    expect(row).toMatchObject({ busyCores: null, otherThreads: 1 });
    const text = renderWorkers({ servers: [server(10, [row])], stats: null }, view);
    expect(text).toContain(' 1 thread ');
    expect(text).not.toContain('idle');
  });

  it.each([
    ['/tmp/tb.1', 'both'],
    ['/proc/10/root/tmp/tb.1', 'both'],
    ['/srv/tb.1', 'agent'],
    ['/srv/proc/10/root/tmp/tb.1', 'agent'],
  ])('takes the tracebacker for one, in a container or not: %s', (path, offers) => {
    const address = { kind: 'file', path } as const;
    const both = { ...target(1, 11), address, stream: { kind: 'file', path: `${path}.stream` } as const };
    expect(offerOf(both, { options: [['py-tracebacker', '/tmp/tb.']] })).toBe(offers);
    expect(offerOf({ ...both, stream: null }, null)).toBe('tracebacker');
  });

  it('calls a worker fit that has an agent and nothing for dumps, without a word on what it does', () => {
    const row = describeWorker(target(1, 11), usage, { ...seen([]), verdict: 'gone', streams: true });
    expect(row).toMatchObject({ verdict: 'ok', busyCores: null, otherThreads: null });
  });

  it('calls a worker unfit whose dump stops in a stack, or who was not asked', () => {
    expect(describeWorker(target(1, 11), usage, seen(['uWSGIWorker1Core0'], true)).verdict).toBe('cut');
    expect(describeWorker(target(1, 11), usage, null)).toMatchObject({ verdict: 'spared', busyCores: null });
  });
});

describe('addStats', () => {
  const rows = (...pids: (number | null)[]) =>
    pids.map((pid, index) => describeWorker(target(index + 1, pid), usage, seen([])));
  const statuses = ({ servers }: WorkersReport) =>
    servers.map(({ workers }) => workers.map((row) => row.stats?.status ?? null));

  it('goes by pid', () => {
    const servers = [server(10, rows(12, 11)), server(20, rows(21))];
    expect(statuses(addStats({ servers, stats }))).toEqual([[null, 'busy'], [null]]);
  });

  it('goes by number where pids are of another world and only one server can be meant', () => {
    expect(statuses(addStats({ servers: [server(90, rows(91, 92))], stats }))).toEqual([['busy', 'cheap']]);
    expect(statuses(addStats({ servers: [server(null, rows(null))], stats }))).toEqual([['busy']]);
    const two = [server(90, rows(91)), server(80, rows(81))];
    expect(statuses(addStats({ servers: two, stats }))).toEqual([[null], [null]]);
  });
});

describe('renderWorkers', () => {
  it('is a table for each server, with what to do', () => {
    const idle = describeWorker(target(1, 11), usage, seen([]));
    const busy = describeWorker(
      target(12, 1234),
      { ...usage, offers: 'both' },
      seen(['uWSGIWorker12Core0', 'uWSGIWorker12Core1', 'T\x1b']),
    );
    const spared = describeWorker(target(3, null), { ...usage, uptimeSeconds: null, rssBytes: null }, null);
    const danger = { kind: 'threads-before-fork', severity: 'danger', message: 'a\x07b', remedy: 'c' } as const;
    const report: WorkersReport = {
      servers: [
        { ...server(10, [idle, busy]), checked: true },
        { ...server(null, [spared]), findings: [danger] },
        { ...server(30, []), advice: { message: 'without a tracebacker', remedy: 'set py-tracebacker' } },
      ],
      stats: null,
    };
    expect(renderWorkers(report, view).split('\n')).toEqual([
      'server 10: 2 workers with an agent or a tracebacker',
      '  worker   pid  uptime     rss  state                       first byte  verdict  offers       address',
      '       1    11    2m5s  25 MiB  idle                            0.4 ms  ok       tracebacker  /tmp/tb.1',
      '      12  1234    2m5s  25 MiB  busy, 2 cores (+ 1 thread)      0.4 ms  ok       both         /tmp/tb.12',
      '  check: nothing found',
      '',
      'server /tmp/tb.: 1 worker with a tracebacker',
      '  worker  pid  uptime  rss  state  first byte  verdict  offers       address',
      '       3    ?       ?    ?  ?               -  spared   tracebacker  /tmp/tb.3',
      '  danger: a\\x07b',
      '      c',
      '',
      'server 30: 0 workers with a tracebacker',
      '  without a tracebacker: set py-tracebacker',
      '',
    ]);
  });

  it("adds uWSGI's own figures, safe for a terminal and of bounded width", () => {
    const text = renderWorkers({ servers: [server(10, [])], stats }, view);
    expect(text).toContain("uWSGI's own figures: version 2.0.21, master 10\n");
    expect(text).toMatch(/^ +1 +11 +busy +7 +0 +12\.3 ms +1 +core 0: GET \/\\x1b\[2J for 1m1s$/m);
    expect(text).toMatch(/^ +core 1: \? \/{120}\.\.\.$/m);
    expect(text).toMatch(/^ +2 +- +cheap +0 /m);
    expect(text).not.toContain('\x1b');
  });
});

describe('printSeconds', () => {
  it.each([
    [0.9, '0s'],
    [-3, '0s'],
    [125, '2m5s'],
    [7_999, '2h13m'],
    [446_400, '5d4h'],
  ])('prints %d', (seconds, text) => {
    expect(printSeconds(seconds)).toBe(text);
  });
});
