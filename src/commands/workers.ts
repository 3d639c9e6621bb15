// tbprof workers: which tracebackers are there, and are they fit to be sampled.
import { type ExitCode, exitCodes, TbprofError } from '../errors.ts';
import { readOnce, type WorkerDump } from '../sampling/read-once.ts';
import { checkServer, type Finding } from '../tracebacker/check.ts';
import { dangerOf, serverNamed } from '../tracebacker/danger.ts';
import { adviseServer, belongsTo, Discovery, explainNobody } from '../tracebacker/discover.ts';
import { explainVerdict } from '../tracebacker/explain.ts';
import { gatherFacts } from '../tracebacker/facts.ts';
import { DumpParser } from '../tracebacker/parse.ts';
import { ageSecondsOf, readProcessStat } from '../tracebacker/processes.ts';
import { findServers, type UwsgiServer } from '../tracebacker/servers.ts';
import { readStats } from '../tracebacker/stats.ts';
import type { ServerStats } from '../tracebacker/stats-json.ts';
import { nameTarget, type Target } from '../tracebacker/target.ts';
import { visible } from '../visible.ts';
import type { CommandContext } from './context.ts';
import { chooseSockets } from './targets.ts';
import {
  addStats,
  type DumpSeen,
  describeWorker,
  isFit,
  offerOf,
  type ProcessUsage,
  type ServerReport,
} from './workers-report.ts';
import { renderWorkers } from './workers-table.ts';

export interface WorkersOptions {
  readonly socket: readonly string[];
  readonly pid?: number | undefined;
  readonly check: boolean;
  /** Where uWSGI's stats server listens. */
  readonly stats?: string | undefined;
  readonly statsHttp: boolean;
  readonly keepGoing: boolean;
  readonly json: boolean;
}

/** Workers that belong together. */
interface Group {
  readonly name: string;
  /** Null where the system does not tell which server it is. */
  readonly server: UwsgiServer | null;
  readonly targets: readonly Target[];
  /** Why none of its workers may be asked. */
  readonly danger: Finding | null;
}

export async function workers(options: WorkersOptions, context: CommandContext): Promise<ExitCode> {
  const { terminal, nodeVersion } = context;
  const groups = findGroups(options, context);
  const targets = groups.flatMap((group) => group.targets);
  // Before anyone is asked: a worker that a dump has crashed has no age any more.
  const usage = new Map(targets.map((target) => [target, usageOf(target)]));
  const { stats, problem } = await askStats(options, context);
  const asked = groups.flatMap(({ danger, targets: own }) => (danger === null || options.keepGoing ? own : []));
  const dumps = await readOnce(asked, { stop: context.stop, keepGoing: options.keepGoing });
  const seen = new Map(dumps.map((dump) => [dump.target, parse(dump)]));

  const servers = groups.map((group) => describeGroup(group, { seen, usage, check: options.check }));
  const report = addStats({ servers, stats });
  const nowEpochSeconds = context.now().getTime() / 1_000;
  if (options.json) await terminal.out(`${JSON.stringify(report, null, 2)}\n`);
  else await terminal.out(renderWorkers(report, { nowEpochSeconds, paint: terminal.paint }));

  const verdicts = report.servers.flatMap(({ workers: rows }) => rows.map(({ verdict }) => verdict));
  for (const [index, target] of targets.entries()) {
    if (isFit(verdicts[index]!) || context.stop.aborted) continue;
    const { message, hint } = explainVerdict(target, verdicts[index]!, nodeVersion);
    terminal.say(`tbprof: ${visible(message)}: ${visible(hint)}`);
  }
  if (problem !== null) terminal.say(`tbprof: ${visible(problem)}`);
  if (!verdicts.some(isFit)) return exitCodes.nothingRecorded;
  return verdicts.every(isFit) && problem === null ? exitCodes.done : exitCodes.incomplete;
}

/** Throws a TbprofError where there is nobody. */
function findGroups({ socket, pid }: WorkersOptions, { env }: CommandContext): Group[] {
  const wheres = chooseSockets(socket, env);
  const servers = findServers();
  if (wheres.length === 0) {
    const meant = pid === undefined ? servers : servers.filter((server) => belongsTo(server, pid));
    if (meant.length === 0) throw explainNobody(servers, pid);
    return meant.map((server) => groupOf(`pid ${server.pid}`, server.targets, server));
  }
  const targets = new Discovery({ wheres }).look();
  return [...new Set(targets.map(({ server }) => server))].map((name) =>
    groupOf(
      name,
      targets.filter((target) => target.server === name),
      serverNamed(name, servers),
    ),
  );
}

/** Looks for what makes the first dump crash the worker, whether a check was asked for or not: it costs nothing. */
function groupOf(name: string, targets: readonly Target[], server: UwsgiServer | null): Group {
  return { name, server, targets, danger: server && dangerOf(server) };
}

/** A stats server that fails takes nothing from the list. */
async function askStats(
  { stats: where, statsHttp: http }: WorkersOptions,
  { stop }: CommandContext,
): Promise<{ stats: ServerStats | null; problem: string | null }> {
  if (where === undefined) return { stats: null, problem: null };
  try {
    return { stats: await readStats({ where, http }, stop), problem: null };
  } catch (error) {
    if (!(error instanceof TbprofError)) throw error;
    return { stats: null, problem: `${error.message}: ${error.hint}` };
  }
}

interface Seen {
  readonly seen: ReadonlyMap<Target, DumpSeen>;
  readonly usage: ReadonlyMap<Target, ProcessUsage>;
  readonly check: boolean;
}

const unchecked = {
  message: 'the server behind these sockets cannot be seen, so it was not checked',
  remedy: 'run tbprof beside uWSGI, as the user that it runs as',
};

function describeGroup({ name, server, targets, danger }: Group, { seen, usage, check }: Seen): ServerReport {
  const workers = targets.map((target) => {
    const offers = offerOf(target, server);
    const facts = { ...usage.get(target)!, offers, hasCores: server?.isUwsgi !== false };
    return describeWorker(target, facts, seen.get(target) ?? null);
  });
  const findings = danger === null ? [] : [danger];
  const report = { name, pid: server?.pid ?? null, advice: null, checked: false, findings, workers };
  if (server === null) return check ? { ...report, advice: unchecked } : report;
  const advice = targets.length > 0 ? null : adviseServer(server);
  if (!check) return { ...report, advice };
  const files = targets.flatMap((target) => seen.get(target)?.threads ?? []).flatMap(({ frames }) => frames);
  const facts = gatherFacts(
    server,
    files.map(({ file }) => file),
  );
  const verdicts = targets.map((target, index) => {
    const { verdict, offers } = workers[index]!;
    return { name: nameTarget(target), verdict, offers };
  });
  return {
    ...report,
    advice,
    checked: true,
    findings: checkServer({ ...facts, hasTracebacker: targets.length > 0, workers: verdicts }),
  };
}

function usageOf({ process }: Target): ProcessUsage {
  if (process === null) return { uptimeSeconds: null, rssBytes: null };
  return { uptimeSeconds: ageSecondsOf(process), rssBytes: readProcessStat(process.pid)?.rssBytes ?? null };
}

function parse({ reading, verdict, streams }: WorkerDump): DumpSeen {
  return { reading, verdict, streams, threads: new DumpParser().parse(reading.bytes).threads };
}
