import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readInput } from '../../src/output/files.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

const folder = temporaryFolder();

describe('readInput', () => {
  it('names the file that it cannot read', async () => {
    const missing = readInput(join(folder, 'missing'));
    await expect(missing.next()).rejects.toThrow(/cannot read .*missing: there is no such file/);
    await expect(readInput(folder).next()).rejects.toThrow(/it is a folder/);
  });
});
