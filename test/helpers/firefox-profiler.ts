// The Firefox Profiler's own code, as its command line: https://www.npmjs.com/package/@firefox-devtools/profiler-cli
// It keeps a profile loaded in a process of its own, which lives until it is told to stop.
import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

const cli = createRequire(import.meta.url).resolve('@firefox-devtools/profiler-cli');

/** Loads a file; what comes back asks a question and gives the answer, which is JSON. */
export function loadInFirefox(file: string): (...question: readonly string[]) => unknown {
  const env = { PATH: process.env.PATH, HOME: join(file, '..') };
  const run = (...args: readonly string[]) =>
    execFileSync(process.execPath, [cli, ...args], { env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  onTestFinished(() => void run('stop', '--all'));
  run('load', file);
  return (...question) => JSON.parse(run(...question, '--json'));
}
