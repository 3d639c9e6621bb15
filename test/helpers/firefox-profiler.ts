// The Firefox Profiler's own code, as its command line: https://www.npmjs.com/package/@firefox-devtools/profiler-cli
// A process of its own keeps the profile loaded; its `load` waits for that only half a second, so it is started here.
import { execFile, spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { expect, onTestFinished } from 'vitest';

const cli = createRequire(import.meta.url).resolve('@firefox-devtools/profiler-cli');

/** Loads a file; what comes back asks a question and gives the answer, which is JSON. One file in a folder. */
export async function loadInFirefox<Answer>(file: string): Promise<(...question: string[]) => Promise<Answer>> {
  const env = { PATH: process.env.PATH, HOME: dirname(file), PROFILER_CLI_SESSION_DIR: dirname(file) };
  const session = ['--session', 'tbprof'];
  const keeper = spawn(process.execPath, [cli, '--daemon', file, ...session], { env, stdio: 'ignore' });
  onTestFinished(() => void keeper.kill());
  const ask = async (...question: string[]) => {
    const args = [cli, ...question, '--json', ...session];
    const { stdout } = await promisify(execFile)(process.execPath, args, { env, maxBuffer: 1 << 28 });
    return JSON.parse(stdout) as Answer;
  };
  // Not by asking: a question that comes too early takes the session for dead, and removes it.
  const log = () => readFile(join(dirname(file), 'tbprof.log'), 'utf8').catch(() => '');
  await expect.poll(log, { timeout: 60_000, interval: 50 }).toMatch(/Profile loaded successfully|rror/);
  return ask;
}
