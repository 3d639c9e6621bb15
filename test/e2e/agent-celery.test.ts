// The agent in the workers of a real Celery, started by the lines that `tbprof agent --help` prints.
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { agentFolder } from '../helpers/agent-client.ts';
import { runCli } from '../helpers/cli.ts';
import { describeWith } from '../helpers/describe-with.ts';
import { startRecording } from '../helpers/live-recording.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';
import { eventually, stop } from '../helpers/uwsgi.ts';

/** Its broker is a folder: no server is needed. */
const app = `
import time
from celery import Celery

app = Celery("tasks", broker="filesystem://")
app.conf.broker_transport_options = {"data_folder_in": "queue", "data_folder_out": "queue"}


@app.task
def compute(seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        pass

`;

/** The lines below a title of the help, up to the next empty one, as they would be pasted. */
async function linesFor(title: string, prefix: string): Promise<string> {
  const { stdout } = await runCli(['agent', '--help']);
  const section = new RegExp(`^  ${title}.*:\n((?:    .*\n)+)`, 'm').exec(stdout);
  return section![1]!.replaceAll(/^ {4}/gm, '').replaceAll('/tmp/tbsocket.', prefix);
}

describeWith('celery', 'the agent in a real Celery', () => {
  const root = temporaryFolder();

  /** Two processes of the prefork pool, with so many tasks that compute for ten minutes. */
  async function startCelery(tasks: number) {
    const folder = mkdtempSync(join(root, 'c'));
    const prefix = join(folder, 's.');
    mkdirSync(join(folder, 'queue'));
    writeFileSync(join(folder, 'tasks.py'), app + (await linesFor('Celery', prefix)));
    const options = {
      cwd: folder,
      env: { PATH: process.env.PATH, PYTHONPATH: agentFolder, PYTHONDONTWRITEBYTECODE: '1' },
    };
    const order = `import tasks; [tasks.compute.delay(600) for _ in range(${tasks})]`;
    const ordered = spawnSync('/usr/bin/python3', ['-c', order], { ...options, encoding: 'utf8' });
    expect(ordered.status, ordered.stderr).toBe(0);
    const args = ['-m', 'celery', '-A', 'tasks', 'worker', '--pool', 'prefork', '--concurrency', '2'];
    const child = spawn('/usr/bin/python3', args, options);
    onTestFinished(() => stop(child, 'SIGQUIT')); // without waiting for its tasks
    let log = '';
    for (const output of [child.stdout, child.stderr]) {
      output.on('data', (chunk: Buffer) => {
        log += chunk;
      });
    }
    const sockets = () => readdirSync(folder).filter((name) => name.startsWith('s.'));
    await eventually(
      () => sockets().length === 4 || null,
      () => `not two sockets for each of two workers: ${sockets()}\n${log}`,
    );
    return { child, prefix, folder, sockets, log: () => log };
  }

  it('is found in each process of the pool, and sees its task', async () => {
    const { prefix, folder } = await startCelery(2);
    const recording = startRecording(folder, ['-s', prefix]);
    await recording.until('both tasks', (coverage, profile) => {
      const { threads, samples, strings, frames, stacks } = profile;
      const busy = new Set<number>();
      samples.stack.forEach((stack, sample) => {
        const leaf = strings[frames.function[stacks.frame[stack]!]!];
        if (leaf === 'compute') busy.add(threads[samples.thread[sample]!]!.worker);
      });
      return coverage.workers.length === 2 && busy.size === 2;
    });
    const { exitCode, coverage, stderr } = await recording.end();
    expect(exitCode, stderr).toBe(0);
    expect(coverage.workers.map(({ source, left }) => ({ source, left }))).toEqual(
      Array(2).fill({ source: 'agent', left: null }),
    );
  });

  it('leaves no socket behind when Celery ends', async () => {
    const { child, sockets, log } = await startCelery(0);
    await stop(child, 'SIGTERM');
    expect(sockets(), log()).toEqual([]);
  });
});
