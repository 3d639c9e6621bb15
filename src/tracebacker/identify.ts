// Sockets -> targets: which process holds each, and which of them belong to one server.
import { realpathSync } from 'node:fs';
import {
  identifySocketFile,
  isAlive,
  listOpenSockets,
  listProcesses,
  listUnixListeners,
  type ProcessId,
  readProcessStat,
} from './processes.ts';
import type { FoundSocket } from './resolve.ts';
import { type Address, printAddress, type Target } from './target.ts';

interface Known {
  readonly target: Target;
  readonly socket: string;
  /** How often it has been looked at since it was found without its process. */
  looks: number;
}

/** Remembers who was found: looking through the open files of all processes is dear, and workers seldom change. */
export class Identifier {
  readonly #known = new Map<string, Known>();

  /** The same sockets, with their processes. */
  identify(sockets: readonly FoundSocket[]): Target[] {
    // Before the processes are looked for: a socket that is replaced meanwhile must not pass for known afterwards.
    const unknown = sockets
      .filter((socket) => !this.#isKnown(socket))
      .map((socket) => ({ ...socket, identity: identityOf(socket) }));
    const holders = unknown.length > 0 ? findHolders(unknown.flatMap(addressesOf)) : new Map<Address, ProcessId>();
    for (const { identity, ...socket } of unknown) {
      const { address, stream, worker } = socket;
      // Where both are there, the file for dumps may be a stale one, or that of the stream.
      const process =
        addressesOf(socket)
          .map((own) => holders.get(own))
          .find((holder) => holder !== undefined) ?? null;
      const before = this.#known.get(printAddress(address));
      this.#known.set(printAddress(address), {
        target: { address, stream, worker, process, server: serverOf(socket, process) },
        socket: identity,
        looks: before?.socket === identity ? before.looks : 0,
      });
    }
    return sockets.map(({ address }) => this.#known.get(printAddress(address))!.target);
  }

  /** A respawned worker has bound its socket anew, and is another process. */
  #isKnown(socket: FoundSocket): boolean {
    const known = this.#known.get(printAddress(socket.address));
    if (known === undefined || known.socket !== identityOf(socket)) return false;
    if (known.target.process !== null) return isAlive(known.target.process);
    // It may just not have listened yet; or its process is one that we may not see: ask less and less often.
    known.looks += 1;
    return !Number.isInteger(Math.log2(known.looks));
  }
}

function serverOf({ where, address }: FoundSocket, process: ProcessId | null): string {
  // Who forwards one port of a host often forwards all workers of a server: what crashes one may crash the next.
  if (address.kind === 'tcp') return address.host;
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

function identityOf(socket: FoundSocket): string {
  return addressesOf(socket)
    .map((address) => (address.kind === 'file' ? identifySocketFile(address.path) : printAddress(address)))
    .join(', ');
}

function addressesOf({ address, stream }: Pick<FoundSocket, 'address' | 'stream'>): Address[] {
  return stream === null ? [address] : [address, stream];
}
