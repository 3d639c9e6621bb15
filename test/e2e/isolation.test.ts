// An unread dump freezes the sampled worker. So whatever the main thread does, dumps must be read at once: measured at
// the other end, in another process, as the time that it takes to get rid of a dump larger than a socket's buffer.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { temporaryFolder } from '../helpers/temporary-folder.ts';
import { eventually, stop } from '../helpers/uwsgi.ts';

const folder = temporaryFolder();
let sockets = 0;

/** As long as the issue asks for; a hundred times what a dump takes, and a tenth of it, are told apart without doubt. */
const blockMs = 5_000;

/** Runs a program of test/programs until the end of the test; `onLine` sees each line of its output as it comes. */
function startProgram(name: string, args: readonly string[], onLine: (line: string) => void = () => {}) {
  const file = fileURLToPath(new URL(`../programs/${name}`, import.meta.url));
  const child = spawn(process.execPath, [file, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => stop(child, 'SIGKILL'));
  createInterface(child.stdout).on('line', onLine);
  return new Promise<number | null>((resolve) => child.on('close', resolve));
}

async function serveLargeDumps() {
  const path = join(folder, `large${++sockets}.1`);
  const writeMs: number[] = [];
  let dumpBytes = 0;
  void startProgram('serve-large-dumps.js', [path], (line) => {
    const [word, number] = line.split(' ');
    if (word === 'listening') dumpBytes = Number(number);
    else writeMs.push(Number(number));
  });
  await eventually(
    () => dumpBytes > 0 || null,
    () => 'the tracebacker does not listen',
  );
  return { path, writeMs, dumpBytes };
}

/** How many dumps had been written when the main thread was blocked, and when it went on; what it says in the end. */
async function sampleBlocked({ path, writeMs }: { path: string; writeMs: readonly number[] }, rateHz: number) {
  let from = -1;
  let to = -1;
  let last = '';
  const exitCode = await startProgram('block-consumer.js', [path, `${rateHz}`, `${blockMs}`], (line) => {
    if (line === 'blocking') from = writeMs.length;
    if (line === 'unblocked') to = writeMs.length;
    last = line;
  });
  expect(exitCode).toBe(0);
  return {
    from,
    to,
    told: JSON.parse(last) as Record<
      'dumps' | 'observed' | 'unobserved' | 'planned' | 'waitingBytes' | 'rssBytes',
      number
    > & { gaps: Record<string, number> },
  };
}

describe('a main thread that is blocked for 5 s', () => {
  it('leaves no dump unread', async () => {
    const served = await serveLargeDumps();
    expect(served.dumpBytes).toBeGreaterThan(400_000); // more than the buffers of both ends take
    const { from, to, told } = await sampleBlocked(served, 15);
    expect(from).toBeGreaterThanOrEqual(0);
    expect(to - from).toBeGreaterThan(40);
    expect(Math.max(...served.writeMs)).toBeLessThan(blockMs / 10);
    expect(told.observed + told.unobserved).toBe(told.planned);
    expect(told.gaps).not.toHaveProperty('behind');
  });

  it('would freeze the worker if it were the one that reads: this measures what it should', async () => {
    const { path, writeMs } = await serveLargeDumps();
    void startProgram('block-client.js', [path, `${blockMs}`]);
    await eventually(
      () => writeMs.length > 0 || null,
      () => 'the dump was never written',
    );
    expect(writeMs[0]).toBeGreaterThan(0.9 * blockMs);
  });

  it('lets ticks go unobserved before memory grows beyond its bound, and still leaves no dump unread', async () => {
    const served = await serveLargeDumps();
    const { told } = await sampleBlocked(served, 200);
    const maxWaitingBytes = 64 * 1024 * 1024;
    expect(told.gaps.behind).toBeGreaterThan(10);
    expect(told.observed + told.unobserved).toBe(told.planned);
    expect(told.waitingBytes).toBeGreaterThan(maxWaitingBytes / 2);
    expect(told.waitingBytes).toBeLessThanOrEqual(maxWaitingBytes + served.dumpBytes);
    // Beside what waits, Node itself and what its collector has not yet freed.
    expect(told.rssBytes).toBeLessThan(5 * maxWaitingBytes);
    expect(Math.max(...served.writeMs)).toBeLessThan(blockMs / 10);
  });
});
