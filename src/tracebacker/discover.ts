// Whom to sample: what the user names with -s, or else the one server that can be seen. Connects to nobody.
import { exitCodes, TbprofError } from '../errors.ts';
import { Identifier } from './identify.ts';
import { resolveSockets } from './resolve.ts';
import { findServers, type UwsgiServer } from './servers.ts';
import { printAddress, type Target } from './target.ts';

export interface DiscoveryOptions {
  /** Prefixes, sockets, `@name`, `host:port`; empty: find them. */
  readonly wheres: readonly string[];
  /** The master, or a worker, of the server that is meant. */
  readonly pid?: number | undefined;
}

/** Looks, and looks again: workers come and go. */
export class Discovery {
  readonly #wheres: readonly string[];
  readonly #identifier = new Identifier();

  /** Throws a TbprofError where there is nobody, or where it is not clear who is meant. */
  constructor({ wheres, pid }: DiscoveryOptions) {
    this.#wheres = wheres.length > 0 ? wheres : prefixesOf(chooseServer(findServers(), pid));
  }

  /** Everybody who is there now. Throws where there is nobody. */
  look(): Target[] {
    return this.#identifier.identify(resolveSockets(this.#wheres));
  }

  /** As {@link look}, but nobody is no error: between two generations of workers there may be none. */
  lookAgain(): Target[] {
    // One by one: where one place has nobody any more, the others still have.
    const sockets = this.#wheres.flatMap((where) => {
      try {
        return resolveSockets([where]);
      } catch (error) {
        if (error instanceof TbprofError) return [];
        throw error;
      }
    });
    const targets = this.#identifier.identify(sockets);
    return [...new Map(targets.map((target) => [printAddress(target.address), target])).values()];
  }
}

/** The names without their numbers, so that workers that come later are found. */
function prefixesOf({ targets }: UwsgiServer): string[] {
  return [...new Set(targets.map(({ address }) => printAddress(address).replace(/\d+$/, '')))];
}

/** Of the servers that can be seen, the one to sample. Throws where it is not clear which that is. */
export function chooseServer(servers: readonly UwsgiServer[], pid: number | undefined): UwsgiServer {
  const meant = pid === undefined ? servers : servers.filter((server) => belongsTo(server, pid));
  if (meant.length === 0) throw explainNobody(servers, pid);
  const fit = meant.filter(({ targets }) => targets.length > 0);
  if (fit.length === 1) return fit[0]!;
  if (fit.length > 1) {
    const list = fit.map(({ pid: master, targets }) => `${master} (${printAddress(targets[0]!.address)})`).join(', ');
    throw new TbprofError(`${fit.length} servers can be sampled: ${list}`, {
      code: 'ambiguous',
      exitCode: exitCodes.usage,
      hint: 'say which with -s PREFIX or --pid PID',
    });
  }
  throw explainUnfit(meant);
}

/** Why there is no server at all, or none of this pid. */
export function explainNobody(servers: readonly UwsgiServer[], pid: number | undefined): TbprofError {
  if (pid !== undefined && servers.length > 0) {
    return nobody(
      `process ${pid} is no uWSGI server or worker that can be seen, and has no agent`,
      'see: tbprof workers',
    );
  }
  return nobody(
    'no uWSGI server runs on this machine and no program with an agent, or none that can be seen from here',
    'run tbprof beside it, in its container, or give the sockets with -s; to try it: tbprof demo',
  );
}

function explainUnfit(servers: readonly UwsgiServer[]): TbprofError {
  const pids = servers.map(({ pid }) => pid).join(', ');
  const { message, remedy } = adviseServer(servers.find(({ visible }) => !visible) ?? servers[0]!);
  return nobody(`uWSGI runs (pid ${pids}), but ${message}`, remedy);
}

/** What to do about a server without targets. */
export function adviseServer({ visible, elsewhere }: Pick<UwsgiServer, 'visible' | 'elsewhere'>): {
  message: string;
  remedy: string;
} {
  if (elsewhere) {
    return {
      message: 'its tracebackers are abstract sockets of another network namespace',
      remedy: 'run tbprof in that namespace (the container), or set py-tracebacker to a path',
    };
  }
  return visible
    ? { message: 'without a tracebacker', remedy: 'set py-tracebacker = /tmp/tbsocket. in its config and reload it' }
    : {
        message: 'its open sockets cannot be seen',
        remedy: 'run tbprof as the user that uWSGI runs as, or give the sockets with -s',
      };
}

/** Whether this is the pid of its master or of one of its workers. */
export function belongsTo({ pid, targets }: UwsgiServer, wanted: number): boolean {
  return pid === wanted || targets.some(({ process }) => process?.pid === wanted);
}

function nobody(message: string, hint: string): TbprofError {
  return new TbprofError(message, { code: 'no-socket', exitCode: exitCodes.nothingRecorded, hint });
}
