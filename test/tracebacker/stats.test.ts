import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseStatsAddress, readStats } from '../../src/tracebacker/stats.ts';
import {
  answer,
  answerNothing,
  fakeTcpTracebacker,
  fakeTracebacker,
  leaveStaleSocket,
  type Script,
} from '../helpers/fake-tracebacker.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

const folder = temporaryFolder();
const never = new AbortController().signal;
const empty = '{"version":"2.0.21","pid":1,"workers":[]}';
let sockets = 0;

async function listen(script: Script): Promise<string> {
  const path = join(folder, `stats${++sockets}`);
  await fakeTracebacker(path, script);
  return path;
}

describe('readStats', () => {
  it('reads an answer in pieces', async () => {
    const where = await listen((socket) => {
      socket.write(empty.slice(0, 10), () => socket.end(empty.slice(10)));
    });
    expect(await readStats({ where, http: false }, never)).toEqual({ version: '2.0.21', masterPid: 1, workers: [] });
  });

  it('asks over HTTP where it is told to, by TCP too', async () => {
    let request = '';
    const { port } = await fakeTcpTracebacker((socket) => {
      socket.on('data', (chunk) => {
        request += chunk;
        if (request.endsWith('\r\n\r\n')) socket.end(`HTTP/1.0 200 OK\r\n\r\n${empty}`);
      });
    });
    expect(await readStats({ where: `:${port}`, http: true }, never)).toMatchObject({ masterPid: 1 });
    expect(request).toMatch(/^GET \/ HTTP\/1\.0\r\n/);
  });

  it.each<[string, Script, RegExp]>([
    ['what is no stats server', answer('*** uWSGI Python tracebacker output ***\n\n'), /is no stats server/],
    ['an answer of nothing', answerNothing, /is no stats server/],
    ['one that waits for a request', () => {}, /did not finish its answer in time/],
    ['an answer without an end', (socket) => void socket.write('{'), /did not finish its answer in time/],
    ['an answer that is too large', answer(' '.repeat(2_000)), /is too large/],
  ])('says what is wrong with %s', async (_, script, message) => {
    const where = await listen(script);
    const reading = readStats({ where, http: false }, never, { maxBytes: 1_000, maxMs: 200 });
    await expect(reading).rejects.toThrow(message);
    await expect(reading).rejects.toMatchObject({ code: 'stats' });
  });

  it('names the option where nothing came in time', async () => {
    const where = await listen(() => {});
    const reading = readStats({ where, http: false }, never, { maxBytes: 1_000, maxMs: 200 });
    await expect(reading).rejects.toMatchObject({ hint: expect.stringContaining('--stats-http') });
  });

  it('says that nothing listens', async () => {
    const stale = join(folder, 'stale');
    await leaveStaleSocket(stale);
    for (const where of [stale, join(folder, 'none')]) {
      await expect(readStats({ where, http: false }, never)).rejects.toThrow(`no stats server listens on ${where}`);
    }
  });

  it('stops when it is told to', async () => {
    const stop = new AbortController();
    const where = await listen(() => stop.abort());
    await expect(readStats({ where, http: false }, stop.signal)).rejects.toThrow(/was not waited for/);
  });
});

describe('parseStatsAddress', () => {
  it.each([
    ['/tmp/stats.sock', { kind: 'file', path: '/tmp/stats.sock' }],
    ['stats', { kind: 'file', path: 'stats' }],
    ['@stats', { kind: 'abstract', name: 'stats' }],
    ['127.0.0.1:1717', { kind: 'tcp', host: '127.0.0.1', port: 1717 }],
    [':1717', { kind: 'tcp', host: '127.0.0.1', port: 1717 }],
    ['[::1]:1717', { kind: 'tcp', host: '::1', port: 1717 }],
  ])('reads %s', (where, address) => {
    expect(parseStatsAddress(where)).toEqual(address);
  });
});
