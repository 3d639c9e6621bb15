// How far the picture is to be trusted: a verdict in one line, plain sentences where it is biased or incomplete, and
// what was seen of each worker.
import type { WorkerCoverage } from '../aggregate/coverage.ts';
import { type Intrusion, measureIntrusion, type WorkerIntrusion } from '../aggregate/intrusion.ts';
import { findTroubles } from '../aggregate/troubles.ts';
import { startOf } from '../formats/amounts.ts';
import { labelWorker } from '../profile/labels.ts';
import { byId, element } from './dom.ts';
import type { Report } from './load.ts';
import { countText, share } from './numbers.ts';
import { cutMiddle } from './shorten.ts';

/** Workers in the table; the rest is counted. */
const mostWorkers = 100;

export function showTruth(report: Report): void {
  const { profile, coverage } = report;
  const intrusion = measureIntrusion(profile, coverage);
  const warnings = findWarnings(report, intrusion);
  const level = judge(report, warnings);
  byId('verdict').replaceChildren(
    element('span', `badge ${level}`, verdicts[level]),
    element('span', 'soft', ` ${describeRecording(report)}`),
  );
  byId('warnings').replaceChildren(...warnings.map((text) => element('p', '', cutMiddle(text, 3_000))));
  byId('facts').replaceChildren(
    ...listFacts(report, intrusion).flatMap(([name, value]) => [
      element('dt', '', name),
      element('dd', '', cutMiddle(value, 3_000)),
    ]),
  );
  const rows = coverage.workers
    .slice(0, mostWorkers)
    .map((worker) => drawWorker(report, worker, intrusion.workers[worker.worker]!));
  byId('workers').replaceChildren(drawHead(), element('tbody', '', ...rows));
  const more = coverage.workers.length - rows.length;
  byId('workers-note').textContent = more > 0 ? `and ${countText(more, 'worker')} more` : '';
}

const verdicts = { good: 'Complete', care: 'Read with care', bad: 'Incomplete', counts: 'Counts' } as const;

/** Counts of another tool say nothing of what was planned and observed. */
function judge({ profile, coverage, whole }: Report, warnings: readonly string[]): keyof typeof verdicts {
  if (profile.meta.measure === 'count') return 'counts';
  if (coverage.observed === 0 || coverage.incomplete || !whole) return 'bad';
  return warnings.length > 0 ? 'care' : 'good';
}

function describeRecording({ profile: { meta, workers }, coverage }: Report): string {
  if (meta.measure === 'count') return `from ${meta.source}: without time; how much was observed is not known`;
  const long = meta.durationMs === null ? 'cut off' : `${(meta.durationMs / 1_000).toFixed(1)} s`;
  return [
    cutMiddle(meta.host, 60),
    startOf(meta) === null ? '' : new Date(meta.startedEpochMs).toLocaleString(),
    long,
    countText(workers.length, 'worker'),
    `${share(coverage.observed, coverage.planned)} of the ticks observed`,
  ]
    .filter((part) => part !== '')
    .join(' · ');
}

/** Files of other tools may not say when and where they were made, and counts nothing of time. */
function listFacts(report: Report, intrusion: Intrusion): [string, string][] {
  const { profile, coverage } = report;
  const { meta } = profile;
  const start = startOf(meta);
  const of = (ticks: number) => `${ticks} of ${coverage.planned} ticks (${share(ticks, coverage.planned)})`;
  const ofTime: [string, string][] = [
    ['how long', meta.durationMs === null ? 'cut off' : `${(meta.durationMs / 1_000).toFixed(1)} s`],
    ['rate', `${meta.rateHz} dumps/s per worker`],
    ['observed', of(coverage.observed)],
    ['unobserved', of(coverage.unobserved)],
    ['dumps', String(coverage.dumps)],
    ['what it cost', describeCost(intrusion)],
  ];
  const facts: [string, string][] = [
    ['when', start === null ? '' : `${new Date(start).toLocaleString()} (${start})`],
    ['where', meta.host],
    ...(meta.measure === 'count' ? [] : ofTime),
    ['workers', String(profile.workers.length)],
    ['recorded by', `${meta.recorder}, from ${meta.source}`],
  ];
  return facts.filter(([, value]) => value !== '');
}

/** The worst of the workers: nobody looks at the others. */
function describeCost({ workers }: Intrusion): string {
  const worst = (numbers: (number | null)[]) => numbers.reduce<number>((most, one) => Math.max(most, one ?? -1), -1);
  const held = worst(workers.map((worker) => worker.held));
  const waitUs = worst(workers.map((worker) => worker.waitP99Us));
  const parts = [
    ...(held < 0 ? [] : [`dumps took at most ${(100 * held).toFixed(1)} % of a worker's time`]),
    ...(waitUs < 0 ? [] : [`waited for the GIL ${(waitUs / 1_000).toFixed(1)} ms (p99)`]),
  ];
  return parts.join(', ') || 'not known';
}

const workerColumns = ['worker', 'busy', 'planned', 'observed', 'unobserved', 'source', 'GIL wait', 'cost', 'events'];

function drawHead(): HTMLElement {
  const cells = workerColumns.map((name) => {
    const cell = element('th', '', name);
    cell.setAttribute('scope', 'col');
    return cell;
  });
  return element('thead', '', element('tr', '', ...cells));
}

function drawWorker({ profile }: Report, coverage: WorkerCoverage, intrusion: WorkerIntrusion): HTMLElement {
  const name = element('bdi', '', cutMiddle(labelWorker(profile, coverage.worker), 120));
  name.title = cutMiddle(profile.workers[coverage.worker]!.address, 300);
  const texts = [
    describeBusy(coverage),
    String(coverage.planned),
    String(coverage.observed),
    coverage.unobserved === 0 ? '0' : `${coverage.unobserved}: ${reasons(coverage)}`,
    coverage.source,
    describeWait(intrusion),
    describeHeld(intrusion),
    describeEvents(coverage),
  ];
  const head = element('th', '', name);
  head.setAttribute('scope', 'row');
  return element('tr', '', head, ...texts.map((text) => element('td', '', cutMiddle(text, 400))));
}

function describeBusy({ observed, utilisation, cores }: WorkerCoverage): string {
  if (observed === 0) return 'not observed';
  return utilisation === null ? 'idle' : `${(utilisation * cores).toFixed(1)} of ${countText(cores, 'core')}`;
}

function reasons({ gaps }: WorkerCoverage): string {
  return [...gaps].map(([reason, ticks]) => `${reason} ${ticks}`).join(', ');
}

function describeWait({ waitP50Us, waitP99Us }: WorkerIntrusion): string {
  if (waitP50Us === null || waitP99Us === null) return '–';
  return `${(waitP50Us / 1_000).toFixed(1)} ms, p99 ${(waitP99Us / 1_000).toFixed(1)} ms`;
}

function describeHeld({ held, rssGrowthKb }: WorkerIntrusion): string {
  const parts = [
    ...(held === null ? [] : [`${(100 * held).toFixed(1)} % of its time`]),
    ...(rssGrowthKb === null ? [] : [`memory ${rssGrowthKb < 0 ? '' : '+'}${(rssGrowthKb / 1_024).toFixed(1)} MB`]),
  ];
  return parts.join(', ') || '–';
}

function describeEvents({ respawns, stride, cutStacks, unreadableLines, left, isGone }: WorkerCoverage): string {
  const parts = [
    ...(left === null ? [] : [`left alone: ${left}`]),
    ...(isGone ? ['gone at the end'] : []),
    ...(respawns > 0 ? [countText(respawns, 'respawn')] : []),
    ...(stride > 1 ? [`at times one dump in ${stride} ticks`] : []),
    ...(cutStacks > 0 ? [`${countText(cutStacks, 'stack')} cut short`] : []),
    ...(unreadableLines > 0 ? [`${countText(unreadableLines, 'line')} not understood`] : []),
  ];
  return parts.join(', ') || '–';
}

function findWarnings({ profile, coverage, whole }: Report, intrusion: Intrusion): string[] {
  const found: string[] = [];
  if (!whole) found.push('The recording was cut off: its end is missing.');
  if (coverage.observed === 0) found.push('Nothing was observed: there is not one dump in the recording.');
  else if (coverage.sampled === 0) found.push('No Python code was seen running: the workers were idle.');
  for (const { workers, story } of findTroubles(profile, coverage, intrusion)) {
    const names = workers.map((worker) => labelWorker(profile, worker)).join(', ');
    found.push(names === '' ? `${story[0]!.toUpperCase()}${story.slice(1)}.` : `${names}: ${story}.`);
  }
  return found;
}
