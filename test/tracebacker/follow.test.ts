// One stream, over real sockets: how it ends, and what is never taken from it.
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import {
  defaultStreamLimits,
  type FollowOptions,
  followStream,
  type StreamLimits,
} from '../../src/tracebacker/follow.ts';
import {
  afterRequest,
  agentEnd,
  agentHeader,
  agentTables,
  agentThatSamples,
  printLines,
} from '../helpers/fake-agent.ts';
import { fakeTracebacker, leaveStaleSocket, type Script } from '../helpers/fake-tracebacker.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

const folder = temporaryFolder();
let sockets = 0;
const request = { rateHz: 50, switchInterval: 0.0001, maxOverhead: 0.1, cpu: true, greenlets: false, tasks: false };

interface Options {
  readonly limits?: Partial<StreamLimits> | undefined;
  readonly room?: FollowOptions['room'] | undefined;
  /** Called for each piece. */
  readonly onLines?: ((text: string) => void) | undefined;
}

async function follow(script: Script, options: Options = {}) {
  const path = join(folder, `s.${++sockets}`);
  await fakeTracebacker(path, script);
  return followPath(path, options);
}

function followPath(path: string, { limits, room = () => null, onLines }: Options = {}) {
  const pieces: string[] = [];
  const following = followStream(
    { kind: 'file', path },
    {
      request,
      room,
      take: (lines) => {
        pieces.push(new TextDecoder().decode(lines));
        onLines?.(pieces.at(-1)!);
      },
      limits: { ...defaultStreamLimits, ...limits },
    },
  );
  return { following, pieces };
}

/** The failure of a stream that ends by itself. */
async function endOf(script: Script, limits: Partial<StreamLimits> = {}) {
  const { following, pieces } = await follow(script, { limits });
  return { ...(await following.done), text: pieces.join('') };
}

const saying = (...texts: string[]) =>
  afterRequest((socket) => {
    socket.end(texts.join(''));
  });
const header = printLines(agentHeader(50));

it('asks in one line, and hands on whole lines only', async () => {
  let asked: unknown;
  const text = printLines(agentHeader(50), ...agentTables, agentEnd);
  const script = afterRequest((socket, line) => {
    asked = line;
    const send = (at: number) => {
      if (at >= text.length) socket.end();
      else socket.write(text.slice(at, at + 7), () => setImmediate(send, at + 7));
    };
    send(0);
  });
  const { following, pieces } = await follow(script);
  expect(await following.done).toEqual({ failure: 'ended', reason: null });
  expect(asked).toEqual({ tbprof: 1, ...request });
  expect(pieces.join('')).toBe(text);
  for (const piece of pieces) expect(piece.endsWith('\n')).toBe(true);
});

it.each<[string, Script, string]>([
  ['refuses', saying('{"error":"no\\u001b"}\n'), 'refused'],
  ['speaks another version', saying('{"tbprof":2}\n'), 'refused'],
  ['sends a dump instead', saying('*** uWSGI Python tracebacker output ***\n\n'), 'no-stream'],
  ['sends other JSON', saying('[]\n'), 'no-stream'],
  ['sends null', saying('null\n'), 'no-stream'],
  ['sends half a line', saying('{"tbprof":1'), 'no-stream'],
  ['closes without a word', saying(''), 'reset'],
  ['stops without its end', saying(header), 'reset'],
  ['stops in the middle of a line', saying(header, printLines(agentEnd), '{"x'), 'reset'],
])('tells how a stream ends that %s', async (_, script, failure) => {
  expect(await endOf(script)).toMatchObject({ failure });
});

it('waits for the first line no longer than it may', async () => {
  const mute = afterRequest(() => {});
  expect(await endOf(mute, { headerMs: 20 })).toMatchObject({ failure: 'no-stream', text: '' });
});

it('waits for all that comes after it', async () => {
  const slow = afterRequest((socket) => {
    socket.write(header, () => setTimeout(() => socket.end(printLines(agentEnd)), 60));
  });
  expect(await endOf(slow, { headerMs: 20 })).toMatchObject({ failure: 'ended' });
});

function pour(piece: string): Script {
  return afterRequest((socket: Socket) => {
    socket.write(header);
    const send = () => {
      if (!socket.destroyed) socket.write(piece, () => setImmediate(send));
    };
    send();
  });
}

it('cuts off a line without an end', async () => {
  const { failure, text } = await endOf(pour('x'.repeat(10_000)), { maxLineBytes: 100_000 });
  expect({ failure, text }).toEqual({ failure: 'too-large', text: header });
});

it('cuts off what sends more than any agent has to say', async () => {
  const limits = { maxBytes: 100_000, maxBytesPerSecond: 1_000 };
  const { failure, text } = await endOf(pour(`{"x":"${'x'.repeat(1_000)}"}\n`), limits);
  expect(failure).toBe('too-large');
  expect(text.length).toBeLessThan(150_000);
});

it('says that nothing is there, or that nothing listens', async () => {
  expect(await followPath(join(folder, 'none')).following.done).toMatchObject({ failure: 'absent' });
  const stale = join(folder, 'stale');
  await leaveStaleSocket(stale);
  expect(await followPath(stale).following.done).toMatchObject({ failure: 'absent', reason: 'ECONNREFUSED' });
});

it('closes in order: what is in flight is still taken', async () => {
  let close = () => {};
  const { following, pieces } = await follow(agentThatSamples, {
    onLines: (text) => text.includes('dumps') && close(),
  });
  close = () => following.close();
  expect(await following.done).toEqual({ failure: 'closed', reason: null });
  expect(pieces.join('')).toMatch(/"end":.*\n$/);
});

it('does not wait for ever for a goodbye', async () => {
  const deaf = afterRequest((socket) => {
    socket.write(header);
  });
  const { following } = await follow(deaf, { limits: { goodbyeMs: 20 }, onLines: () => following.close() });
  expect(await following.done).toMatchObject({ failure: 'closed' });
});

it('reads nothing while there is no room', async () => {
  let makeRoom = () => {};
  const full = new Promise<void>((resolve) => {
    makeRoom = resolve;
  });
  let whileFull: number | null = null;
  const line = `{"x":"${'x'.repeat(100_000)}"}\n`;
  const script = afterRequest((socket) => {
    socket.write(header);
    while (socket.write(line)); // until it is stuck
    setImmediate(() => {
      whileFull = pieces.length;
      makeRoom();
      socket.end(printLines(agentEnd));
    });
  });
  const { following, pieces } = await follow(script, { room: () => (whileFull === null ? full : null) });
  expect(await following.done).toMatchObject({ failure: 'ended' });
  expect(whileFull).toBeLessThanOrEqual(1);
  expect(pieces.join('').length).toBeGreaterThan(header.length + line.length);
});
