// The agent's own tests, which are Python's unittest: all must pass, and none may be skipped.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

/** Debian's Python is the one of its uWSGI. */
const python = existsSync('/usr/bin/python3') ? '/usr/bin/python3' : 'python3';

it('passes its own tests', () => {
  const { status, stdout, stderr } = spawnSync(python, ['-m', 'unittest', '--verbose'], {
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
