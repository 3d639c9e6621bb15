// Where one worker's tracebacker listens, who is behind it, and how people name it.
import type { ProcessId } from './processes.ts';

export type Address =
  | { readonly kind: 'file'; readonly path: string }
  /** `name` is without the leading NUL; uWSGI's names end in a NUL of their own. */
  | { readonly kind: 'abstract'; readonly name: string }
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number };

export interface Target {
  readonly address: Address;
  /** uWSGI's worker number, the digits at the end of the socket's name; null where the name has none. */
  readonly worker: number | null;
  /** The worker that holds the socket; null where the system does not tell. */
  readonly process: ProcessId | null;
  /** What its workers have in common, and those of another server have not: the master's pid, else the prefix. */
  readonly server: string;
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
