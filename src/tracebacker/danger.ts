// Servers whose workers the first dump may crash: found from /proc before anybody is connected to.
import { checkThreadsBeforeFork, type Finding } from './check.ts';
import { countForeignThreads } from './facts.ts';
import { claimsSocket, findServers, type UwsgiServer } from './servers.ts';
import type { Target } from './target.ts';

/** The server that a {@link Target.server} names; null where it cannot be seen. */
export function serverNamed(name: string, servers: readonly UwsgiServer[]): UwsgiServer | null {
  // Another user sees no open sockets, but the options of the server and the threads of its master.
  const byPid = servers.find(({ pid }) => `pid ${pid}` === name);
  return byPid ?? servers.find((server) => claimsSocket(server, name)) ?? null;
}

/** Why a server must not be asked for a dump; null where nothing speaks against it. */
export function dangerOf(server: UwsgiServer): Finding | null {
  // An agent looks for lost threads itself, with better eyes, and does not start where there are any.
  if (server.targets.length > 0 && server.targets.every(({ stream }) => stream !== null)) return null;
  const { options } = server;
  const finding = checkThreadsBeforeFork({ foreignMasterThreads: countForeignThreads(server), options });
  return finding?.severity === 'danger' ? finding : null;
}

/** The first danger among the servers of these targets, and the pid of that server. */
export function findDanger(targets: readonly Target[]): { readonly pid: number; readonly finding: Finding } | null {
  const servers = findServers();
  for (const name of new Set(targets.map((target) => target.server))) {
    const server = serverNamed(name, servers);
    const finding = server && dangerOf(server);
    if (server && finding) return { pid: server.pid, finding };
  }
  return null;
}
