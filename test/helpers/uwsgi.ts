// A real uWSGI that lives as long as a test: in a folder of its own, on a free port of 127.0.0.1.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { get } from 'node:http';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

interface UwsgiOptions {
  /** A file of examples/, or the path of one. */
  readonly app: string;
  readonly processes: number;
  /** 0: not said, and Python threads are disabled. */
  readonly threads: number;
  /** Value of py-tracebacker; without it a prefix in a folder of its own; null: no tracebacker. */
  readonly tracebacker?: string | null;
  /** Where py-tracebacker is said; the command line without it. */
  readonly configuredBy?: 'ini' | 'yaml' | 'xml' | 'environment';
  /** Workers at the beginning, where `cheaper` starts fewer than `processes`. */
  readonly atFirst?: number;
  /** In a mount namespace of its own, as in a container: what it writes to its folder nobody else sees there. */
  readonly isContained?: boolean;
  /** More arguments; `FOLDER` stands for the folder of this server. */
  readonly args?: readonly string[];
}

export interface Uwsgi {
  /** The value of py-tracebacker. */
  readonly prefix: string;
  /** Where it runs: a place for files that go with it. */
  readonly folder: string;
  /** The master. */
  readonly process: ChildProcess;
  readonly pid: number;
  /** Where it serves HTTP, on 127.0.0.1. */
  readonly port: number;
  /** All that it has said. */
  log(): string;
  /** The process of a worker, the latest one. */
  workerPid(worker: number): number;
  /** Resolves with the status and the body. */
  get(path: string): Promise<{ readonly status: number; readonly body: string }>;
  /** Sends so many requests and waits for none of them: their end is that of the server. */
  keepBusy(requests: number, path: string): void;
}

/** Resolves when every worker's tracebacker listens and a request has been answered; stops with the test. */
export async function startUwsgi(options: UwsgiOptions): Promise<Uwsgi> {
  // Someone else may take the port between our look and uWSGI's bind.
  for (let triesLeft = 2; ; triesLeft--) {
    try {
      return await startOnce(options);
    } catch (error) {
      if (triesLeft === 0 || !/Address already in use/.test((error as Error).message)) throw error;
    }
  }
}

/** Path of a file of examples/; other paths stay as they are. */
export function example(name: string): string {
  return isAbsolute(name) ? name : fileURLToPath(new URL(`../../examples/${name}`, import.meta.url));
}

function configure(
  folder: string,
  prefix: string,
  by: UwsgiOptions['configuredBy'],
): { args: readonly string[]; env: Record<string, string> } {
  if (by === undefined) return { args: ['--py-tracebacker', prefix], env: {} };
  if (by === 'environment') return { args: [], env: { UWSGI_PY_TRACEBACKER: prefix } };
  const text = {
    ini: `[uwsgi]\npy-tracebacker = ${prefix}\n`,
    yaml: `uwsgi:\n  py-tracebacker: ${prefix}\n`,
    xml: `<uwsgi><py-tracebacker>${prefix}</py-tracebacker></uwsgi>\n`,
  }[by];
  writeFileSync(join(folder, `site.${by}`), text);
  return { args: [`--${by}`, `site.${by}`], env: {} };
}

/** unshare(1) becomes the program that it starts, so that the pid stays. */
function contain(folder: string): string[] {
  const script = `mount -t tmpfs tbprof-test ${folder} && exec "$@"`;
  return ['unshare', '--mount', '--propagation', 'private', 'sh', '-c', script, 'sh', 'uwsgi'];
}

async function startOnce({ app, processes, threads, ...options }: UwsgiOptions): Promise<Uwsgi> {
  const folder = mkdtempSync(join(tmpdir(), 'tbt-')); // short, since the paths of sockets are
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  chmodSync(folder, 0o755);
  const prefix = options.tracebacker ?? join(folder, 's.');
  const port = await findFreePort();
  const { args: configuration, env } =
    options.tracebacker === null ? { args: [], env: {} } : configure(folder, prefix, options.configuredBy);
  const args = ['--plugins', 'http,python3', '--http', `127.0.0.1:${port}`, '--wsgi-file', example(app), '--master'];
  args.push('--processes', `${processes}`, '--die-on-term', '--no-orphans');
  if (threads > 0) args.push('--threads', `${threads}`);
  args.push(...configuration, ...(options.args ?? []).map((arg) => arg.replaceAll('FOLDER', folder)));
  const [command, ...before] = options.isContained ? contain(folder) : ['uwsgi'];
  const child = spawn(command!, [...before, ...args], {
    cwd: folder,
    env: { PATH: process.env.PATH, PYTHONDONTWRITEBYTECODE: '1', ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  onTestFinished(() => stop(child));
  let log = '';
  child.stderr.on('data', (chunk: Buffer) => {
    log += chunk;
  });
  const request = (path: string) => httpGet(port, path);

  const sockets = Array.from(
    { length: options.tracebacker === null ? 0 : (options.atFirst ?? processes) },
    (_, i) => `for worker ${i + 1} available on ${prefix}${i + 1}\n`,
  );
  await eventually(
    () => {
      if (hasEnded(child)) throw new Ended(`uWSGI has ended:\n${log}`);
      return sockets.every((line) => log.includes(line)) || null;
    },
    () => `no tracebacker of uWSGI:\n${log}`,
  );
  await eventually(
    () => request('/?seconds=0').catch(() => null),
    () => `no answer from uWSGI:\n${log}`,
  );
  return {
    prefix,
    folder,
    process: child,
    pid: child.pid!,
    port,
    log: () => log,
    workerPid: (worker) => {
      const pids = [...log.matchAll(/spawned uWSGI worker (\d+) (?:\(and the only\) )?\((?:new )?pid: (\d+)/g)];
      return Number(pids.findLast(([, number]) => Number(number) === worker)![2]);
    },
    get: request,
    keepBusy: (requests, path) => {
      for (let i = 0; i < requests; i++) request(path).catch(() => {}); // the server is stopped first
    },
  };
}

class Ended extends Error {}

/** Asks until the answer is not null, or gives up after a minute. An answer that throws is asked again, too. */
export async function eventually<Value>(
  ask: () => Value | null | Promise<Value | null>,
  explain: () => string,
): Promise<Value> {
  let last: unknown = null;
  // Sooner than the test runner, which would end the test without the explanation.
  const giveUpMs = performance.now() + 60_000;
  while (performance.now() < giveUpMs) {
    try {
      const value = await ask();
      if (value !== null) return value;
    } catch (error) {
      if (error instanceof Ended) throw error;
      last = error;
    }
    await sleep(100);
  }
  throw new Error(explain(), { cause: last });
}

/** Ends what the test has started, and nothing else. */
export async function stop(child: ChildProcess, signal: NodeJS.Signals = 'SIGINT'): Promise<void> {
  if (hasEnded(child)) return;
  const ended = once(child, 'exit');
  const lastResort = setTimeout(() => child.kill('SIGKILL'), 20_000);
  child.kill(signal);
  await ended;
  clearTimeout(lastResort);
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

export interface Forwarder {
  /** Connections so far. */
  readonly connections: () => number;
  /** `host:port` or the path. */
  readonly address: string;
}

/** Passes connections on to a socket file: from another socket file, or from a port of 127.0.0.1. */
export async function forward(to: string, from: string | 'tcp'): Promise<Forwarder> {
  let connections = 0;
  const server = createServer((client) => {
    connections += 1;
    const worker = connect(to);
    worker.pipe(client);
    worker.on('error', () => client.destroy());
    client.on('error', () => client.destroy());
    client.on('close', () => worker.resume()); // a dump that nobody reads freezes the worker
  });
  server.listen(from === 'tcp' ? { host: '127.0.0.1', port: 0 } : { path: from });
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
  });
  const address = server.address() as AddressInfo | string;
  return {
    connections: () => connections,
    address: typeof address === 'string' ? address : `127.0.0.1:${address.port}`,
  };
}

async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

function httpGet(port: number, path: string): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    get({ host: '127.0.0.1', port, path, agent: false }, (response) => {
      let body = '';
      response.on('data', (chunk: Buffer) => {
        body += chunk;
      });
      response.on('end', () => resolve({ status: response.statusCode!, body }));
      response.on('error', reject);
    }).on('error', reject);
  });
}
