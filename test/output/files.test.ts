import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readInput } from '../../src/output/files.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

const folder = temporaryFolder();

describe('readInput', () => {
  it('names the file that it cannot read', () => {
    expect(() => readInput(join(folder, 'missing'))).toThrow(/cannot read .*missing: there is no such file/);
    expect(() => readInput(folder)).toThrow(/it is a folder/);
  });
});
