// Tracebackers that do what they are told: one socket each, scripted answers.
import { spawn } from 'node:child_process';
import { type AddressInfo, createServer, type ListenOptions, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterEach } from 'vitest';
import { printDump } from '../../src/tracebacker/dump.ts';

/** What a connection does; `connection` counts from 0. */
export type Script = (socket: Socket, connection: number) => void;

const servers = new Set<Server>();
const sockets = new Set<Socket>();

afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  await Promise.all([...servers].map((server) => new Promise((resolve) => server.close(resolve))));
  servers.clear();
});

/** Listens on a path until the end of the test. Returns the connections so far. */
export async function fakeTracebacker(path: string, script: Script): Promise<() => number> {
  return (await listen(script, { path })).connections;
}

let prefixes = 0;

/** A prefix of sockets that no other test has. */
export function newPrefix(folder: string): string {
  return join(folder, `f${++prefixes}.`);
}

export interface FakeFleet {
  readonly prefix: string;
  /** Of each worker, so far. */
  readonly connections: () => readonly number[];
}

/** Makes workers at a new prefix in the folder, one for each script. */
export function fleetIn(folder: string): (...scripts: readonly Script[]) => Promise<FakeFleet> {
  return async (...scripts) => {
    const prefix = newPrefix(folder);
    const counts = await Promise.all(scripts.map((script, at) => fakeTracebacker(`${prefix}${at + 1}`, script)));
    return { prefix, connections: () => counts.map((count) => count()) };
  };
}

export async function fakeTcpTracebacker(script: Script): Promise<{ port: number; connections: () => number }> {
  const { server, connections } = await listen(script, { host: '127.0.0.1', port: 0 });
  return { port: (server.address() as AddressInfo).port, connections };
}

function listen(script: Script, where: ListenOptions): Promise<{ server: Server; connections: () => number }> {
  let connections = 0;
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => sockets.delete(socket));
    script(socket, connections++);
  });
  servers.add(server);
  return new Promise((resolve, reject) => {
    server.on('error', reject);
    server.listen(where, () => resolve({ server, connections: () => connections }));
  });
}

const frame = (name: string, line: number) => ({ function: name, file: '/srv/app.py', line, source: `${name}()` });

/** A dump of so many threads of a worker, all at the same place. */
export function someDump(worker: number, threads = 1): string {
  const frames = [frame('application', 10), frame('view', 20)];
  return printDump(
    Array.from({ length: threads }, (_, core) => ({ thread: `uWSGIWorker${worker}Core${core}`, frames })),
  );
}

export const answer =
  (text: string | Uint8Array): Script =>
  (socket) => {
    socket.end(text);
  };
export const answerNothing: Script = (socket) => {
  socket.end();
};
/** Over TCP only: a UNIX socket cannot be reset. */
export const breakInTheMiddle: Script = (socket) => {
  socket.write(someDump(1).slice(0, 100), () => socket.resetAndDestroy());
};

/** Answers after so long, as a worker does whose GIL is held. */
export const answerAfter =
  (ms: number, text: string): Script =>
  (socket) => {
    setTimeout(() => socket.end(text), ms);
  };
/** Stops in the middle of a line, and goes on. */
export const stallInTheMiddle =
  (ms: number, text: string): Script =>
  (socket) => {
    socket.write(text.slice(0, text.length / 2));
    setTimeout(() => socket.end(text.slice(text.length / 2)), ms);
  };
/** A byte at a time. */
export const trickle =
  (text: string): Script =>
  (socket) => {
    socket.setNoDelay(true);
    const send = (at: number) => {
      if (at === text.length) socket.end();
      else socket.write(text[at]!, () => setImmediate(send, at + 1));
    };
    send(0);
  };
/** Never ends; `sent` hears of each piece. */
export const answerForEver =
  (sent: (bytes: number) => void): Script =>
  (socket) => {
    const lines = Buffer.from(someDump(1, 2_000));
    const send = () => {
      if (socket.destroyed) return;
      sent(lines.length);
      socket.write(lines, () => setTimeout(send, 1));
    };
    send();
  };

/** A socket file whose server is gone, as a killed uWSGI leaves it. */
export async function leaveStaleSocket(path: string): Promise<void> {
  const script = `require('net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`;
  await new Promise((resolve) => spawn(process.execPath, ['-e', script]).on('close', resolve));
}
