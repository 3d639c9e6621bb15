// The agent's own tests, which are Python's unittest, on each Python that is here: all must pass, and none may be skipped.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { findPythons } from '../helpers/pythons.ts';

it.each(findPythons().map(({ version, path }) => [version, path]))('passes its own tests on Python %s', (_, path) => {
  const { status, stdout, stderr } = spawnSync(path, ['-m', 'unittest', '--verbose'], {
    cwd: fileURLToPath(new URL('.', import.meta.url)),
    env: { PATH: process.env.PATH, PYTHONDONTWRITEBYTECODE: '1' },
    encoding: 'utf8',
    timeout: 110_000, // only ends what hangs, sooner than the test runner, which would not show the output
  });
  const said = `${stdout}${stderr}`;
  expect(status, said).toBe(0);
  expect(said).toMatch(/^Ran [1-9]\d* tests in /m);
  expect(said).not.toContain('skipped');
});
