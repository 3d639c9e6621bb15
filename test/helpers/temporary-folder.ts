// A folder that lives as long as the tests of a file.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';

/** Short, since the paths of sockets are. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'tbt-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
