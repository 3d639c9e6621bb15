import { expect, it } from 'vitest';
import { measureCoverage } from '../src/aggregate/coverage.ts';
import { ProfileBuilder } from '../src/profile/builder.ts';
import type { StreamVerdictEnd } from '../src/sampling/sampled.ts';
import { StreamIntake, type WorkerEvent } from '../src/stream-intake.ts';
import { agentDumps, agentHeader, agentTables, printLines } from './helpers/fake-agent.ts';

function start(maxNamesBytes = 1e9) {
  const builder = new ProfileBuilder({ startedEpochMs: 0, rateHz: 10, host: 'h', source: 'agent', recorder: 'test' });
  for (const number of [1, 2]) builder.addWorker({ number, address: `/tmp/t.${number}` });
  const events: WorkerEvent[] = [];
  const intake = new StreamIntake({ builder, rateHz: 10, note: (event) => events.push(event), maxNamesBytes });
  const piece = (sinceMs: number, ticks: number, lines: readonly object[], end: StreamVerdictEnd | null = null) =>
    intake.take({
      ...{ worker: 0, sinceMs, untilMs: sinceMs + 1_000, ticks, end },
      bytes: Buffer.from(printLines(...lines)),
    });
  return { builder, events, piece };
}

const regular: StreamVerdictEnd = { verdict: 'ended', consequence: 'go on', gap: 'late' };
const greeting = [agentHeader(10), ...agentTables];

it('loses the ticks that an agent has not accounted for to the end of its stream', () => {
  const { piece, builder, events } = start();
  expect(piece(0, 4, [...greeting, agentDumps([{ timeMs: 0 }, { timeMs: 100, weight: 2 }])])).toBeNull();
  expect(piece(0, 3, [], { verdict: 'died', consequence: 'later', gap: 'died' })).toBeNull();
  expect(measureCoverage(builder.view()).observed).toBe(3);
  expect(events).toEqual([{ timeMs: 1_000, worker: 0, kind: 'gap', count: 4, reason: 'died' }]);
});

it('says once what is wrong, reads no more of that stream, and starts afresh with the next', () => {
  const { piece, builder, events } = start();
  expect(piece(0, 5, [...greeting, { stacks: {} }])).toMatch(/list is missing/);
  expect(piece(0, 5, [agentDumps([{ timeMs: 0 }])])).toBeNull();
  expect(piece(0, 0, [], { verdict: 'malformed', consequence: 'dumps', gap: 'malformed' })).toBeNull();
  expect(events.map(({ count, reason }) => [count, reason])).toEqual([[10, 'malformed']]);
  expect(piece(2_000, 5, [...greeting, agentDumps([{ timeMs: 0 }])])).toBeNull();
  expect(measureCoverage(builder.view()).observed).toBe(1);
});

it('refuses names without an end, however many streams they come in', () => {
  const { piece } = start(100_000);
  const names = (stream: number) => ({
    strings: Array.from({ length: 20 }, (_, at) => `${stream} ${at} ${'x'.repeat(500)}`),
  });
  const answers = Array.from({ length: 6 }, (_, stream) => {
    const wrong = piece(stream * 1_000, 1, [...greeting, names(stream)]);
    piece(stream * 1_000, 0, [], regular);
    return wrong;
  });
  expect(answers.slice(0, 4)).toEqual([null, null, null, null]);
  expect(answers.at(-1)).toMatch(/names too much/);
});
