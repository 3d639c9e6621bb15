// Which process is behind a socket, also when the file system gives a new file the inode of the old one.
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Identifier } from '../../src/tracebacker/identify.ts';
import { resolveSockets } from '../../src/tracebacker/resolve.ts';
import { answer, fakeTracebacker, leaveStaleSocket, someDump } from '../helpers/fake-tracebacker.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

const folder = temporaryFolder();

describe.skipIf(!existsSync('/proc/self/net/unix'))('Identifier', () => {
  it('finds the process that comes to listen where nobody did', async () => {
    const path = join(folder, 'a.1');
    await leaveStaleSocket(path);
    const identifier = new Identifier();
    const look = () => identifier.identify(resolveSockets([path]))[0]!.process?.pid;
    expect(look()).toBe(undefined);
    rmSync(path);
    await fakeTracebacker(path, answer(someDump(1)));
    expect(look()).toBe(process.pid);
  });
});
