// Which servers run on this machine and where their tracebackers and agents listen, from /proc alone: nobody is connected
// to. Servers are those of uWSGI, and whatever else has an agent.
//
// A tracebacker's socket is bound by the worker after the fork: exactly one worker holds it, and the master does not. A
// request socket is bound before the fork: all of them hold it. We never connect to one of those. An agent's sockets are
// bound by its process too, and their names end in a number and `.stream`.
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { findAgentServers } from './agents.ts';
import {
  listOpenSockets,
  listProcesses,
  listUnixListeners,
  type ProcessStat,
  readCommandLine,
  readEnvironment,
  readProcessStat,
  type UnixListener,
} from './processes.ts';
import { reach, readLink } from './reach.ts';
import { trailingNumber } from './resolve.ts';
import { streamBeside, type Target, withoutStream } from './target.ts';
import { type ConfigFile, parseArguments, parseConfig, parseEnvironment, type UwsgiOption } from './uwsgi-options.ts';

export interface UwsgiServer {
  /** The master, or the one process of a server without. */
  readonly pid: number;
  /** False for gunicorn, Celery and all other programs that have an agent. */
  readonly isUwsgi: boolean;
  readonly commandLine: readonly string[];
  readonly options: readonly UwsgiOption[];
  /** Config files that are named but cannot be read. */
  readonly unreadable: readonly string[];
  /** Workers with a tracebacker or an agent, by number. */
  readonly targets: readonly Target[];
  /** False where we may not see its open files: targets are unknown then. */
  readonly visible: boolean;
  /** It has tracebackers with abstract names in another network namespace, which cannot be reached from here. */
  readonly elsewhere: boolean;
}

/** All servers that can be seen; in order of pid. Empty where there is no /proc. */
export function findServers(): UwsgiServer[] {
  const processes = new UwsgiProcesses();
  const servers = processes.masters().map((master) => describeServer(master, processes));
  return [...servers, ...findAgentServers((pid) => processes.includes(pid))].sort((a, b) => a.pid - b.pid);
}

/** The uWSGI processes of the machine and the sockets that they hold. */
class UwsgiProcesses {
  readonly #stats = listProcesses()
    .filter(isUwsgi)
    .map(readProcessStat)
    .filter((stat) => stat !== null);
  readonly #sockets = new Map(this.#stats.map(({ pid }) => [pid, listOpenSockets(pid)]));

  includes(pid: number): boolean {
    return this.#sockets.has(pid);
  }

  /** Whoever has workers, and whoever serves alone. An emperor is the master of nothing but vassals. */
  masters(): ProcessStat[] {
    const pids = new Set(this.#stats.map(({ pid }) => pid));
    return this.#stats.filter((stat) => this.workersOf(stat).length > 0 || !pids.has(stat.parent));
  }

  /** Its children that have no workers of their own. */
  workersOf({ pid }: ProcessStat): ProcessStat[] {
    return this.#stats.filter(({ parent, pid: child }) => parent === pid && !this.#hasChildren(child));
  }

  /** The sockets that this process holds and no other uWSGI process does; null where we may not look. */
  ownSockets({ pid }: ProcessStat): ReadonlySet<number> | null {
    const own = this.#sockets.get(pid) ?? null;
    if (own === null) return null;
    const others = [...this.#sockets].filter(([other]) => other !== pid).map(([, sockets]) => sockets);
    return new Set([...own].filter((inode) => !others.some((sockets) => sockets?.has(inode))));
  }

  #hasChildren(pid: number): boolean {
    return this.#stats.some(({ parent }) => parent === pid);
  }
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

function describeServer(master: ProcessStat, processes: UwsgiProcesses): UwsgiServer {
  const children = processes.workersOf(master);
  const { options, unreadable } = readOptions(master.pid);
  const numberOf = numberer(options.findLast(([name]) => name === 'py-tracebacker')?.[1], {
    // The one process of a server without a master holds its request sockets alone, too.
    mayGuess: unreadable.length > 0 && children.length > 0,
  });
  let visible = true;
  let elsewhere = false;
  const targets: Target[] = [];
  for (const worker of children.length > 0 ? children : [master]) {
    const own = processes.ownSockets(worker);
    visible &&= own !== null;
    const names = (own === null ? [] : listUnixListeners(worker.pid)).filter(({ inode }) => own!.has(inode));
    for (const { name, number, hasStream } of pairSockets(names, numberOf)) {
      const address = reach(worker.pid, master.pid, name);
      elsewhere ||= address === null;
      if (address === null) continue;
      const { pid, startTicks } = worker;
      const stream = hasStream ? streamBeside(address) : null;
      targets.push({ address, stream, worker: number, process: { pid, startTicks }, server: `pid ${master.pid}` });
    }
  }
  targets.sort((a, b) => (a.worker ?? 0) - (b.worker ?? 0));
  return {
    pid: master.pid,
    isUwsgi: true,
    commandLine: readCommandLine(master.pid),
    options,
    unreadable,
    visible,
    elsewhere,
    targets,
  };
}

interface SocketPair {
  /** Of the socket for dumps, which may not be there. */
  readonly name: string;
  readonly number: number;
  readonly hasStream: boolean;
}

/** Sockets for dumps and for streams, of one process. */
function pairSockets(listeners: readonly UnixListener[], numberOf: (name: string) => number | null): SocketPair[] {
  const streams = new Set(listeners.map(({ name }) => withoutStream(name)).filter((name) => name !== null));
  const dumps = listeners.map(({ name }) => name).filter((name) => numberOf(name) !== null || streams.has(name));
  const alone = [...streams].filter((name) => !dumps.some((other) => plainName(other) === name));
  return [...dumps, ...alone].map((name) => {
    const number = numberOf(name) ?? trailingNumber(plainName(name))!;
    return { name, number, hasStream: streams.has(plainName(name)) };
  });
}

/** uWSGI's abstract names end in a NUL, those of an agent do not. */
function plainName(name: string): string {
  return name.replace(/(?<=.)\0$/, '');
}

/**
 * The number of the worker from the name of its socket; null where that is no tracebacker's. With the option unknown,
 * since its file cannot be read, digits at the end have to do; what uWSGI replaces in values (`%n`) may be anything.
 */
function numberer(prefix: string | undefined, { mayGuess }: { mayGuess: boolean }): (name: string) => number | null {
  if (prefix === undefined) return (name) => (mayGuess ? trailingNumber(name.replaceAll('\0', '')) : null);
  const pattern = lastPart(prefix.replace(/^@/, ''))
    .split(/%./)
    .map((part) => part.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'))
    .join('.*');
  const numbered = new RegExp(`^${pattern}(\\d{1,9})$`);
  return (name) => {
    const match = numbered.exec(lastPart(name.replaceAll('\0', '')));
    return match ? Number(match[1]) : null;
  };
}

/** What stands behind the last slash: nothing, where the prefix is a folder. */
function lastPart(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
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
