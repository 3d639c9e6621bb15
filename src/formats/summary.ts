// A profile in a screenful of text: how much was seen, how busy the workers were, where the time went.
import { buildCallTree } from '../aggregate/call-tree.ts';
import { type Coverage, measureCoverage, type WorkerCoverage } from '../aggregate/coverage.ts';
import { foldStacks } from '../aggregate/fold.ts';
import { listFunctions } from '../aggregate/functions.ts';
import { groupFrames, labelWorker } from '../profile/labels.ts';
import type { Profile } from '../profile/profile.ts';
import { visible } from '../visible.ts';

/** Lines of text, safe for a terminal, no line end after the last. */
export function renderSummary(profile: Profile, functionCount: number): string {
  const coverage = measureCoverage(profile);
  return [...describeCoverage(profile, coverage), '', ...describeFunctions(profile, coverage, functionCount)].join(
    '\n',
  );
}

function describeCoverage(profile: Profile, coverage: Coverage): string[] {
  const { meta, workers } = profile;
  const seconds = meta.durationMs === null ? '' : `${(meta.durationMs / 1_000).toFixed(1)} s of `;
  const stacks = foldStacks(profile).reduce((count, weight) => count + (weight > 0 ? 1 : 0), 0);
  return [
    `${seconds}${count(workers.length, 'worker')} at ${meta.rateHz} dumps/s: ${count(coverage.dumps, 'dump')}, ${count(stacks, 'distinct stack')}`,
    `ticks: ${coverage.planned} planned = ${coverage.observed} observed + ${coverage.unobserved} unobserved`,
    ...coverage.workers.map((worker) => `  ${describeWorker(profile, worker)}`),
  ];
}

function describeWorker(profile: Profile, worker: WorkerCoverage): string {
  const parts = [
    `${visible(labelWorker(profile, worker.worker))}: ${worker.observed} of ${worker.planned} ticks observed`,
  ];
  if (worker.utilisation !== null) {
    const busy = (worker.utilisation * worker.cores).toFixed(1);
    parts.push(`${busy} of ${count(worker.cores, 'core')} busy (${percent(worker.utilisation)})`);
  } else if (worker.observed > 0) {
    parts.push('idle');
  }
  for (const [reason, ticks] of worker.gaps) parts.push(`${count(ticks, 'tick')} ${describeGap(reason)}`);
  if (worker.cutStacks > 0) parts.push(`${count(worker.cutStacks, 'stack')} cut short`);
  if (worker.unreadableLines > 0) parts.push(`${count(worker.unreadableLines, 'line')} not understood`);
  return parts.join(', ');
}

const gapReasons: Record<string, string> = {
  late: 'later than a dump can speak for',
  behind: 'skipped, because tbprof was behind',
  end: 'after the last dump',
  absent: 'without a socket',
  refused: 'with nothing listening',
  denied: 'without permission',
  reset: 'lost to a broken connection',
  empty: 'lost: the worker answered with nothing (its tracebacker is poisoned or it crashed) and was left alone',
  'not-a-tracebacker': 'lost: the answer was no dump',
  'too-large': 'lost to dumps over the size limit',
  abandoned: 'lost: no answer in time',
};

function describeGap(reason: string): string {
  return gapReasons[reason] ?? visible(reason);
}

function describeFunctions(profile: Profile, { sampled }: Coverage, limit: number): string[] {
  const groups = groupFrames(profile, 'function');
  const rows = listFunctions(buildCallTree(profile.stacks, groups, foldStacks(profile))).slice(0, limit);
  if (rows.length === 0) return ['no Python code was seen running'];
  const share = (ticks: number) => percent(ticks / sampled).padStart(6);
  return [
    `hottest functions (ticks of ${sampled}; 1 tick = ${trim(1_000 / profile.meta.rateHz)} ms of one thread)`,
    `${'self'.padStart(15)} ${'total'.padStart(15)}  function`,
    ...rows.map(({ group, self, total }) => {
      const numbers = [self, total].map((ticks) => `${String(ticks).padStart(8)} ${share(ticks)}`);
      return `${numbers.join(' ')}  ${visible(groups.labels[group]!)}`;
    }),
  ];
}

/** `1 dump`, `2 dumps`. */
export function count(number: number, thing: string): string {
  return `${number} ${thing}${number === 1 ? '' : 's'}`;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)}%`;
}

function trim(number: number): string {
  return number.toFixed(2).replace(/\.?0+$/, '');
}
