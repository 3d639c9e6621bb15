import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { TbprofError } from '../../src/errors.ts';
import { serveFleet } from '../../src/tracebacker/serve.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

const folder = temporaryFolder();

it('closes the sockets that it has opened where another one cannot be', async () => {
  const prefix = join(folder, 's.');
  writeFileSync(`${prefix}2`, 'in the way');
  await expect(serveFleet(prefix, 3, () => '')).rejects.toThrow(/cannot listen on .*s\.2: EADDRINUSE/);
  expect([1, 3].map((worker) => existsSync(`${prefix}${worker}`))).toEqual([false, false]);
});

it('refuses paths that Node would cut', async () => {
  const error = await serveFleet(join(folder, 'ä'.repeat(60)), 1, () => '').catch((thrown) => thrown);
  expect(error).toBeInstanceOf(TbprofError);
});
