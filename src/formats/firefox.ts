// The Firefox Profiler's own file, "processed profile format" of version 48, which it brings up to date when it loads it:
// https://github.com/firefox-devtools/profiler/blob/main/docs-developer/processed-profile-format.md
// A process for each worker, a thread for each core, samples at their real times, events as markers.
import { groupFrames, labelThread, labelWorker } from '../profile/labels.ts';
import { rowsByWorker } from '../profile/pick.ts';
import type { Profile, ProfileEvent } from '../profile/profile.ts';
import { knowsCpu } from '../profile/weigh-by-cpu.ts';
import { secondsOf } from './amounts.ts';
import { categoryOf, type FirefoxFrame, framesForFirefox, idleFrame, ThreadTables, table } from './firefox-tables.ts';
import { applyView, type Format, type View } from './format.ts';
import { idle, type Timeline, timelinesOf, unobserved } from './timeline.ts';

export const firefox: Format = {
  name: 'firefox',
  description: 'JSON for profiler.firefox.com: a time line of each core',
  extensions: ['.firefox.json'],
  render: (profile, view) => printFirefox(applyView(profile, view), view),
};

/** What the profiler shows without long waits. */
const maxSamples = 1_000_000;

function* printFirefox(profile: Profile, view: View): Generator<string, void> {
  const groups = groupFrames(profile, view.by);
  const { categories, frames } = framesForFirefox(profile, groups, view.by);
  const frameOf = (frame: number) => frames[groups.groupOf[frame]!]!;
  yield `{"meta":${JSON.stringify(describeMeta(profile, categories))},"libs":[],"pages":[],"counters":[],"threads":[`;
  const timelines = timelinesOf(profile, maxSamples);
  const pids = namePids(profile);
  let printed = 0;
  const workersOf = (rows: readonly { readonly worker: number }[]) => rows.map(({ worker }) => worker);
  const eventsOf = rowsByWorker(workersOf(profile.events), profile);
  const threadsOf = rowsByWorker(workersOf(profile.threads), profile);
  for (const [worker] of profile.workers.entries()) {
    const events = eventsOf[worker]!.map((row) => profile.events[row]!);
    const own = threadsOf[worker]!;
    // A worker that was never seen running keeps its place, and its events.
    for (const [at, thread] of (own.length > 0 ? own : [null]).entries()) {
      const tables = new ThreadTables();
      yield printed++ === 0 ? '' : ',';
      yield printObject({
        ...describeThread(profile, worker, thread),
        pid: JSON.stringify(pids[worker]),
        tid: JSON.stringify(`${worker}.${at}`),
        isMainThread: `${at === 0}`,
        samples: printSamples(profile, thread === null ? null : timelines[thread]!, { tables, frameOf }),
        markers: printMarkers(profile, at === 0 ? events : [], tables),
        ...tables.print(),
      });
    }
  }
  yield ']}\n';
}

/** Of fields that are JSON already. */
function printObject(fields: Record<string, string>): string {
  const parts = Object.entries(fields).map(([name, json]) => `${JSON.stringify(name)}:${json}`);
  return `{${parts.join(',')}}`;
}

function describeMeta({ meta }: Profile, categories: readonly object[]) {
  const seconds = secondsOf(meta);
  return {
    interval: 1_000 / meta.rateHz,
    startTime: meta.startedEpochMs, // it must have one: 0 where nobody knows
    ...(seconds !== null && { profilingStartTime: 0, profilingEndTime: seconds * 1_000 }),
    processType: 0,
    product: `tbprof ${meta.host}`.trim(),
    importedFrom: meta.recorder,
    stackwalk: 0,
    version: 24,
    preprocessedProfileVersion: 48,
    symbolicated: true,
    usesOnlyOneStackType: true,
    doesNotUseFrameImplementation: true,
    sourceCodeIsNotOnSearchfox: true,
    sampleUnits: { time: 'ms', eventDelay: 'ms', threadCPUDelta: 'µs' },
    categories,
    markerSchema: [
      {
        name: 'tbprof',
        display: ['marker-chart', 'marker-table', 'timeline-overview'],
        chartLabel: '{marker.data.reason}',
        data: [
          { key: 'reason', label: 'Reason', format: 'string' },
          { key: 'count', label: 'Count', format: 'integer' },
        ],
      },
    ],
  };
}

/** Text that is different for each worker: processes of several hosts may have one pid. */
function namePids({ workers }: Profile): string[] {
  const seen = new Set<string>();
  return workers.map(({ pid }, worker) => {
    const name = pid === null || seen.has(`${pid}`) ? `worker-${worker + 1}` : `${pid}`;
    seen.add(name);
    return name;
  });
}

function describeThread(profile: Profile, worker: number, thread: number | null): Record<string, string> {
  const { host } = profile.workers[worker]!;
  const name = labelWorker(profile, worker);
  const fields = {
    processType: 'default',
    processName: host === null ? name : `${name} on ${host}`,
    name: thread === null ? 'no Python code was seen running' : labelThread(profile, thread),
    processStartupTime: 0,
    processShutdownTime: null,
    registerTime: 0,
    unregisterTime: null,
    pausedRanges: [],
  };
  return Object.fromEntries(Object.entries(fields).map(([key, value]) => [key, JSON.stringify(value)]));
}

interface ThreadParts {
  readonly tables: ThreadTables;
  readonly frameOf: (frame: number) => FirefoxFrame;
}

function printSamples(profile: Profile, timeline: Timeline | null, parts: ThreadParts): string {
  const { timeMs, stack, ticks, cpuUs } = timeline ?? { timeMs: [], stack: [], ticks: [], cpuUs: [] };
  const { tables } = parts;
  const rowOf = stackRows(profile, parts);
  return table(timeMs.length, {
    time: timeMs,
    stack: stack.map((one) => (one === unobserved ? null : one === idle ? tables.stack(-1, idleFrame) : rowOf(one))),
    weight: ticks,
    weightType: 'samples',
    eventDelay: timeMs.map(() => 0),
    ...(knowsCpu(profile) && { threadCPUDelta: cpuUs.map((us) => (us < 0 ? null : us)) }),
  });
}

/** From stacks of the profile to those of the thread's table, remembered. */
function stackRows({ stacks }: Profile, { tables, frameOf }: ThreadParts) {
  const known = new Map<number, number>([[-1, -1]]);
  return (stack: number): number => {
    const path: number[] = [];
    let at = stack;
    for (; !known.has(at); at = stacks.parent[at]!) path.push(at);
    let row = known.get(at)!;
    for (const one of path.reverse()) {
      row = tables.stack(row, frameOf(stacks.frame[one]!));
      known.set(one, row);
    }
    return row;
  };
}

function printMarkers({ meta }: Profile, events: readonly ProfileEvent[], tables: ThreadTables): string {
  const lasts = ({ kind }: ProfileEvent) => kind === 'gap';
  return table(events.length, {
    name: events.map(({ kind }) => tables.string(kind)),
    startTime: events.map(({ timeMs }) => timeMs),
    endTime: events.map((event) => (lasts(event) ? event.timeMs + (event.count * 1_000) / meta.rateHz : null)),
    phase: events.map((event) => (lasts(event) ? 1 : 0)),
    category: events.map(() => categoryOf('other')),
    data: events.map(({ reason, count }) => ({ type: 'tbprof', reason, count })),
  });
}
