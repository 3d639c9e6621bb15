import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readInput } from '../../src/output/files.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

const folder = temporaryFolder();

describe('readInput', () => {
  const first = (file: string) => readInput(file).next();

  it('names the file that it cannot read', async () => {
    await expect(first(join(folder, 'missing'))).rejects.toThrow(/cannot read .*missing: there is no such file/);
    await expect(first(folder)).rejects.toThrow(/it is a folder/);
  });
});
