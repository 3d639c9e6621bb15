// Agents that do what they should, and agents that do not, recorded by the real command line: what the recording says,
// the exit code, and that a healthy worker beside them is recorded as it would be without them.
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { WorkerCoverage } from '../../src/aggregate/coverage.ts';
import {
  afterRequest,
  agentDumps,
  agentGap,
  agentHeader,
  agentTables,
  agentThatSamples,
  printLines,
} from '../helpers/fake-agent.ts';
import { answer, answerNothing, fakeTracebacker, type Script, someDump } from '../helpers/fake-tracebacker.ts';
import { startRecording } from '../helpers/live-recording.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

const folder = temporaryFolder();
let fleets = 0;

interface Row {
  readonly fault: string;
  readonly stream: Script;
  /** Null: it has none. */
  readonly text?: Script | null;
  readonly until: (worker: WorkerCoverage) => boolean;
  readonly expected: Partial<WorkerCoverage>;
  readonly exitCode: 0 | 3;
  readonly said?: RegExp;
}

const greeting = (rateHz: unknown) => printLines(agentHeader(rateHz as number), ...agentTables);
const lying = (...lines: object[]) =>
  afterRequest((socket, { rateHz }) => {
    socket.write(greeting(rateHz) + printLines(...lines));
  });
const hasDumps = ({ dumps }: WorkerCoverage) => dumps > 5;
const fellBack = { source: 'tracebacker', fallbacks: 1, left: null };

const rows: readonly Row[] = [
  {
    fault: 'nothing at all',
    stream: agentThatSamples,
    until: ({ dumps }) => dumps > 50,
    expected: { source: 'agent', fallbacks: 0, left: null },
    exitCode: 0,
  },
  {
    fault: 'no socket for dumps',
    stream: agentThatSamples,
    text: null,
    until: ({ dumps }) => dumps > 50,
    expected: { source: 'agent', fallbacks: 0, left: null },
    exitCode: 0,
  },
  {
    fault: 'a refusal',
    stream: afterRequest((socket) => {
      socket.end('{"error":"too many clients"}\n');
    }),
    until: hasDumps,
    expected: fellBack,
    exitCode: 0,
    said: /its agent could not be used/,
  },
  {
    fault: 'more ticks than there are',
    stream: lying(agentDumps([{ timeMs: 0, weight: 1_000_000 }])),
    until: hasDumps,
    expected: fellBack,
    exitCode: 0,
  },
  {
    fault: 'endless gaps',
    stream: afterRequest((socket, { rateHz }) => {
      socket.write(greeting(rateHz));
      const timer = setInterval(() => socket.write(printLines(agentGap(0, 100))), 1);
      socket.on('close', () => clearInterval(timer));
    }),
    until: hasDumps,
    expected: fellBack,
    exitCode: 0,
  },
  {
    fault: 'a stack of itself',
    stream: lying({ stacks: { parent: [2], frame: [0] } }),
    until: hasDumps,
    expected: fellBack,
    exitCode: 0,
  },
  {
    fault: 'output without an end',
    stream: afterRequest((socket, { rateHz }) => {
      socket.write(greeting(rateHz));
      const piece = `${JSON.stringify({ x: 'x'.repeat(1_000_000) })}\n`.repeat(4);
      const send = () => {
        if (!socket.destroyed) socket.write(piece, () => setImmediate(send));
      };
      send();
    }),
    until: hasDumps,
    expected: fellBack,
    exitCode: 0,
  },
  {
    fault: 'a broken stream, and a poisoned tracebacker',
    stream: lying({ stacks: {} }),
    text: answerNothing,
    until: ({ left }) => left !== null,
    expected: { left: 'poisoned', dumps: 0 },
    exitCode: 3,
  },
];

describe('an agent with', () => {
  it.each(rows)('$fault', async ({ stream, text = answer(someDump(1)), until, expected, exitCode, said }) => {
    const prefix = join(folder, `f${++fleets}.`);
    await fakeTracebacker(`${prefix}1.stream`, stream);
    if (text !== null) await fakeTracebacker(`${prefix}1`, text);
    const healthy = join(folder, `h${fleets}.2`);
    await fakeTracebacker(`${healthy}.stream`, agentThatSamples);
    const recording = startRecording(folder, ['-s', prefix, '-s', healthy]);
    await recording.until('what is expected', ({ workers }) => workers.length === 2 && until(workers[0]!));
    const { profile, coverage, ...finished } = await recording.end();
    expect(coverage.workers[0]).toMatchObject(expected);
    expect(finished.exitCode).toBe(exitCode);
    if (said) expect(finished.stderr).toMatch(said);
    expect(profile.meta).toMatchObject({ source: 'agent', rateHz: 100 });
    const due = (profile.meta.durationMs! * 100) / 1_000;
    for (const { planned, observed, unobserved } of coverage.workers) {
      expect(planned).toBe(observed + unobserved);
      expect(Math.abs(planned - due)).toBeLessThan(2);
    }
    expect(coverage.workers[1]).toMatchObject({ source: 'agent', fallbacks: 0, left: null, isGone: false });
    expect(coverage.workers[1]!.dumps).toBeGreaterThan(0);
  });
});
