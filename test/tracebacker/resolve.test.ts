import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { TbprofError } from '../../src/errors.ts';
import { resolveSockets } from '../../src/tracebacker/resolve.ts';
import { serveFleet } from '../../src/tracebacker/serve.ts';
import { printAddress } from '../../src/tracebacker/target.ts';
import { fakeTracebacker } from '../helpers/fake-tracebacker.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

const folder = temporaryFolder();
const at = (name: string) => join(folder, name);
const found = (...wheres: string[]) =>
  resolveSockets(wheres).map(({ address, worker }) => `${worker} ${printAddress(address)}`);

/** With the streams that stand beside them. */
const foundStreams = (...wheres: string[]) =>
  resolveSockets(wheres).map(
    ({ address, stream, worker }) => `${worker} ${printAddress(address)} ${stream && printAddress(stream)}`,
  );

beforeAll(async () => {
  await serveFleet(at('tb.'), 11, () => '');
  await serveFleet(at('tb.1x'), 1, () => '');
  await serveFleet(at('site9'), 2, () => '');
  await serveFleet(at('tb.x'), 1, () => ''); // tb.x1: not a number after the prefix tb.
  writeFileSync(at('tb.99'), 'a file that no one listens on');
  mkdirSync(at('empty'));
});

describe('resolveSockets', () => {
  it('finds the workers of a prefix, in order of their number', () => {
    expect(found(at('tb.'))).toEqual(Array.from({ length: 11 }, (_, i) => `${i + 1} ${at(`tb.${i + 1}`)}`));
  });

  it('takes one socket where its name is given, though it is a prefix of others', () => {
    expect(found(at('tb.1'))).toEqual([`1 ${at('tb.1')}`]);
  });

  it('takes the digits behind a prefix that ends in digits itself', () => {
    expect(found(at('tb.1x'))).toEqual([`1 ${at('tb.1x1')}`]);
    expect(found(at('site9'))).toEqual([`1 ${at('site91')}`, `2 ${at('site92')}`]);
  });

  it('takes a socket once, however it is spelled', () => {
    expect(found(at('tb.2'), join(folder, '.', 'empty', '..', 'tb.2'), `${folder}//tb.2`)).toHaveLength(1);
  });

  it.each(['127.0.0.1:0', '127.0.0.1:65536', 'localhost:99999'])('refuses %s: no such port', (where) => {
    expect(() => resolveSockets([where])).toThrow(/is not a port/);
  });

  it('takes several, and none twice', () => {
    expect(found(at('tb.2'), at('tb.3'), at('tb.2'))).toEqual([`2 ${at('tb.2')}`, `3 ${at('tb.3')}`]);
  });

  it.each([
    ['127.0.0.1:9000', '127.0.0.1:9000'],
    ['localhost:1', 'localhost:1'],
    ['[::1]:80', '[::1]:80'],
  ])('takes %s as host and port', (where, printed) => {
    expect(found(where)).toEqual([`null ${printed}`]);
  });

  it.each([
    ['a prefix that nothing has', () => at('nothing.'), /no socket .*nothing\. and none named .*nothing\.1/],
    ['a folder without sockets', () => at('empty'), /is a folder, and holds no tracebacker socket/],
    ['a file that is no socket', () => at('tb.99'), /is a file, not a socket/],
    ['a folder that is not there', () => at('no/such/tb.'), /the folder .*no\/such does not exist/],
    ['an abstract name that nothing has', () => '@tbprof-test-no-such', /no abstract socket @tbprof-test-no-such/],
  ])('says what is wrong with %s', (_, where, message) => {
    const look = () => resolveSockets([at('tb.1'), where()]);
    expect(look).toThrow(TbprofError);
    expect(look).toThrow(message);
  });

  it('finds agents beside tracebackers, and where there are none', async () => {
    for (const name of ['ag.1', 'ag.1.stream', 'ag.2', 'ag.37.stream', 'ag.x.stream']) {
      await fakeTracebacker(at(name), () => {});
    }
    const streams = [
      `1 ${at('ag.1')} ${at('ag.1.stream')}`,
      `2 ${at('ag.2')} null`,
      `37 ${at('ag.37')} ${at('ag.37.stream')}`,
    ];
    expect(foundStreams(at('ag.'))).toEqual(streams);
    expect(foundStreams(at('ag.1'))).toEqual(streams.slice(0, 1));
    expect(foundStreams(at('ag.37'), at('ag.1.stream'))).toEqual([streams[0], streams[2]]);
  });

  it('says when it may not look', () => {
    chmodSync(at('empty'), 0);
    const isRoot = process.geteuid?.() === 0; // root may look everywhere: be nobody for a moment
    if (isRoot) process.seteuid!(65_534);
    try {
      expect(() => resolveSockets([at('empty/tb.')])).toThrow(/no permission to list/);
    } finally {
      if (isRoot) process.seteuid!(0);
    }
  });
});
