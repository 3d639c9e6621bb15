import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { banner } from '../../src/tracebacker/dump.ts';
import { defaultReadLimits, type ReadLimits, readDump } from '../../src/tracebacker/read.ts';
import { answer, answerNothing, fakeTracebacker, leaveStaleSocket, someDump } from '../helpers/fake-tracebacker.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

const folder = temporaryFolder();
const never = new AbortController().signal;
let sockets = 0;
const newPath = () => join(folder, `s.${++sockets}`);
const read = (path: string, limits?: Partial<ReadLimits>) =>
  readDump({ kind: 'file', path }, never, { ...defaultReadLimits, ...limits });

describe('readDump', () => {
  it('returns the bytes of a dump, whole, and how long they took', async () => {
    const path = newPath();
    await fakeTracebacker(path, answer(someDump(1, 3)));
    const { bytes, failure, waitMs, tookMs } = await read(path);
    expect(Buffer.from(bytes).toString()).toBe(someDump(1, 3));
    expect(failure).toBeNull();
    expect(waitMs).toBeGreaterThanOrEqual(0);
    expect(tookMs).toBeGreaterThanOrEqual(waitMs!);
  });

  it('takes a dump that trickles in', async () => {
    const path = newPath();
    await fakeTracebacker(path, (socket) => {
      const bytes = [...Buffer.from(someDump(1))];
      const next = () => {
        const byte = bytes.shift();
        if (byte === undefined) socket.end();
        else socket.write(Buffer.from([byte]), next);
      };
      next();
    });
    expect(Buffer.from((await read(path)).bytes).toString()).toBe(someDump(1));
  });

  it('has bytes of its own, which can be handed to another thread', async () => {
    const path = newPath();
    await fakeTracebacker(path, answer(someDump(1)));
    const { bytes } = await read(path);
    expect(bytes.byteLength).toBe(bytes.buffer.byteLength);
  });

  it('calls an idle worker a dump', async () => {
    const path = newPath();
    await fakeTracebacker(path, answer(`${banner}\n\n`));
    expect((await read(path)).failure).toBeNull();
  });

  it('reads to the end what is too large, and keeps none of it', async () => {
    const path = newPath();
    const large = Buffer.alloc(3_000_000, 'x');
    let sent = false;
    await fakeTracebacker(path, (socket) => {
      socket.end(large, () => {
        sent = true;
      });
    });
    const { bytes, failure } = await read(path, { maxBytes: 1_000_000 });
    expect({ size: bytes.length, failure, sent }).toEqual({ size: 0, failure: 'too-large', sent: true });
  });

  it('reads to the end what takes too long, and keeps none of it', async () => {
    const path = newPath();
    await fakeTracebacker(path, (socket) => {
      socket.write('*** uWSGI', () => setTimeout(() => socket.end(' and the rest'), 20));
    });
    expect(await read(path, { maxMs: 5 })).toMatchObject({ bytes: new Uint8Array(), failure: 'too-slow' });
  });

  it('names what went wrong', async () => {
    expect(await read(newPath())).toMatchObject({ failure: 'absent', reason: 'ENOENT', waitMs: null });

    const stale = newPath();
    await leaveStaleSocket(stale);
    expect(await read(stale)).toMatchObject({ failure: 'refused', reason: 'ECONNREFUSED' });

    const silent = newPath();
    await fakeTracebacker(silent, answerNothing);
    expect(await read(silent)).toMatchObject({ failure: 'empty', reason: null });

    const torn = newPath();
    await fakeTracebacker(torn, answer(someDump(1).slice(0, -5)));
    expect(await read(torn)).toMatchObject({ failure: 'reset' });

    const tornBanner = newPath();
    await fakeTracebacker(tornBanner, answer(banner.slice(0, 10)));
    expect(await read(tornBanner)).toMatchObject({ failure: 'reset' });

    const web = newPath();
    await fakeTracebacker(web, answer('HTTP/1.1 400 Bad Request\r\n\r\n'));
    expect(await read(web)).toMatchObject({ failure: 'not-a-tracebacker' });

    expect(await readDump({ kind: 'tcp', host: '127.0.0.1', port: 1 }, never)).toMatchObject({ failure: 'refused' });
  });

  it('closes the connection when it is told to give up', async () => {
    const path = newPath();
    const giveUp = new AbortController();
    let closed: Promise<unknown> | null = null;
    await fakeTracebacker(path, (socket) => {
      closed = new Promise((resolve) => socket.on('close', resolve));
      socket.write('*** uWSGI', () => giveUp.abort());
    });
    expect(await readDump({ kind: 'file', path }, giveUp.signal)).toMatchObject({ failure: 'abandoned' });
    await closed;
    expect(await readDump({ kind: 'file', path }, AbortSignal.abort())).toMatchObject({ failure: 'abandoned' });
  });
});
