// Sockets -> targets: which process holds each, and which of them belong to one server.
import { realpathSync, statSync } from 'node:fs';
import {
  isAlive,
  listOpenSockets,
  listProcesses,
  listUnixListeners,
  type ProcessId,
  readProcessStat,
} from './processes.ts';
import type { FoundSocket } from './resolve.ts';
import { type Address, printAddress, type Target } from './target.ts';

/** Remembers who was found: looking through the open files of all processes is dear, and workers seldom change. */
export class Identifier {
  readonly #known = new Map<string, { readonly target: Target; readonly socket: number | null }>();

  /** The same sockets, with their processes. */
  identify(sockets: readonly FoundSocket[]): Target[] {
    const unknown = sockets.filter((socket) => !this.#isKnown(socket));
    const holders =
      unknown.length > 0 ? findHolders(unknown.map(({ address }) => address)) : new Map<Address, ProcessId>();
    for (const socket of unknown) {
      const process = holders.get(socket.address) ?? null;
      const target = { address: socket.address, worker: socket.worker, process, server: serverOf(socket, process) };
      this.#known.set(printAddress(socket.address), { target, socket: inodeOf(socket.address) });
    }
    return sockets.map(({ address }) => this.#known.get(printAddress(address))!.target);
  }

  /** A respawned worker has bound its socket anew, and is another process. */
  #isKnown({ address }: FoundSocket): boolean {
    const known = this.#known.get(printAddress(address));
    if (known === undefined || known.socket !== inodeOf(address)) return false;
    return known.target.process === null || isAlive(known.target.process);
  }
}

function serverOf({ where }: FoundSocket, process: ProcessId | null): string {
  const parent = process === null ? null : (readProcessStat(process.pid)?.parent ?? null);
  return parent === null || parent <= 1 ? where : `pid ${parent}`;
}

/** The process that holds each socket. Its own children may have inherited it: the eldest counts. */
function findHolders(addresses: readonly Address[]): Map<Address, ProcessId> {
  const listeners = listUnixListeners('self');
  const wanted = new Map<number, Address>();
  for (const address of addresses) {
    for (const { inode, name } of listeners) if (isNameOf(name, address)) wanted.set(inode, address);
  }
  const holders = new Map<Address, number[]>();
  if (wanted.size === 0) return new Map();
  for (const pid of listProcesses()) {
    for (const inode of listOpenSockets(pid) ?? []) {
      const address = wanted.get(inode);
      if (address) holders.set(address, [...(holders.get(address) ?? []), pid]);
    }
  }
  const eldest = new Map<Address, ProcessId>();
  for (const [address, pids] of holders) {
    const stats = pids.map(readProcessStat).filter((stat) => stat !== null);
    const root = stats.find(({ parent }) => !pids.includes(parent));
    if (root) eldest.set(address, { pid: root.pid, startTicks: root.startTicks });
  }
  return eldest;
}

function isNameOf(bound: string, address: Address): boolean {
  if (address.kind === 'abstract') return bound === `\0${address.name}`;
  if (address.kind === 'tcp') return false;
  return bound === address.path || (bound.startsWith('/') && sameFile(bound, address.path));
}

function sameFile(a: string, b: string): boolean {
  try {
    return realpathSync(a) === realpathSync(b);
  } catch {
    return false;
  }
}

function inodeOf(address: Address): number | null {
  if (address.kind !== 'file') return null;
  try {
    return statSync(address.path).ino;
  } catch {
    return null;
  }
}
