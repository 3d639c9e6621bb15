// What `tbprof workers` tells, as plain data: this is what `--json` prints.
import { coreOf } from '../profile/labels.ts';
import type { Finding, Offer } from '../tracebacker/check.ts';
import type { ThreadStack } from '../tracebacker/dump.ts';
import { insideOf } from '../tracebacker/reach.ts';
import type { Reading } from '../tracebacker/read.ts';
import { claimsSocket, type UwsgiServer } from '../tracebacker/servers.ts';
import type { ServerStats, WorkerStats } from '../tracebacker/stats-json.ts';
import { printAddress, type Target } from '../tracebacker/target.ts';
import type { Verdict } from '../tracebacker/verdict.ts';

export interface WorkersReport {
  readonly servers: readonly ServerReport[];
  /** Null where no stats server was asked, or it did not answer. */
  readonly stats: ServerStats | null;
}

export interface ServerReport {
  /** `pid 1234`, or what the user typed. */
  readonly name: string;
  /** Of the master; null where the system does not tell it. */
  readonly pid: number | null;
  /** What to do where it has no tracebacker. */
  readonly advice: { readonly message: string; readonly remedy: string } | null;
  readonly checked: boolean;
  /** Without a check: only what forbids to ask its workers. */
  readonly findings: readonly Finding[];
  readonly workers: readonly WorkerReport[];
}

export interface ProcessUsage {
  readonly uptimeSeconds: number | null;
  readonly rssBytes: number | null;
}

interface OwnFacts extends ProcessUsage {
  readonly offers: Offer;
}

export interface WorkerFacts extends OwnFacts {
  /** False of programs other than uWSGI. */
  readonly hasCores: boolean;
}

export interface WorkerReport extends OwnFacts {
  readonly worker: number | null;
  readonly pid: number | null;
  readonly address: string;
  /** Cores that serve a request, null where there are none; other threads that run Python code. Null where no dump tells. */
  readonly busyCores: number | null;
  readonly otherThreads: number | null;
  /** Until the first byte. */
  readonly waitMs: number | null;
  readonly tookMs: number | null;
  readonly verdict: Fitness;
  readonly stats: WorkerStats | null;
}

export type Fitness =
  | 'ok'
  /** The dump stops in the middle of a stack: the sign of a tracebacker that is poisoned from now on. */
  | 'cut'
  /** Not asked, because a dump might crash the worker. */
  | 'spared'
  | Exclude<Verdict, 'dump'>;

export interface DumpSeen {
  readonly reading: Pick<Reading, 'waitMs' | 'tookMs'>;
  readonly verdict: Verdict;
  readonly threads: readonly ThreadStack[];
  /** Its agent streams, though nothing gives dumps. */
  readonly streams: boolean;
}

/** `seen` is null where the worker was not asked. */
export function describeWorker(
  target: Target,
  { hasCores, ...facts }: WorkerFacts,
  seen: DumpSeen | null,
): WorkerReport {
  const verdict = judge(seen);
  const threads = seen?.verdict === 'dump' ? seen.threads : null;
  const cores = threads?.filter(({ thread }) => hasCores && coreOf(thread) !== null);
  return {
    worker: target.worker,
    pid: target.process?.pid ?? null,
    address: printAddress(target.address),
    ...facts,
    busyCores: hasCores ? (cores?.length ?? null) : null,
    otherThreads: threads && cores ? threads.length - cores.length : null,
    waitMs: seen?.reading.waitMs ?? null,
    tookMs: seen?.reading.tookMs ?? null,
    verdict,
    stats: null,
  };
}

/** An agent answers dumps too, where no tracebacker of uWSGI's own has the socket for them. */
export function offerOf({ address, stream }: Target, server: Pick<UwsgiServer, 'options'> | null): Offer {
  if (stream === null) return 'tracebacker';
  return server !== null && claimsSocket(server, insideOf(printAddress(address))) ? 'both' : 'agent';
}

export function isFit(verdict: Fitness): boolean {
  return verdict === 'ok';
}

function judge(seen: DumpSeen | null): Fitness {
  if (seen === null) return 'spared';
  if (seen.streams) return 'ok';
  if (seen.verdict !== 'dump') return seen.verdict;
  return seen.threads.some(({ cut }) => cut) ? 'cut' : 'ok';
}

/**
 * Gives each worker its own figures: those of its pid. Where no pid agrees (uWSGI in a container counts its own) and there
 * is only one server that can be meant, those of its number.
 */
export function addStats({ servers, stats }: WorkersReport): WorkersReport {
  if (stats === null) return { servers, stats };
  const byPid = new Map(stats.workers.filter(({ pid }) => pid > 0).map((worker) => [worker.pid, worker]));
  const known = servers.some(
    ({ pid, workers }) => pid === stats.masterPid || workers.some((worker) => byPid.has(worker.pid ?? 0)),
  );
  const byNumber = new Map(!known && servers.length === 1 ? stats.workers.map((own) => [own.worker, own]) : []);
  const find = ({ pid, worker }: WorkerReport) => byPid.get(pid ?? 0) ?? byNumber.get(worker ?? -1) ?? null;
  return {
    servers: servers.map((server) => ({
      ...server,
      workers: server.workers.map((worker) => ({ ...worker, stats: find(worker) })),
    })),
    stats,
  };
}
