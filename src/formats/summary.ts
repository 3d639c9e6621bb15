// A profile in a screenful of text: how much was seen, how busy the workers were, where the time went.
import { buildCallTree } from '../aggregate/call-tree.ts';
import { type Coverage, measureCoverage, type WorkerCoverage } from '../aggregate/coverage.ts';
import { foldStacks } from '../aggregate/fold.ts';
import { listFunctions } from '../aggregate/functions.ts';
import { leakBytesPerLine, measureIntrusion } from '../aggregate/intrusion.ts';
import { findTroubles, type Trouble } from '../aggregate/troubles.ts';
import { groupFrames, labelWorker } from '../profile/labels.ts';
import type { Profile } from '../profile/profile.ts';
import { visible } from '../visible.ts';
import { describeSeconds, secondsOf } from './amounts.ts';
import { applyView, type View } from './format.ts';

const byFunction: View = { by: 'function', threads: false };

/** Lines of text, safe for a terminal, no line end after the last. */
export function renderSummary(profile: Profile, functionCount: number, view = byFunction): string {
  const coverage = measureCoverage(profile);
  const hottest = describeHottest(applyView(profile, view), coverage, { view, limit: functionCount });
  return [...describeQuality(profile, coverage), '', ...hottest].join('\n');
}

/** How much was seen, what it cost, what to mistrust. */
export function describeQuality(profile: Profile, coverage = measureCoverage(profile)): string[] {
  const isRecorded = ['tracebacker', 'agent'].includes(profile.meta.source);
  return [
    ...describeCoverage(profile, coverage),
    ...(isRecorded ? ['what it cost:', ...describeIntrusion(profile, coverage)] : []),
    ...findTroubles(profile, coverage).map((trouble) => printTrouble(profile, trouble)),
  ];
}

function describeCoverage(profile: Profile, coverage: Coverage): string[] {
  const { meta, workers } = profile;
  const lasted = secondsOf(meta);
  const seconds = lasted === null ? '' : `${lasted.toFixed(1)} s of `;
  const stacks = foldStacks(profile).reduce((count, weight) => count + (weight > 0 ? 1 : 0), 0);
  const measured = {
    wall: ` at ${meta.rateHz} dumps/s`,
    cpu: `, CPU time ${(coverage.sampled / meta.rateHz).toFixed(2)} s`,
    count: `, counts of ${coverage.sampled}`,
  }[meta.measure];
  const heading = `${seconds}${count(workers.length, 'worker')}${measured}: ${count(coverage.dumps, 'dump')}, ${count(stacks, 'distinct stack')}`;
  if (meta.measure === 'count') return [heading];
  return [
    heading,
    describePlan(profile, coverage),
    ...coverage.workers.map((worker) => `  ${describeWorker(profile, worker)}`),
  ];
}

/** Where processor time is measured, what was planned and seen is still wall time, and its units are too small to be told. */
function describePlan({ meta }: Profile, { planned, observed, unobserved }: Coverage): string {
  if (meta.measure !== 'cpu') return `ticks: ${planned} planned = ${observed} observed + ${unobserved} unobserved`;
  const seconds = (ticks: number) => describeSeconds(ticks / meta.rateHz);
  return `time: ${seconds(planned)} planned = ${seconds(observed)} observed + ${seconds(unobserved)} unobserved`;
}

function describeWorker(profile: Profile, worker: WorkerCoverage): string {
  const { rateHz, measure } = profile.meta;
  const isCpu = measure === 'cpu';
  const amount = (ticks: number) => (isCpu ? describeSeconds(ticks / rateHz) : count(ticks, 'tick'));
  const seen = isCpu
    ? `${amount(worker.observed)} of ${amount(worker.planned)}`
    : `${worker.observed} of ${worker.planned} ticks`;
  const parts = [`${visible(labelWorker(profile, worker.worker))}: ${seen} observed`];
  const what = isCpu ? 'on the processor' : 'busy';
  if (worker.utilisation !== null) {
    const busy = (worker.utilisation * worker.cores).toFixed(1);
    parts.push(`${busy} of ${count(worker.cores, 'core')} ${what} (${percent(worker.utilisation)})`);
  } else if (worker.busyThreadTicks > 0) {
    // Of a program that has threads, and no cores of uWSGI.
    parts.push(`${(worker.busyThreadTicks / worker.observed).toFixed(1)} threads ${what}`);
  } else if (worker.observed > 0) {
    parts.push('idle');
  }
  if (worker.respawns > 0) parts.push(count(worker.respawns, 'respawn'));
  for (const [reason, ticks] of worker.gaps) parts.push(`${amount(ticks)} ${describeGap(reason)}`);
  if (worker.cutStacks > 0) parts.push(`${count(worker.cutStacks, 'stack')} cut short`);
  if (worker.unreadableLines > 0) parts.push(`${count(worker.unreadableLines, 'line')} not understood`);
  return parts.join(', ');
}

/** A Verdict of tracebacker/verdict.ts or a Skip of sampling/sampler.ts, after a number of ticks. */
const gapReasons: Record<string, string> = {
  late: 'that no dump was in time for',
  behind: 'skipped, because tbprof was behind',
  paused: 'while tbprof was stopped',
  preflight: 'before the first worker had proven that it survives a dump',
  spared: 'not asked for, because another worker of its server crashed',
  end: 'after the last dump',
  gone: 'with nothing listening',
  died: 'lost: it died while we were connected',
  poisoned: 'lost: its tracebacker is poisoned',
  silent: 'lost: it answered with nothing',
  reset: 'lost to a broken connection',
  denied: 'without permission',
  'not-a-tracebacker': 'lost: the answer was no dump',
  'too-large': 'lost to a dump over the size limit',
  'too-slow': 'lost to dumps without an end',
  abandoned: 'lost: no answer in time',
  leak: 'not asked for, because its tracebacker had leaked enough',
  refused: 'lost: its agent refused',
  'no-stream': 'lost: its agent did not answer as one',
  malformed: 'lost to a broken stream',
  'unknown-host': 'lost: no such host',
  unreachable: 'lost: it cannot be reached',
};

function describeGap(reason: string): string {
  return gapReasons[reason] ?? visible(reason);
}

/** A line, safe for a terminal. */
export function printTrouble(profile: Profile, { workers, story }: Trouble): string {
  const names = workers.map((worker) => visible(labelWorker(profile, worker))).join(', ');
  return names === '' ? `! ${story}` : `! ${names}: ${story}`;
}

function describeIntrusion(profile: Profile, coverage: Coverage): string[] {
  return measureIntrusion(profile, coverage).workers.map(
    ({ worker, held, waitP50Us, waitP99Us, printedLines, ...usage }) => {
      const ms = (us: number | null) => (us === null ? '?' : (us / 1_000).toFixed(1));
      const parts = [`GIL wait ${ms(waitP50Us)} ms (p99 ${ms(waitP99Us)} ms)`];
      if (held !== null) parts.unshift(`dumps took at most ${percent(held)} of the time`);
      const estimate = (printedLines * leakBytesPerLine) / 1e6;
      const growth = usage.rssGrowthKb === null ? '' : `, memory grew by ${(usage.rssGrowthKb / 1_024).toFixed(1)} MB`;
      const { source, stride } = coverage.workers[worker]!;
      if (source !== 'agent') parts.push(`leak of the tracebacker up to ${estimate.toFixed(1)} MB${growth}`);
      else if (stride > 1) parts.push(`kept small by looking once in up to ${stride} ticks`);
      return `  ${visible(labelWorker(profile, worker))}: ${parts.join(', ')}`;
    },
  );
}

interface HottestOptions {
  readonly view: View;
  readonly limit: number;
}

function describeHottest(profile: Profile, { sampled }: Coverage, { view, limit }: HottestOptions): string[] {
  const groups = groupFrames(profile, view.by);
  const rows = listFunctions(buildCallTree(profile.stacks, groups, foldStacks(profile))).slice(0, limit);
  if (rows.length === 0) return ['no Python code was seen running'];
  const share = (ticks: number) => percent(ticks / sampled).padStart(6);
  return [
    `hottest ${view.by}s (${describeTicks(profile, sampled)})`,
    `${'self'.padStart(15)} ${'total'.padStart(15)}  ${view.by}`,
    ...rows.map(({ group, self, total }) => {
      const numbers = [self, total].map((ticks) => `${String(ticks).padStart(8)} ${share(ticks)}`);
      return `${numbers.join(' ')}  ${visible(groups.labels[group]!)}`;
    }),
  ];
}

function describeTicks({ meta }: Profile, sampled: number): string {
  const tickMs = 1_000 / meta.rateHz;
  if (meta.measure === 'count') return `counts of ${sampled}`;
  if (meta.measure === 'cpu') return `CPU time; of ${sampled} ticks, 1 tick = ${trim(tickMs * 1_000)} us of one thread`;
  return `ticks of ${sampled}; 1 tick = ${trim(tickMs)} ms of one thread`;
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
