// Which uWSGI servers run on this machine and where their tracebackers listen, from /proc alone: nobody is connected to.
//
// A tracebacker's socket is bound by the worker after the fork: exactly one worker holds it, and the master does not. A
// request socket is bound before the fork: all of them hold it. We never connect to one of those.
import { readFileSync, readlinkSync } from 'node:fs';
import { basename, join } from 'node:path';
import {
  listOpenSockets,
  listProcesses,
  listUnixListeners,
  type ProcessStat,
  readCommandLine,
  readEnvironment,
  readProcessStat,
} from './processes.ts';
import { trailingNumber } from './resolve.ts';
import type { Address, Target } from './target.ts';
import { type ConfigFile, parseArguments, parseConfig, parseEnvironment, type UwsgiOption } from './uwsgi-options.ts';

export interface UwsgiServer {
  /** The master, or the one process of a server without. */
  readonly pid: number;
  readonly commandLine: readonly string[];
  readonly options: readonly UwsgiOption[];
  /** Config files that are named but cannot be read. */
  readonly unreadable: readonly string[];
  /** Workers with a tracebacker, by number. */
  readonly targets: readonly Target[];
  /** False where we may not see its open files: targets are unknown then. */
  readonly visible: boolean;
}

/** All servers that can be seen; in order of pid. Empty where there is no /proc. */
export function findServers(): UwsgiServer[] {
  const stats = listProcesses()
    .filter(isUwsgi)
    .map(readProcessStat)
    .filter((stat) => stat !== null);
  const pids = new Set(stats.map(({ pid }) => pid));
  const masters = stats.filter(({ parent }) => !pids.has(parent));
  return masters.map((master) => describeServer(master, stats));
}

/** The value of the last option of this name; undefined where there is none. */
export function optionOf({ options }: UwsgiServer, name: string): string | undefined {
  return options.findLast(([option]) => option === name)?.[1];
}

/** Whether `where`, a prefix or a socket that somebody has typed, is what this server's options say: they are public. */
export function claimsSocket(server: Pick<UwsgiServer, 'options'>, where: string): boolean {
  const prefix = server.options.findLast(([name]) => name === 'py-tracebacker')?.[1];
  return prefix !== undefined && where.startsWith(prefix) && /^\d*$/.test(where.slice(prefix.length));
}

function describeServer(master: ProcessStat, all: readonly ProcessStat[]): UwsgiServer {
  const children = all.filter(({ parent }) => parent === master.pid);
  const { options, unreadable } = readOptions(master.pid);
  const prefix = options.findLast(([name]) => name === 'py-tracebacker')?.[1];
  const workers = children.length > 0 ? children : [master];
  const found = workers.map((worker) => findTargets(worker, master, workers, prefix));
  return {
    pid: master.pid,
    commandLine: readCommandLine(master.pid),
    options,
    unreadable,
    visible: found.every((targets) => targets !== null),
    targets: found.flatMap((targets) => targets ?? []).sort((a, b) => (a.worker ?? 0) - (b.worker ?? 0)),
  };
}

/** Null where we may not look. */
function findTargets(
  worker: ProcessStat,
  master: ProcessStat,
  workers: readonly ProcessStat[],
  prefix: string | undefined,
): Target[] | null {
  const own = listOpenSockets(worker.pid);
  if (own === null) return null;
  const others = [master, ...workers].filter(({ pid }) => pid !== worker.pid);
  const shared = others.map(({ pid }) => listOpenSockets(pid) ?? new Set<number>());
  return listUnixListeners(worker.pid)
    .filter(({ inode }) => own.has(inode) && !shared.some((inodes) => inodes.has(inode)))
    .filter(({ name }) => isTracebackerName(name, prefix, worker === master))
    .map(({ name }) => ({
      address: reach(worker.pid, master.pid, name),
      worker: trailingNumber(name.replaceAll('\0', '')),
      process: { pid: worker.pid, startTicks: worker.startTicks },
      server: `pid ${master.pid}`,
    }));
}

/** With the option unknown (its file cannot be read) a number at the end has to do, unless one process holds all. */
function isTracebackerName(name: string, prefix: string | undefined, isAlone: boolean): boolean {
  const plain = name.replaceAll('\0', '');
  if (prefix === undefined) return !isAlone && /\d$/.test(plain) && !plain.endsWith('.stream');
  const value = prefix.replace(/^@/, '');
  return /^\d+$/.test(plain.slice(plain.lastIndexOf(basename(value)) + basename(value).length));
}

/**
 * A container has another root: its files are reached through a process in it, the master where it is in the same one,
 * since workers come and go. Abstract names know only network namespaces.
 */
function reach(pid: number, master: number, name: string): Address {
  if (name.startsWith('\0')) return { kind: 'abstract', name: name.slice(1) };
  const path = name.startsWith('/') ? name : join(readLink(`/proc/${pid}/cwd`) ?? '/', name);
  const [own, ofWorker, ofMaster] = [rootOf('self'), rootOf(pid), rootOf(master)];
  if (own === ofWorker) return { kind: 'file', path };
  return { kind: 'file', path: `/proc/${ofWorker === ofMaster ? master : pid}/root${path}` };
}

function rootOf(pid: number | 'self'): string {
  return `${readLink(`/proc/${pid}/ns/mnt`)} ${readLink(`/proc/${pid}/root`)}`;
}

function readOptions(pid: number): { options: UwsgiOption[]; unreadable: string[] } {
  const environment = parseEnvironment(readEnvironment(pid));
  const commandLine = parseArguments(readCommandLine(pid));
  const unreadable: string[] = [];
  const fromFiles = [...environment.files, ...commandLine.files].flatMap((file) => {
    const text = readConfig(pid, file);
    if (text === null) unreadable.push(file.path);
    return text === null ? [] : parseConfig(file.kind, text);
  });
  return { options: [...environment.options, ...fromFiles, ...commandLine.options], unreadable };
}

/** As the process sees it: its root, and its folder for relative names. */
function readConfig(pid: number, { path }: ConfigFile): string | null {
  const [file] = path.split(':'); // `site.ini:section`
  const absolute = file!.startsWith('/') ? file! : join(readLink(`/proc/${pid}/cwd`) ?? '/', file!);
  for (const candidate of [`/proc/${pid}/root${absolute}`, absolute]) {
    try {
      return readFileSync(candidate, 'utf8');
    } catch {
      // the next one, or none
    }
  }
  return null;
}

function isUwsgi(pid: number): boolean {
  const program = readLink(`/proc/${pid}/exe`) ?? readCommandLine(pid)[0] ?? '';
  return /^(py)?uwsgi/.test(basename(program)) || /^(py)?uwsgi/.test(basename(readCommandLine(pid)[0] ?? ''));
}

function readLink(path: string): string | null {
  try {
    return readlinkSync(path);
  } catch {
    return null;
  }
}
