// Where one worker's tracebacker listens, who is behind it, and how people name it.
import type { ProcessId } from './processes.ts';

export type Address =
  | { readonly kind: 'file'; readonly path: string }
  /** `name` is without the leading NUL; uWSGI's names end in a NUL of their own. */
  | { readonly kind: 'abstract'; readonly name: string }
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number };

export interface Target {
  readonly address: Address;
  /** Where its agent streams; null where it has none. Nothing may listen on the address of one that has. */
  readonly stream: Address | null;
  /** uWSGI's worker number, the digits at the end of the socket's name; null where the name has none. */
  readonly worker: number | null;
  /** The worker that holds the socket; null where the system does not tell. */
  readonly process: ProcessId | null;
  /** What its workers have in common, and those of another server have not: the master's pid, else the prefix. */
  readonly server: string;
}

/** An agent streams on a second socket, beside the one for dumps; agent/tbprof_agent.py names them. */
const streamEnding = '.stream';

/** Where the agent streams that has its dumps here, if there is one; null where it cannot have one. */
export function streamBeside(address: Address): Address | null {
  if (address.kind === 'file') return { kind: 'file', path: address.path + streamEnding };
  if (address.kind === 'tcp') return null;
  return { kind: 'abstract', name: address.name.replace(/\0$/, '') + streamEnding };
}

/** The name of the socket for dumps, where this one is that of a worker's stream; null elsewhere. */
export function withoutStream(name: string): string | null {
  return /\d\.stream$/.test(name) ? name.slice(0, -streamEnding.length) : null;
}

/** The address as one types it: a path, `@name`, `host:port`. */
export function printAddress(address: Address): string {
  if (address.kind === 'file') return address.path;
  if (address.kind === 'abstract') return `@${address.name.replaceAll('\0', '')}`;
  return `${address.host.includes(':') ? `[${address.host}]` : address.host}:${address.port}`;
}

/** `worker 2`, or the address where the number is not known. */
export function nameTarget(target: Target): string {
  return target.worker === null ? printAddress(target.address) : `worker ${target.worker}`;
}
