// What the user says (`-s /tmp/tbsocket.`) -> the sockets that are there now. Connects to none of them.
import { readdirSync, realpathSync, type Stats, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { exitCodes, TbprofError, usageError } from '../errors.ts';
import { listUnixListeners } from './processes.ts';
import { type Address, printAddress } from './target.ts';

/** A host name or address and a port; a path always has a slash. */
const hostPort = /^(?:\[([0-9a-f:.]+)\]|([^/:@\s]+)):(\d{1,5})$/i;

/** A socket that is there, or a port that may be. */
export interface FoundSocket {
  readonly address: Address;
  /** The digits at the end of its name; null where there are none. */
  readonly worker: number | null;
  /** What was asked for: the sockets of one prefix belong together. */
  readonly where: string;
}

/**
 * Resolves each `where` (a prefix, a socket, `@name`, `host:port`) to its workers, in order of worker number and
 * without repeats. Throws where one of them leads to nothing, since a typo must not shrink a recording silently.
 */
export function resolveSockets(wheres: readonly string[]): FoundSocket[] {
  const found = new Map<string, FoundSocket>();
  for (const where of wheres) {
    for (const socket of resolveWhere(where)) found.set(identityOf(socket.address), socket);
  }
  return [...found.values()].sort((a, b) => (a.worker ?? 0) - (b.worker ?? 0));
}

function resolveWhere(where: string): FoundSocket[] {
  if (where.startsWith('@')) return resolveAbstract(where.slice(1));
  const [, v6, host, port] = hostPort.exec(where) ?? [];
  if (port !== undefined && !look(where)) {
    return [{ address: { kind: 'tcp', host: (v6 ?? host)!, port: parsePort(port) }, worker: null, where }];
  }
  return resolveFile(where);
}

function parsePort(text: string): number {
  const port = Number(text);
  if (port < 1 || port > 65_535) throw usageError(`${text} is not a port`, 'ports go from 1 to 65535');
  return port;
}

function resolveFile(where: string): FoundSocket[] {
  const stat = look(where);
  if (stat?.isSocket()) return [{ address: { kind: 'file', path: where }, worker: trailingNumber(where), where }];
  if (stat && !stat.isDirectory())
    throw noSocket(`${where} is a file, not a socket`, 'give the value of py-tracebacker');
  const folder = where.endsWith('/') ? where : dirname(where);
  const prefix = where.endsWith('/') ? '' : basename(where);
  const targets = listFolder(folder, where)
    .filter((name) => name.startsWith(prefix) && /^\d+$/.test(name.slice(prefix.length)))
    .map((name): FoundSocket => {
      // The digits behind the prefix, which may end in digits of its own.
      const worker = trailingNumber(name.slice(prefix.length));
      return { address: { kind: 'file', path: join(folder, name) }, worker, where };
    })
    .filter(({ address }) => look(printAddress(address))?.isSocket());
  if (targets.length > 0) return targets;
  throw stat
    ? noSocket(`${where} is a folder, and holds no tracebacker socket`, 'give the whole prefix, such as /tmp/tbsocket.')
    : noSocket(
        `no socket ${where} and none named ${where}1, ${where}2, ...`,
        'check that uWSGI runs with py-tracebacker and that this is its value',
      );
}

/** One socket may be named in several ways, but gets one connection at a time. */
function identityOf(address: Address): string {
  if (address.kind !== 'file') return printAddress(address);
  try {
    return realpathSync(address.path);
  } catch {
    return address.path;
  }
}

export function trailingNumber(name: string): number | null {
  const digits = /\d{1,9}$/.exec(name);
  return digits ? Number(digits[0]) : null;
}

function listFolder(folder: string, where: string): string[] {
  try {
    return readdirSync(folder);
  } catch (cause) {
    if (isDenied(cause)) throw mayNotLook(where, folder, cause);
    throw noSocket(
      `no socket ${where}: the folder ${folder} does not exist`,
      'check the value of py-tracebacker',
      cause,
    );
  }
}

/** Abstract names have no folder to list; Linux shows those of this network namespace in /proc/net/unix. */
function resolveAbstract(where: string): FoundSocket[] {
  const names = listUnixListeners('self')
    .filter(({ name }) => name.startsWith('\0'))
    .map(({ name }) => name.slice(1));
  const isNumbered = (name: string) => name.startsWith(where) && /^\d+\0?$/.test(name.slice(where.length));
  const found = names.filter((name) => name === where || name === `${where}\0` || isNumbered(name));
  if (found.length === 0) {
    throw noSocket(
      `no abstract socket @${where} in this network namespace`,
      'run tbprof in the network namespace (the container) of uWSGI',
    );
  }
  return found.map((name) => {
    const address: Address = { kind: 'abstract', name };
    return { address, worker: trailingNumber(name.replaceAll('\0', '')), where: `@${where}` };
  });
}

/** What is there; undefined for nothing, and for what can be no name of a file. */
function look(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch (cause) {
    if (isDenied(cause)) throw mayNotLook(path, dirname(path), cause);
    return undefined;
  }
}

function isDenied(cause: unknown): boolean {
  return (cause as NodeJS.ErrnoException).code === 'EACCES';
}

function mayNotLook(where: string, folder: string, cause: unknown): TbprofError {
  return new TbprofError(`cannot look for ${where}: no permission to list ${folder}`, {
    code: 'denied',
    exitCode: exitCodes.nothingRecorded,
    hint: 'run as the user that uWSGI runs as',
    cause,
  });
}

function noSocket(message: string, hint: string, cause?: unknown): TbprofError {
  return new TbprofError(message, { code: 'no-socket', exitCode: exitCodes.nothingRecorded, hint, cause });
}
