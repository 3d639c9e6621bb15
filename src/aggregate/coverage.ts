// How much of the plan was seen, and how busy each worker was: what a reader needs in order to trust the picture.
import { coreOf } from '../profile/labels.ts';
import type { Profile } from '../profile/profile.ts';

export interface WorkerCoverage {
  readonly worker: number;
  readonly dumps: number;
  /** Ticks; planned = observed + unobserved. */
  readonly planned: number;
  readonly observed: number;
  readonly unobserved: number;
  /** Cores known: the highest core number seen in any worker, plus one. A core that never ran cannot be known. */
  readonly cores: number;
  /** Ticks of cores that ran Python, of cores that did not, and their share: 0 to 1, null where nothing is known. */
  readonly busyCoreTicks: number;
  readonly idleCoreTicks: number;
  readonly utilisation: number | null;
  /** Why ticks went unobserved, in ticks by reason. */
  readonly gaps: ReadonlyMap<string, number>;
  /** Stacks that were cut short. */
  readonly cutStacks: number;
  /** Lines that were no frame. */
  readonly unreadableLines: number;
}

export interface Coverage {
  readonly workers: readonly WorkerCoverage[];
  readonly dumps: number;
  readonly planned: number;
  readonly observed: number;
  readonly unobserved: number;
  /** Ticks of all samples: the weight of the whole flame graph. */
  readonly sampled: number;
}

export function measureCoverage(profile: Profile): Coverage {
  const tallies = profile.workers.map(() => ({
    dumps: 0,
    observed: 0,
    busyCoreTicks: 0,
    gaps: new Map<string, number>(),
    cutStacks: 0,
    unreadableLines: 0,
  }));
  const coreOfThread = profile.threads.map(({ name }) => coreOf(name));
  const { dumps, samples } = profile;
  let sampled = 0;
  let cores = 0;
  let sample = 0;
  for (let dump = 0; dump < dumps.weight.length; dump++) {
    const tally = tallies[dumps.worker[dump]!]!;
    const weight = dumps.weight[dump]!;
    tally.dumps += 1;
    tally.observed += weight;
    for (; sample < dumps.sampleEnd[dump]!; sample++) {
      sampled += weight;
      const core = coreOfThread[samples.thread[sample]!] ?? null;
      if (core === null) continue;
      tally.busyCoreTicks += weight;
      cores = Math.max(cores, core + 1);
    }
  }
  for (const { worker, kind, count, reason } of profile.events) {
    const tally = tallies[worker]!;
    if (kind === 'gap') tally.gaps.set(reason, (tally.gaps.get(reason) ?? 0) + count);
    if (kind === 'cut') tally.cutStacks += count;
    if (kind === 'unreadable') tally.unreadableLines += count;
  }
  const workers = tallies.map((tally, worker): WorkerCoverage => {
    const unobserved = sum(tally.gaps.values());
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
  };
}

function sum(numbers: Iterable<number>): number {
  let total = 0;
  for (const number of numbers) total += number;
  return total;
}
