// What the user says (`-s /tmp/tbsocket.`) -> the sockets that are there now. Connects to none of them.
import { readdirSync, realpathSync, type Stats, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { exitCodes, TbprofError, usageError } from '../errors.ts';
import { listUnixListeners } from './processes.ts';
import { type Address, printAddress, streamBeside, withoutStream } from './target.ts';

/** A host name or address and a port; a path always has a slash. */
const hostPort = /^(?:\[([0-9a-f:.]+)\]|([^/:@\s]+)):(\d{1,5})$/i;

/** A socket that is there, or a port that may be. */
export interface FoundSocket {
  /** For dumps; there may be nothing where there is a stream. */
  readonly address: Address;
  /** The agent's second socket beside it; null where there is none. */
  readonly stream: Address | null;
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
    return [
      { address: { kind: 'tcp', host: (v6 ?? host)!, port: parsePort(port) }, stream: null, worker: null, where },
    ];
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
  const own = withoutStream(where) ?? where;
  if (stat?.isSocket() || isSocket(`${where}.stream`)) return [fileSocket(own, trailingNumber(own), where)];
  if (stat && !stat.isDirectory())
    throw noSocket(`${where} is a file, not a socket`, 'give the value of py-tracebacker');
  const folder = where.endsWith('/') ? where : dirname(where);
  const prefix = where.endsWith('/') ? '' : basename(where);
  const names = listFolder(folder, where)
    .filter((name) => name.startsWith(prefix) && /^\d+(\.stream)?$/.test(name.slice(prefix.length)))
    .filter((name) => isSocket(join(folder, name)))
    .map((name) => withoutStream(name) ?? name);
  // The digits behind the prefix, which may end in digits of its own.
  const targets = [...new Set(names)].map((name) =>
    fileSocket(join(folder, name), trailingNumber(name.slice(prefix.length)), where),
  );
  if (targets.length > 0) return targets;
  throw stat
    ? noSocket(`${where} is a folder, and holds no tracebacker socket`, 'give the whole prefix, such as /tmp/tbsocket.')
    : noSocket(
        `no socket ${where} and none named ${where}1, ${where}2, ...`,
        'check that uWSGI runs with py-tracebacker and that this is its value',
      );
}

function fileSocket(path: string, worker: number | null, where: string): FoundSocket {
  const stream = streamBeside({ kind: 'file', path })!;
  return { address: { kind: 'file', path }, stream: isSocket(printAddress(stream)) ? stream : null, worker, where };
}

function isSocket(path: string): boolean {
  return look(path)?.isSocket() ?? false;
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
  const isMeant = (name: string) =>
    name === where || (name.startsWith(where) && /^\d+$/.test(name.slice(where.length)));
  // uWSGI's names end in a NUL of their own, an agent's do not.
  const dumps = names.filter((name) => isMeant(name.replace(/\0$/, '')));
  const streams = new Set(names.filter((name) => isMeant(withoutStream(name) ?? '')));
  const plain = (name: string) => name.replaceAll('\0', '');
  const streamOf = (name: string): Address | null =>
    streams.has(`${plain(name)}.stream`) ? { kind: 'abstract', name: `${plain(name)}.stream` } : null;
  const alone = [...streams].map((name) => withoutStream(name)!).filter((name) => !dumps.map(plain).includes(name));
  if (dumps.length + alone.length === 0) {
    throw noSocket(
      `no abstract socket @${where} in this network namespace`,
      'run tbprof in the network namespace (the container) of uWSGI',
    );
  }
  return [...dumps, ...alone].map((name) => {
    const address: Address = { kind: 'abstract', name };
    return { address, stream: streamOf(name), worker: trailingNumber(plain(name)), where: `@${where}` };
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
