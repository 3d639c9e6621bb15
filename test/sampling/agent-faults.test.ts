// Agents that do what they should, and agents that do not, recorded by the real command line: what the recording says,
// the exit code, and that a healthy worker beside them is recorded as it would be without them.
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { WorkerCoverage } from '../../src/aggregate/coverage.ts';
import { readProcessStat } from '../../src/tracebacker/processes.ts';
import {
  afterRequest,
  agentDumps,
  agentEnd,
  agentGap,
  agentHeader,
  agentTables,
  agentThatSamples,
  printLines,
} from '../helpers/fake-agent.ts';
import {
  answer,
  answerNothing,
  fakeTracebacker,
  newPrefix,
  type Script,
  someDump,
} from '../helpers/fake-tracebacker.ts';
import { startRecording } from '../helpers/live-recording.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';
import { eventually } from '../helpers/uwsgi.ts';

const folder = temporaryFolder();

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
    fault: 'a lie and a goodbye',
    stream: afterRequest((socket, { rateHz }) => {
      socket.end(greeting(rateHz) + printLines({ stacks: { parent: [2], frame: [0] } }, agentEnd));
    }),
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
    const prefix = newPrefix(folder);
    await fakeTracebacker(`${prefix}1.stream`, stream);
    if (text !== null) await fakeTracebacker(`${prefix}1`, text);
    const healthy = `${newPrefix(folder)}2`;
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

it('records a fleet of which only a part has agents at the rate that all of it bears, and says who answers', async () => {
  const prefix = join(folder, 'mixed.');
  await fakeTracebacker(`${prefix}1.stream`, agentThatSamples);
  await fakeTracebacker(`${prefix}2`, answer(someDump(2)));
  const recording = startRecording(folder, ['-s', prefix]);
  await recording.until('dumps of both', ({ workers }) => workers.length === 2 && workers.every(hasDumps));
  const { profile, coverage, exitCode, stderr } = await recording.end();
  expect(exitCode).toBe(0);
  expect(profile.meta).toMatchObject({ source: 'tracebacker', rateHz: 20 });
  expect(coverage.workers).toMatchObject([
    { source: 'agent', fallbacks: 0 },
    { source: 'tracebacker', fallbacks: 0 },
  ]);
  expect(stderr.match(/leak of the tracebacker/g)).toHaveLength(1);
});

it('lets an agent that is recorded finish before it stops at Ctrl-Z, and comes again afterwards', async () => {
  const path = join(folder, 'z.1');
  let open = 0;
  let streams = 0;
  await fakeTracebacker(`${path}.stream`, (socket, connection) => {
    open += 1;
    streams += 1;
    socket.on('close', () => {
      open -= 1;
    });
    agentThatSamples(socket, connection);
  });
  const recording = startRecording(folder, ['-s', path]);
  await recording.until('dumps', ({ workers }) => hasDumps(workers[0]!));
  recording.process.kill('SIGTSTP');
  await eventually(
    () => (readProcessStat(recording.process.pid!)?.state === 'T' ? true : null),
    () => 'it does not stop',
  );
  await eventually(
    () => (open === 0 ? true : null),
    () => 'it stops with its stream open',
  );
  await sleep(100); // several ticks: the pause is at least so long
  recording.process.kill('SIGCONT');
  await recording.until('the pause, and dumps after it', ({ workers: [worker] }) => worker!.gaps.has('paused'));
  await eventually(
    () => (open === 1 ? true : null),
    () => 'it does not come again',
  );
  const { coverage } = await recording.end();
  expect(streams).toBe(2);
  expect(coverage.workers[0]).toMatchObject({ source: 'agent', left: null, fallbacks: 0 });
});
