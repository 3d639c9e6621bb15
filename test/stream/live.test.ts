// An agent's stream that is being made: what it may say, and that it gets nothing that it has no right to.
import { describe, expect, it } from 'vitest';
import { measureCoverage } from '../../src/aggregate/coverage.ts';
import { ProfileBuilder } from '../../src/profile/builder.ts';
import { type LiveEvent, LiveStream } from '../../src/stream/live.ts';
import { Malformed } from '../../src/stream/values.ts';
import {
  type AgentDump,
  agentDumps,
  agentEnd,
  agentGap,
  agentHeader,
  agentTables,
  printLines,
} from '../helpers/fake-agent.ts';

const rateHz = 10;
const sinceMs = 5_000;

function start() {
  const meta = { startedEpochMs: 0, rateHz, host: 'h', source: 'agent', recorder: 'test' };
  const builder = new ProfileBuilder(meta);
  for (const number of [1, 2]) builder.addWorker({ number, address: `/tmp/t.${number}` });
  const events: LiveEvent[] = [];
  const live = new LiveStream({ builder, worker: 1, rateHz, sinceMs, note: (event) => events.push(event) });
  const say = (...lines: object[]) => live.take(printLines(...lines));
  return { builder, live, events, say, view: () => builder.view() };
}

/** After its tables, when one second has passed. */
function begin() {
  const started = start();
  started.live.pass(10, sinceMs + 1_000);
  started.say(agentHeader(rateHz), ...agentTables);
  return started;
}

const ticks = (count: number): AgentDump[] => Array.from({ length: count }, (_, tick) => ({ timeMs: tick * 100 }));

describe('LiveStream', () => {
  it('adds dumps to the given worker, at the time of the recording', () => {
    const { say, view, live } = begin();
    say(
      agentDumps([
        { timeMs: 0, cpuUs: 70 },
        { timeMs: 100, weight: 2 },
      ]),
    );
    const { dumps, samples, threads, stacks } = view();
    expect([...dumps.worker]).toEqual([1, 1]);
    expect([...dumps.timeMs]).toEqual([5_000, 5_100]);
    expect([...dumps.weight]).toEqual([1, 2]);
    expect([...samples.cpuUs]).toEqual([70, -1]);
    expect(threads).toEqual([{ worker: 1, name: 'uWSGIWorker1Core0' }]);
    expect(stacks.frame).toHaveLength(2);
    expect(live.settle()).toBe(7);
  });

  it('has each name once, however many streams define it', () => {
    const { builder, say, view } = begin();
    const again = new LiveStream({ builder, worker: 1, rateHz, sinceMs, note: () => {} });
    say(agentDumps(ticks(1)));
    const before = builder.namesBytes;
    again.pass(1, 6_000);
    again.take(printLines(agentHeader(rateHz), ...agentTables, agentDumps(ticks(1))));
    expect(builder.namesBytes).toBe(before);
    expect(view().dumps.worker).toHaveLength(2);
  });

  it('takes over gaps, cut stacks, the limits of cost and what was not looked for; other events are not its to tell', () => {
    const { say, events, live } = begin();
    const event = (kind: string, count: number, reason = '') => ({
      events: [{ timeMs: 10, worker: 0, kind, count, reason }],
    });
    say(agentGap(0, 3), agentGap(100, 2, '<script>'), event('cut', 4), event('throttle', 5), event('left', 1, 'died'));
    say(event('unsearched', 7, 'most'), event('unsearched', 1, 'objects'), event('unsearched', 2, '<script>'));
    expect(events).toEqual([
      { timeMs: 5_000, kind: 'gap', count: 3, reason: 'behind' },
      { timeMs: 5_100, kind: 'gap', count: 2, reason: 'late' },
      { timeMs: 5_010, kind: 'cut', count: 4, reason: '' },
      { timeMs: 5_010, kind: 'throttle', count: 5, reason: 'overhead' },
      { timeMs: 5_010, kind: 'unsearched', count: 7, reason: 'most' },
      { timeMs: 5_010, kind: 'unsearched', count: 1, reason: 'objects' },
      { timeMs: 5_010, kind: 'unsearched', count: 2, reason: 'most' },
    ]);
    expect(live.settle()).toBe(5);
  });

  it('may be a tick ahead of us, which gives it no tick more', () => {
    const { say, view, live } = begin();
    say(agentDumps(ticks(11).map((dump) => ({ timeMs: Math.min(dump.timeMs, 1_000) }))));
    expect(measureCoverage(view()).observed).toBe(10);
    expect(live.settle()).toBe(0);
  });

  it('cuts long names', () => {
    const { say, view } = start();
    say(agentHeader(rateHz), { strings: ['x'.repeat(1e6)] });
    expect(view().strings[0]).toHaveLength(1_000);
  });

  const dump = (change: (columns: Record<string, Record<string, unknown[]>>) => void) => {
    const line = agentDumps(ticks(2)) as Record<string, Record<string, unknown[]>>;
    change(line);
    return line;
  };

  it.each<[string, object[]]>([
    ['another version', [agentHeader(rateHz, { tbprof: 2 })]],
    ['another rate', [agentHeader(rateHz + 1)]],
    ['another measure', [agentHeader(rateHz, { measure: 'cpu' })]],
    ['no header', [{ strings: [] }]],
  ])('refuses a stream of %s', (_, lines) => {
    expect(() => start().say(...lines)).toThrow(Malformed);
  });

  it.each<[string, object[]]>([
    ['more ticks than have passed', [agentDumps([{ timeMs: 0, weight: 1_000 }])]],
    ['a gap of more ticks than have passed', [agentGap(0, 2 ** 31 - 1)]],
    ['small surpluses that add up', Array.from({ length: 5 }, () => agentGap(0, 4))],
    ['a time that goes backwards', [agentDumps([{ timeMs: 100 }, { timeMs: 99 }])]],
    ['a time ahead of ours', [agentDumps([{ timeMs: 9_999 }])]],
    ['processor time beyond what has passed', [agentDumps([{ timeMs: 0, cpuUs: 2_100_000 }])]],
    ['a weight of 0', [agentDumps([{ timeMs: 0, weight: 0 }])]],
    ['a negative weight', [agentDumps([{ timeMs: 0, weight: -1 }])]],
    ['a broken weight', [agentDumps([{ timeMs: 0, weight: 1.5 }])]],
    ['a thread that is not there', [dump(({ sampled }) => sampled!.thread!.splice(1, 1, 7))]],
    ['a stack that is not there', [dump(({ sampled }) => sampled!.stack!.splice(1, 1, '0'))]],
    ['samples that weigh more than their dump', [dump(({ sampled }) => sampled!.weight!.splice(1, 1, 2))]],
    ['columns of several lengths', [dump(({ sampled }) => sampled!.weight!.pop())]],
    ['too many samples of a dump', [dump(({ dumps }) => dumps!.samples!.splice(0, 1, 2 ** 30))]],
    ['samples of no dump', [dump(({ dumps }) => dumps!.samples!.splice(0, 1, 0))]],
    ['merged dumps', [dump(({ dumps }) => dumps!.dumps!.splice(0, 1, 2))]],
    ['another worker', [dump(({ dumps }) => dumps!.worker!.splice(0, 1, 1))]],
    ['several workers', [{ workers: [{}] }]],
    ['a stack below itself', [{ stacks: { parent: [2], frame: [0] } }]],
    ['a prototype', [{ frames: { function: ['__proto__'], file: [0], line: [0], source: [0] } }]],
    ['something after the end', [agentEnd, agentEnd]],
  ])('refuses %s, and keeps the law', (_, lines) => {
    const { say, view, live, events } = begin();
    expect(() => say(...lines)).toThrow(Malformed);
    const gaps = events.filter(({ kind }) => kind === 'gap').reduce((sum, { count }) => sum + count, 0);
    expect(measureCoverage(view()).observed + gaps + live.settle()).toBe(10);
    // Nothing of a dump that was refused may become part of the next one.
    const { dumps, samples } = view();
    expect(samples.weight).toHaveLength(dumps.sampleEnd.at(-1) ?? 0);
  });

  it.each(['{', '[]', 'null', '1', '"x"'])('refuses a line that is %s', (line) => {
    expect(() => begin().live.take(`${line}\n`)).toThrow(Malformed);
  });

  it('refuses tables without an end', () => {
    const { say } = begin();
    const row = { strings: Array.from({ length: 100_000 }, () => '') };
    expect(() => {
      for (let line = 0; line < 21; line++) say(row);
    }).toThrow(/too large/);
  });
});
