import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readOnce } from '../../src/sampling/read-once.ts';
import type { Target } from '../../src/tracebacker/target.ts';
import { afterRequest, agentThatSamples } from '../helpers/fake-agent.ts';
import { answer, answerNothing, fakeTracebacker, type Script, someDump } from '../helpers/fake-tracebacker.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

const folder = temporaryFolder();
const never = new AbortController().signal;
/** A process that has never been: whoever answers nothing has died. */
const dead = { pid: 2 ** 30, startTicks: 1 };

async function target(server: string, worker: number, script: Script) {
  const path = join(folder, `${server}.${worker}`);
  const connections = await fakeTracebacker(path, script);
  const found: Target = { stream: null, address: { kind: 'file', path }, worker, process: dead, server };
  return { found, connections };
}

it('asks one worker of each server first, and nobody else of a server whose worker has died', async () => {
  const good = await Promise.all([1, 2].map((worker) => target('good', worker, answer(someDump(worker)))));
  const bad = await Promise.all([1, 2, 3].map((worker) => target('bad', worker, answerNothing)));
  const targets = [...bad, ...good].map(({ found }) => found);
  const dumps = await readOnce(targets, { stop: never, keepGoing: false });
  expect(dumps.map((dump) => [dump.target.server, dump.target.worker, dump.verdict])).toEqual([
    ['bad', 1, 'died'],
    ['good', 1, 'dump'],
    ['good', 2, 'dump'],
  ]);
  expect(bad.map(({ connections }) => connections())).toEqual([1, 0, 0]);
});

it('asks them all the same where a person insists', async () => {
  const bad = await Promise.all([1, 2].map((worker) => target('insist', worker, answerNothing)));
  const dumps = await readOnce(
    bad.map(({ found }) => found),
    { stop: never, keepGoing: true },
  );
  expect(dumps.map(({ verdict }) => verdict)).toEqual(['died', 'died']);
});

it('connects to nobody any more when it is stopped', async () => {
  const stop = new AbortController();
  const first = await target('stop', 1, (socket) => {
    stop.abort();
    socket.end(someDump(1));
  });
  const second = await target('stop', 2, answer(someDump(2)));
  await readOnce([first.found, second.found], { stop: stop.signal, keepGoing: false });
  expect(second.connections()).toBe(0);
});

it('looks for an agent where nothing gives dumps', async () => {
  const streaming = async (name: string, script: Script | null): Promise<Target> => {
    const path = join(folder, name);
    if (script) await fakeTracebacker(`${path}.stream`, script);
    const stream = { kind: 'file', path: `${path}.stream` } as const;
    return { stream, address: { kind: 'file', path }, worker: 1, process: null, server: name };
  };
  const refusing = afterRequest((socket) => {
    socket.end('{"error":"no"}\n');
  });
  const targets = [
    await streaming('a.1', agentThatSamples),
    await streaming('b.1', refusing),
    await streaming('c.1', null),
  ];
  const dumps = await readOnce(targets, { stop: never, keepGoing: false });
  expect(dumps.map(({ verdict, streams }) => [verdict, streams])).toEqual([
    ['gone', true],
    ['gone', false],
    ['gone', false],
  ]);
});
