// One worker misbehaves beside a healthy one: what the recording says of it, the exit code, and that the other one's
// samples are as they would be without it. Recordings are ended as soon as they show what they should.
import { chmodSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Coverage, WorkerCoverage } from '../../src/aggregate/coverage.ts';
import { forEachSample, framesOf, type Profile } from '../../src/profile/profile.ts';
import { banner, printDump } from '../../src/tracebacker/dump.ts';
import {
  answer,
  answerAfter,
  answerForEver,
  answerNothing,
  breakInTheMiddle,
  fakeTcpTracebacker,
  fakeTracebacker,
  leaveStaleSocket,
  newPrefix,
  type Script,
  someDump,
  stallInTheMiddle,
  trickle,
} from '../helpers/fake-tracebacker.ts';
import { startRecording } from '../helpers/live-recording.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

const folder = temporaryFolder();

interface Row {
  readonly fault: string;
  /** Makes the tracebacker at this path; a `-s` of its own where it is elsewhere. */
  readonly setUp: (path: string) => Promise<unknown>;
  /** What happens when both have been recorded for a moment. */
  readonly during?: (path: string) => Promise<unknown> | undefined;
  /** Recorded until this is to be seen of it. */
  readonly until: (worker: WorkerCoverage, profile: Profile) => boolean;
  readonly expected: Partial<WorkerCoverage>;
  readonly exitCode: 0 | 3;
  readonly said?: RegExp;
  readonly through?: readonly string[];
}

const serve = (script: Script) => (path: string) => fakeTracebacker(path, script);
const well = { left: null, isGone: false, cutStacks: 0, unreadableLines: 0 };
const dumpsOf =
  (number: number) =>
  ({ dumps }: WorkerCoverage) =>
    dumps >= number;
const isLeft = ({ left }: WorkerCoverage) => left !== null;
const isGone = (worker: WorkerCoverage) => worker.isGone;

let endlessBytes = 0;
let replaced = () => 0;

const deepStack = printDump([
  {
    thread: 'uWSGIWorker1Core0',
    frames: Array.from({ length: 300 }, (_, depth) => ({
      function: `f${depth}`,
      file: '/srv/deep.py',
      line: depth + 1,
      source: 'return f(n - 1)',
    })),
  },
]);
const noise = Buffer.from(Array.from({ length: 5_000 }, (_, at) => (at * 7_919 + 13) % 256));

/** Root may do anything, unless this is taken from it: then it is the owner of the socket, and nothing more. */
const withoutPrivileges =
  process.getuid?.() === 0 ? ['setpriv', '--bounding-set', '-dac_override', '--inh-caps', '-dac_override'] : [];

const rows: readonly Row[] = [
  {
    fault: 'is slow',
    setUp: serve(answerAfter(200, someDump(1))),
    until: dumpsOf(5),
    expected: { ...well, unobserved: 0 },
    exitCode: 0,
  },
  {
    fault: 'stalls in the middle of a line, then goes on',
    setUp: serve(stallInTheMiddle(10, someDump(1))),
    until: dumpsOf(20),
    expected: well,
    exitCode: 0,
  },
  {
    fault: 'stalls for so long that its dumps cost too much',
    setUp: serve(stallInTheMiddle(200, someDump(1))),
    until: ({ dumps, stride }) => dumps > 5 && stride > 1,
    expected: well,
    exitCode: 3,
    said: /sampled less often than asked for/,
  },
  {
    fault: 'sends a byte at a time',
    setUp: serve(trickle(someDump(1))),
    until: dumpsOf(5),
    expected: well,
    exitCode: 0,
  },
  {
    fault: 'refuses: its server is gone',
    setUp: leaveStaleSocket,
    until: ({ gaps }) => gaps.has('gone'),
    expected: { ...well, isGone: true, dumps: 0 },
    exitCode: 0,
  },
  {
    fault: 'breaks the connection',
    setUp: async () => `127.0.0.1:${(await fakeTcpTracebacker(breakInTheMiddle)).port}`,
    until: isLeft,
    expected: { left: 'reset' },
    exitCode: 3,
    said: /broke the connection/,
  },
  {
    fault: 'closes without a word',
    setUp: serve(answerNothing),
    until: isLeft,
    expected: { left: 'poisoned', dumps: 0 },
    exitCode: 3,
    said: /poisoned/,
  },
  {
    fault: 'closes without a word after some dumps',
    setUp: serve((socket, connection) => (connection < 10 ? answer(someDump(1)) : answerNothing)(socket, connection)),
    until: isLeft,
    expected: { left: 'poisoned', dumps: 10 },
    exitCode: 3,
    said: /poisoned/,
  },
  {
    fault: 'closes after the banner: it is idle',
    setUp: serve(answer(`${banner}\n\n`)),
    until: dumpsOf(10),
    expected: { ...well, busyCoreTicks: 0 },
    exitCode: 0,
  },
  {
    fault: 'closes in the middle of a line',
    setUp: serve(answer(someDump(1).slice(0, -20))),
    until: isLeft,
    expected: { left: 'reset', dumps: 0 },
    exitCode: 3,
    said: /broke the connection/,
  },
  {
    fault: 'closes in the middle of a stack',
    setUp: serve(answer(someDump(1).slice(0, -1))),
    until: ({ cutStacks }) => cutStacks > 0,
    expected: { left: null, isGone: false },
    exitCode: 0,
    said: /cut short/,
  },
  {
    fault: 'sends a dump without an end',
    setUp: serve(
      answerForEver((bytes) => {
        endlessBytes += bytes;
      }),
    ),
    until: () => endlessBytes > 80 * 1024 * 1024,
    expected: { left: 'too-large', dumps: 0 },
    exitCode: 3,
    said: /too large/,
  },
  {
    fault: 'sends garbage',
    setUp: serve(answer(noise)),
    until: isLeft,
    expected: { left: 'not-a-tracebacker', dumps: 0 },
    exitCode: 3,
    said: /no tracebacker/,
  },
  {
    fault: 'sends garbage behind its banner',
    setUp: serve(answer(Buffer.concat([Buffer.from(`${banner}\n\n`), noise, Buffer.from('\n')]))),
    until: ({ unreadableLines }) => unreadableLines > 0,
    expected: { left: null, isGone: false },
    exitCode: 0,
    said: /not understood/,
  },
  {
    fault: 'has stacks of 300 frames',
    setUp: serve(answer(deepStack)),
    until: (_, profile) => deepest(profile) === 300,
    expected: well,
    exitCode: 0,
  },
  {
    fault: 'has 1,000 threads',
    setUp: serve(answer(someDump(1, 1_000))),
    until: (worker, { threads }) => worker.dumps >= 5 && threads.length === 1_001,
    expected: { ...well, cores: 1_000 },
    exitCode: 0,
  },
  {
    fault: 'has its socket file replaced',
    setUp: serve(answer(someDump(1))),
    during: async (path) => {
      replaced = await fakeTracebacker(`${path}.new`, answer(someDump(1)));
      renameSync(`${path}.new`, path);
    },
    until: () => replaced() > 10,
    expected: well,
    exitCode: 0,
  },
  {
    fault: 'has its socket file deleted',
    setUp: serve(answer(someDump(1))),
    during: async (path) => rmSync(path),
    until: isGone,
    expected: { left: null, isGone: true },
    exitCode: 0,
  },
  {
    fault: 'has its socket file turned into a directory',
    setUp: serve(answer(someDump(1))),
    during: async (path) => {
      rmSync(path);
      mkdirSync(path);
    },
    until: isGone,
    expected: { left: null, isGone: true },
    exitCode: 0,
  },
  {
    fault: 'has the permission to connect removed',
    setUp: serve(answer(someDump(1))),
    during: async (path) => chmodSync(path, 0),
    until: isLeft,
    expected: { left: 'denied' },
    exitCode: 3,
    said: /no permission to connect: .*chmod-socket/,
    through: withoutPrivileges,
  },
];

function deepest(profile: Profile): number {
  let depth = 0;
  forEachSample(profile, (sample) => {
    depth = Math.max(depth, framesOf(profile, profile.samples.stack[sample]!).length);
  });
  return depth;
}

/** Ticks of the samples of a worker, by the text of their stacks. */
function stacksOf(profile: Profile, worker: number): Record<string, number> {
  const { frames, samples, strings, threads } = profile;
  const ticks: Record<string, number> = {};
  forEachSample(profile, (sample, weight) => {
    if (threads[samples.thread[sample]!]!.worker !== worker) return;
    const names = framesOf(profile, samples.stack[sample]!).map((frame) => strings[frames.function[frame]!]!);
    ticks[names.join(';')] = (ticks[names.join(';')] ?? 0) + weight;
  });
  return ticks;
}

const beside = (coverage: Coverage) => coverage.workers[1]?.dumps ?? 0;

describe('a worker that', () => {
  it.each(rows)('$fault', async ({ setUp, during, until, expected, exitCode, said, through = [] }) => {
    const prefix = newPrefix(folder);
    const elsewhere = await setUp(`${prefix}1`);
    await fakeTracebacker(`${prefix}2`, answer(someDump(2)));
    const where = ['-s', prefix, ...(typeof elsewhere === 'string' ? ['-s', elsewhere] : [])];
    const recording = startRecording(folder, [...where, '-r', '50', '--max-leak', '1g', '--max-overhead', '1'], {
      through,
    });
    if (during) {
      await recording.until('dumps of both', ({ workers }) => workers.length === 2 && workers.every(dumpsOf(5)));
      await during(`${prefix}1`);
    }
    await recording.until(
      'the fault, and the other one meanwhile',
      (coverage, profile) => beside(coverage) >= 30 && until(coverage.workers[0]!, profile),
    );
    const ended = await recording.end();
    const { coverage, profile, stderr } = ended;
    const [faulty, healthy] = coverage.workers;
    expect({ exitCode: ended.exitCode, stderr }).toEqual({ exitCode, stderr: expect.stringMatching(said ?? /ticks/) });
    expect(coverage.workers).toHaveLength(2);
    expect(faulty).toMatchObject(expected);
    for (const { planned, observed, unobserved } of coverage.workers) expect(observed + unobserved).toBe(planned);

    expect(healthy).toMatchObject({ ...well, respawns: 0 });
    // One that is dear slows down no other one.
    expect(healthy!.stride).toBe(1);
    expect(stacksOf(profile, 1)).toEqual({ 'application;view': healthy!.observed });
    // A worker that has not yet proven that it survives a dump holds the others up, for 2 s at most.
    const preflight = healthy!.gaps.get('preflight') ?? 0;
    expect(preflight).toBeLessThan(5 * 50);
    expect(healthy!.observed).toBeGreaterThan(0.5 * (healthy!.planned - preflight));
  });
});
