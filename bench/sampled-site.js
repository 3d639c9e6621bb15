// A uWSGI with one worker that can be sampled in both ways: stock.1 is its own tracebacker, agent.1.stream is tbprof's
// agent. Only the one that is asked costs anything.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { get } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

export const cli = fileURLToPath(new URL('../dist/cli.js', import.meta.url));
const agentFolder = fileURLToPath(new URL('../agent', import.meta.url));

/** Resolves when it answers. Ends with `stop`. */
export async function startSite({ app, folder, threads }) {
  const port = 18_000 + (process.pid % 2_000);
  const request = (path) => httpGet(port, path);
  const args = ['--plugins', 'http,python3', '--http', `127.0.0.1:${port}`, '--http-timeout', '600', '--master'];
  args.push('--processes', '1', '--threads', `${threads}`, '--wsgi-file', app, '--lazy-apps', '--disable-logging');
  args.push('--py-tracebacker', join(folder, 'stock.'), '--set', `tbprof=${join(folder, 'agent.')}`);
  args.push('--pythonpath', agentFolder, '--import', 'tbprof_agent', '--die-on-term', '--worker-reload-mercy', '1');
  const child = spawn('uwsgi', args, { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] });
  let log = '';
  child.stderr.on('data', (chunk) => {
    log += chunk;
  });
  for (let tries = 100; ; tries--) {
    if (existsSync(join(folder, 'agent.1.stream')) && (await request('/').catch(() => null)) !== null) break;
    if (tries === 0 || child.exitCode !== null) throw new Error(`uWSGI does not serve:\n${log}`);
    await sleep(100);
  }
  return {
    port,
    request,
    workerPid: Number(/spawned uWSGI worker 1 .*\(pid: (\d+)/.exec(log)[1]),
    stop: async () => {
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      const lastResort = setTimeout(() => child.kill('SIGKILL'), 20_000);
      await ended;
      clearTimeout(lastResort);
    },
  };
}

function httpGet(port, path) {
  return new Promise((resolve, reject) => {
    get({ host: '127.0.0.1', port, path, agent: false }, (response) => {
      let body = '';
      response.on('data', (chunk) => {
        body += chunk;
      });
      response.on('end', () => resolve(body));
      response.on('error', reject);
    }).on('error', reject);
  });
}
