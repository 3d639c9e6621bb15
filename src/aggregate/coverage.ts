// How much of the plan was seen, and how busy each worker was: what a reader needs in order to trust the picture.
import { coreOf } from '../profile/labels.ts';
import type { EventKind, Profile, ProfileEvent } from '../profile/profile.ts';

export interface WorkerCoverage {
  readonly worker: number;
  readonly dumps: number;
  /** Ticks; planned = observed + unobserved. */
  readonly planned: number;
  readonly observed: number;
  readonly unobserved: number;
  /** Cores known: the highest core number seen in any worker of the server, plus one. A core that never ran cannot be known. */
  readonly cores: number;
  /** Ticks of cores that ran Python, of cores that did not, and their share: 0 to 1, null where nothing is known. */
  readonly busyCoreTicks: number;
  readonly idleCoreTicks: number;
  readonly utilisation: number | null;
  /** Ticks of all threads that ran Python, those of cores among them. */
  readonly busyThreadTicks: number;
  /** Why ticks went unobserved, in ticks by reason. */
  readonly gaps: ReadonlyMap<string, number>;
  /** Stacks that were cut short. */
  readonly cutStacks: number;
  /** Parked greenlets and tasks that were not looked at, at most, by reason. */
  readonly unsearched: ReadonlyMap<string, number>;
  /** Lines that were no frame. */
  readonly unreadableLines: number;
  /** Why it was not asked any more, a Verdict of tracebacker/verdict.ts; null where it was asked to the end. */
  readonly left: string | null;
  /** Nothing listened at the end of the recording. */
  readonly isGone: boolean;
  /** New processes behind its socket while recording. */
  readonly respawns: number;
  /** The largest number of ticks per dump that the limits of cost made necessary; 1 where they did not. */
  readonly stride: number;
  /** Who answered last: a {@link ProfileMeta.source}. */
  readonly source: string;
  /** How often its tracebacker was asked in the place of its agent. */
  readonly fallbacks: number;
}

export interface Coverage {
  readonly workers: readonly WorkerCoverage[];
  readonly dumps: number;
  readonly planned: number;
  readonly observed: number;
  readonly unobserved: number;
  /** Ticks of all samples: the weight of the whole flame graph. */
  readonly sampled: number;
  /** A worker was lost, or sampled less than was asked for: the picture lacks something. */
  readonly incomplete: boolean;
}

export function measureCoverage(profile: Profile): Coverage {
  const tallies = profile.workers.map(() => newTally(profile.meta.source));
  const { sampled, cores } = tallyDumps(profile, tallies);
  const coresOf = (worker: number) => cores.get(serverOf(profile, worker)) ?? 0;
  tallyEvents(profile, tallies);
  const workers = tallies.map(({ lastDumpMs: _, ...tally }, worker): WorkerCoverage => {
    const unobserved = sum(tally.gaps.values());
    const cores = coresOf(worker);
    const coreTicks = cores * tally.observed;
    return {
      ...tally,
      worker,
      planned: tally.observed + unobserved,
      unobserved,
      cores,
      idleCoreTicks: coreTicks - tally.busyCoreTicks,
      utilisation: coreTicks === 0 ? null : tally.busyCoreTicks / coreTicks,
    };
  });
  return {
    workers,
    dumps: sum(workers.map((worker) => worker.dumps)),
    planned: sum(workers.map((worker) => worker.planned)),
    observed: sum(workers.map((worker) => worker.observed)),
    unobserved: sum(workers.map((worker) => worker.unobserved)),
    sampled,
    incomplete: isIncomplete(workers),
  };
}

const newTally = (source: string) => ({
  dumps: 0,
  observed: 0,
  busyCoreTicks: 0,
  busyThreadTicks: 0,
  gaps: new Map<string, number>(),
  cutStacks: 0,
  unsearched: new Map<string, number>(),
  unreadableLines: 0,
  left: null as string | null,
  lastDumpMs: -1,
  isGone: false,
  respawns: 0,
  stride: 1,
  source,
  fallbacks: 0,
});

type Tally = ReturnType<typeof newTally>;

function tallyDumps(
  profile: Profile,
  tallies: readonly Tally[],
): { sampled: number; cores: ReadonlyMap<string, number> } {
  const { dumps, samples, threads } = profile;
  const coreOfThread = threads.map(({ name }) => coreOf(name));
  const servers = tallies.map((_, worker) => serverOf(profile, worker));
  let sampled = 0;
  const cores = new Map<string, number>();
  let sample = 0;
  for (let dump = 0; dump < dumps.weight.length; dump++) {
    const tally = tallies[dumps.worker[dump]!]!;
    tally.dumps += dumps.dumps[dump]!;
    tally.observed += dumps.weight[dump]!;
    tally.lastDumpMs = dumps.timeMs[dump]!;
    for (; sample < dumps.sampleEnd[dump]!; sample++) {
      const weight = samples.weight[sample]!;
      sampled += weight;
      tally.busyThreadTicks += weight;
      const core = coreOfThread[samples.thread[sample]!] ?? null;
      if (core === null) continue;
      tally.busyCoreTicks += weight;
      const server = servers[dumps.worker[dump]!]!;
      cores.set(server, Math.max(cores.get(server) ?? 0, core + 1));
    }
  }
  return { sampled, cores };
}

/** Workers of one server have one number of cores; their addresses differ in the number at the end. */
function serverOf({ workers }: Profile, worker: number): string {
  const { address } = workers[worker]!;
  let end = address.length; // a regular expression would take the square of a long number that is not at the end
  while (end > 0 && isDigit(address.charCodeAt(end - 1))) end -= 1;
  return address.slice(0, end);
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

function tallyEvents({ events }: Profile, tallies: readonly Tally[]): void {
  const take: Record<EventKind, (tally: Tally, event: ProfileEvent) => void> = {
    gap: (tally, { reason, count, timeMs }) => {
      tally.gaps.set(reason, (tally.gaps.get(reason) ?? 0) + count);
      tally.isGone = ['gone', 'died'].includes(reason) && timeMs > tally.lastDumpMs;
    },
    cut: (tally, { count }) => {
      tally.cutStacks += count;
    },
    unsearched: (tally, { reason, count }) => {
      tally.unsearched.set(reason, Math.max(count, tally.unsearched.get(reason) ?? 0));
    },
    unreadable: (tally, { count }) => {
      tally.unreadableLines += count;
    },
    left: (tally, { reason }) => {
      tally.left = reason;
    },
    respawn: (tally) => {
      tally.respawns += 1;
    },
    throttle: (tally, { count }) => {
      tally.stride = Math.max(tally.stride, count);
    },
    source: (tally, { reason }) => {
      tally.source = reason;
      if (reason === 'tracebacker') tally.fallbacks += 1;
    },
  };
  for (const event of events) take[event.kind](tallies[event.worker]!, event);
}

/**
 * Workers may come and go (`cheaper`, a reload); a server that is gone at the end is lost. A socket that was stale from
 * the beginning is nobody's loss.
 */
function isIncomplete(workers: readonly WorkerCoverage[]): boolean {
  const seen = workers.filter(({ dumps }) => dumps > 0);
  return (
    workers.some((worker) => worker.left !== null || isSpared(worker) || worker.gaps.has('spared')) ||
    (seen.length > 0 && seen.every(({ isGone }) => isGone))
  );
}

/** Asked less often than the user wants, lest it cost the worker too much. That an agent sees to its cost is its way. */
export function isSpared({ stride, source }: Pick<WorkerCoverage, 'stride' | 'source'>): boolean {
  return stride > 1 && source !== 'agent';
}

function sum(numbers: Iterable<number>): number {
  let total = 0;
  for (const number of numbers) total += number;
  return total;
}
