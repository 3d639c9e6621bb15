// Programs other than uWSGI whose processes have an agent each (gunicorn, Celery, anything), from /proc alone.
import {
  listOpenSockets,
  listProcesses,
  listUnixListeners,
  type ProcessStat,
  readCommandLine,
  readProcessStat,
  type UnixListener,
} from './processes.ts';
import { reach, readLink } from './reach.ts';
import { trailingNumber } from './resolve.ts';
import type { UwsgiServer } from './servers.ts';
import { streamBeside, type Target, withoutStream } from './target.ts';

export function findAgentServers(isUwsgi: (pid: number) => boolean): UwsgiServer[] {
  const servers = new Map<number, Target[]>();
  for (const { process, name } of findStreamHolders(isUwsgi)) {
    const master = masterOf(process);
    const address = reach(process.pid, master, name);
    if (address === null) continue;
    const target: Target = {
      address,
      stream: streamBeside(address),
      worker: trailingNumber(name),
      process: { pid: process.pid, startTicks: process.startTicks },
      server: `pid ${master}`,
    };
    servers.set(master, [...(servers.get(master) ?? []), target]);
  }
  return [...servers].map(([pid, targets]) => ({
    ...{ pid, isUwsgi: false, commandLine: readCommandLine(pid), options: [], unreadable: [] },
    ...{ visible: true, elsewhere: false, targets: targets.sort((a, b) => (a.worker ?? 0) - (b.worker ?? 0)) },
  }));
}

interface StreamHolder {
  readonly process: ProcessStat;
  /** Of the socket for dumps, beside that of the stream. */
  readonly name: string;
}

/** The processes that alone hold a listening socket with the name of a stream: a request socket is held by several. */
function findStreamHolders(isUwsgi: (pid: number) => boolean): StreamHolder[] {
  const holders = new Map<number, { readonly pids: number[]; readonly name: string }>();
  const streamsOf = streamsByNamespace();
  for (const pid of listProcesses()) {
    const sockets = isUwsgi(pid) ? null : listOpenSockets(pid);
    if (sockets === null || sockets.size === 0) continue;
    for (const { inode, name } of streamsOf(pid)) {
      if (!sockets.has(inode)) continue;
      const pids = holders.get(inode)?.pids ?? [];
      holders.set(inode, { pids: [...pids, pid], name: withoutStream(name)! });
    }
  }
  const alone = [...holders.values()].filter(({ pids }) => pids.length === 1);
  return alone.flatMap(({ pids, name }) => {
    const process = readProcessStat(pids[0]!);
    return process === null ? [] : [{ process, name }];
  });
}

/** The list of a namespace is long, and the same for most processes. */
function streamsByNamespace(): (pid: number) => UnixListener[] {
  const known = new Map<string | null, UnixListener[]>();
  return (pid) => {
    const namespace = readLink(`/proc/${pid}/ns/net`);
    const listeners = known.get(namespace) ?? listUnixListeners(pid).filter(({ name }) => withoutStream(name) !== null);
    known.set(namespace, listeners);
    return listeners;
  };
}

/** Its parent, where that runs the same program; a shell that has started it is no master. */
function masterOf({ pid, parent }: ProcessStat): number {
  if (parent <= 1) return pid;
  const [own, other] = [readLink(`/proc/${pid}/exe`), readLink(`/proc/${parent}/exe`)];
  return own === other || other === null ? parent : pid;
}
