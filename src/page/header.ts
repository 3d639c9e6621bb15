// What was recorded: when, where, how long, how much of it was seen, and what to mistrust.
import { measureIntrusion } from '../aggregate/intrusion.ts';
import { findTroubles } from '../aggregate/troubles.ts';
import { labelWorker } from '../profile/labels.ts';
import { byId, element } from './dom.ts';
import type { Report } from './load.ts';
import { share } from './numbers.ts';

export function showHeader(report: Report): void {
  const { profile, coverage } = report;
  const { meta } = profile;
  const started = new Date(meta.startedEpochMs);
  const facts: [string, string][] = [
    ['when', `${started.toLocaleString()} (${started.toISOString()})`],
    ['where', meta.host],
    ['how long', meta.durationMs === null ? 'cut off' : `${(meta.durationMs / 1_000).toFixed(1)} s`],
    ['rate', `${meta.rateHz} dumps/s per worker`],
    ['workers', String(profile.workers.length)],
    ['observed', `${coverage.observed} of ${coverage.planned} ticks (${share(coverage.observed, coverage.planned)})`],
    ['what it cost', describeCost(report)],
    ['recorded by', `${meta.recorder}, from ${meta.source}`],
  ];
  byId('facts').replaceChildren(
    ...facts.flatMap(([name, value]) => [element('dt', '', name), element('dd', '', value)]),
  );
  byId('workers').replaceChildren(...coverage.workers.map((worker) => describeWorker(report, worker.worker)));
  byId('warnings').replaceChildren(...warnings(report).map((text) => element('p', '', text)));
}

/** The worst of the workers: nobody looks at the others. */
function describeCost({ profile }: Report): string {
  const { workers } = measureIntrusion(profile);
  const worst = (numbers: (number | null)[]) => Math.max(...numbers.map((number) => number ?? -1));
  const held = worst(workers.map((worker) => worker.held));
  const waitUs = worst(workers.map((worker) => worker.waitP99Us));
  const parts = [
    ...(held < 0 ? [] : [`dumps took at most ${(100 * held).toFixed(1)} % of a worker's time`]),
    ...(waitUs < 0 ? [] : [`waited for the GIL ${(waitUs / 1_000).toFixed(1)} ms (p99)`]),
  ];
  return parts.join(', ') || 'not known';
}

function describeWorker({ profile, coverage }: Report, worker: number): HTMLElement {
  const { utilisation, cores, observed, planned } = coverage.workers[worker]!;
  const busy =
    observed === 0
      ? 'not observed'
      : utilisation === null
        ? 'idle'
        : `${(utilisation * cores).toFixed(1)} of ${cores} cores busy`;
  const item = element('li', '', element('b', '', labelWorker(profile, worker)), ` ${busy}`);
  item.title = `${profile.workers[worker]!.address}: ${observed} of ${planned} ticks observed`;
  return item;
}

function warnings({ profile, coverage, whole }: Report): string[] {
  const found: string[] = [];
  if (!whole) found.push('The recording was cut off: its end is missing.');
  if (coverage.observed === 0) found.push('Nothing was observed: there is not one dump in the recording.');
  else if (coverage.sampled === 0) found.push('No Python code was seen running: the workers were idle.');
  for (const { workers, story } of findTroubles(profile)) {
    const names = workers.map((worker) => labelWorker(profile, worker)).join(', ');
    found.push(names === '' ? `${story[0]!.toUpperCase()}${story.slice(1)}.` : `${names}: ${story}.`);
  }
  return found;
}
