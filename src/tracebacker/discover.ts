// What the user says (`-s /tmp/tbsocket.`) -> the sockets that are there now. Connects to none of them.
import { readdirSync, readFileSync, type Stats, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { exitCodes, TbprofError } from '../errors.ts';
import type { Address, Target } from './target.ts';

/** A host name or address and a port; a path always has a slash. */
const hostPort = /^(?:\[([0-9a-f:.]+)\]|([^/:@\s]+)):(\d{1,5})$/i;

/**
 * Resolves each `where` (a prefix, a socket, `@name`, `host:port`) to its workers, in order of worker number and
 * without repeats. Throws where one of them leads to nothing, since a typo must not shrink a recording silently.
 */
export function discover(wheres: readonly string[]): Target[] {
  const targets = new Map<string, Target>();
  for (const where of wheres) {
    for (const target of resolveWhere(where)) targets.set(JSON.stringify(target.address), target);
  }
  return [...targets.values()].sort((a, b) => (a.worker ?? 0) - (b.worker ?? 0));
}

function resolveWhere(where: string): Target[] {
  if (where.startsWith('@')) return resolveAbstract(where.slice(1));
  const [, v6, host, port] = hostPort.exec(where) ?? [];
  if (port !== undefined && !look(where)) {
    return [{ address: { kind: 'tcp', host: (v6 ?? host)!, port: Number(port) }, worker: null }];
  }
  return resolveFile(where);
}

function resolveFile(where: string): Target[] {
  const stat = look(where);
  if (stat?.isSocket()) return [fileTarget(where)];
  if (stat && !stat.isDirectory())
    throw noSocket(`${where} is a file, not a socket`, 'give the value of py-tracebacker');
  const folder = where.endsWith('/') ? where : dirname(where);
  const prefix = where.endsWith('/') ? '' : basename(where);
  const targets = listFolder(folder, where)
    .filter((name) => name.startsWith(prefix) && /^\d+$/.test(name.slice(prefix.length)))
    .map((name) => join(folder, name))
    .filter((path) => look(path)?.isSocket())
    .map(fileTarget);
  if (targets.length > 0) return targets;
  throw stat
    ? noSocket(`${where} is a folder, and holds no tracebacker socket`, 'give the whole prefix, such as /tmp/tbsocket.')
    : noSocket(
        `no socket ${where} and none named ${where}1, ${where}2, ...`,
        'check that uWSGI runs with py-tracebacker and that this is its value',
      );
}

function fileTarget(path: string): Target {
  return { address: { kind: 'file', path }, worker: trailingNumber(path) };
}

function trailingNumber(name: string): number | null {
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
function resolveAbstract(where: string): Target[] {
  const names = listAbstractListeners();
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
    return { address, worker: trailingNumber(name.replaceAll('\0', '')) };
  });
}

function listAbstractListeners(): string[] {
  const listening = '00010000'; // __SO_ACCEPTCON of linux/net.h
  return readProcNetUnix()
    .map((line) => /^\S+ \S+ \S+ (\S+) \S+ \S+ +\d+ @(.+)$/.exec(line))
    .filter((match) => match !== null)
    .filter(([, flags]) => flags === listening)
    .map(([, , name]) => name!.replaceAll('@', '\0')); // the kernel prints each NUL as @
}

function readProcNetUnix(): string[] {
  try {
    return readFileSync('/proc/net/unix', 'utf8').split('\n');
  } catch {
    return []; // not Linux: there are no abstract sockets
  }
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
