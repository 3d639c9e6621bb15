// tbprof agent, by the real command line.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { runCli } from '../helpers/cli.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

const text = readFileSync(fileURLToPath(new URL('../../agent/tbprof_agent.py', import.meta.url)), 'utf8');
const root = temporaryFolder();
let folders = 0;

function newFolder(): string {
  const folder = join(root, `f${++folders}`);
  mkdirSync(folder);
  return folder;
}

const install = (folder: string) => runCli(['agent', '--install', folder]);

it('prints the agent', async () => {
  const { stdout, exitCode } = await runCli(['agent']);
  expect(exitCode).toBe(0);
  expect(stdout).toBe(text);
});

it('installs it, again over an older one, and says what is next', async () => {
  const folder = newFolder();
  const file = join(folder, 'tbprof_agent.py');
  const { exitCode, stderr, stdout } = await install(folder);
  expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: '' });
  expect(readFileSync(file, 'utf8')).toBe(text);
  expect(stderr).toMatch(/^wrote .*tbprof_agent\.py\nnext: .*tbprof agent --help/);
  writeFileSync(file, text.slice(0, 1_000));
  expect((await install(folder)).stderr).toMatch(/in the place of the one that was there/);
  expect(readFileSync(file, 'utf8')).toBe(text);
});

it.each([
  ['another file', 'print("mine")\n'],
  ['an empty file', ''],
])('overwrites nothing that is no agent: %s', async (_, mine) => {
  const folder = newFolder();
  const file = join(folder, 'tbprof_agent.py');
  writeFileSync(file, mine);
  const { exitCode, stderr } = await install(folder);
  expect(exitCode).toBe(2);
  expect(stderr).toMatch(/is there already, and is no agent of tbprof/);
  expect(readFileSync(file, 'utf8')).toBe(mine);
});

it('installs into folders only', async () => {
  const { exitCode, stderr } = await install(join(root, 'none'));
  expect(exitCode).toBe(2);
  expect(stderr).toMatch(/none is no folder/);
});

it('says which lines to add', async () => {
  const { stdout } = await runCli(['agent', '--help']);
  for (const line of [
    'import = tbprof_agent',
    'enable-threads = true',
    'set = tbprof=/tmp/tbsocket.',
    'TBPROF_SOCKET',
    'set = tbprof-mode=660',
    'lazy-apps',
    'def post_fork(server, worker):',
    'worker_process_init',
    'tbprof_agent.start("/tmp/tbsocket.")',
  ]) {
    expect(stdout).toContain(line);
  }
});
