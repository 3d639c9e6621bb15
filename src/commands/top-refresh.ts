// What `tbprof top` shows at a time, as data: the hottest functions of the last seconds and since the start, how busy the
// workers are, what to mistrust. Printed by top-text.ts and top-json.ts.
import { type CallTree, mergeStacks, weighTree } from '../aggregate/call-tree.ts';
import { type Coverage, measureCoverage } from '../aggregate/coverage.ts';
import { foldStacks } from '../aggregate/fold.ts';
import { listFunctions } from '../aggregate/functions.ts';
import { findTroubles, type Trouble } from '../aggregate/troubles.ts';
import { type FrameGroups, type Grouping, groupFrames, labelWorker } from '../profile/labels.ts';
import type { Profile } from '../profile/profile.ts';
import type { RunningProfile } from '../profile/running.ts';
import { weighByCpu } from '../profile/weigh-by-cpu.ts';
import type { Filter } from './filters.ts';
import type { Mode } from './mode.ts';

/** Of a function, in one stretch of time. */
export interface Heat {
  /** Parts of all samples, 0 to 1. */
  readonly selfShare: number;
  readonly totalShare: number;
  readonly selfSeconds: number;
  readonly totalSeconds: number;
}

export interface TopRow {
  readonly label: string;
  /** An example of its frames, for its file and line. */
  readonly frame: number;
  readonly recent: Heat;
  readonly whole: Heat;
}

export interface TopWorker {
  readonly label: string;
  /** Who answered last: a source of the profile. */
  readonly source: string;
  /** Cores that ran Python in the last seconds, on average; null where nobody looked. */
  readonly busyCores: number | null;
  /** All that are known. */
  readonly cores: number;
  /** Threads that ran Python likewise, cores or not. */
  readonly threads: number | null;
  /** Why it is not asked any more; null while it is. */
  readonly left: string | null;
}

export interface Ticks {
  readonly observed: number;
  readonly unobserved: number;
}

export interface Refresh {
  readonly profile: Profile;
  readonly elapsedMs: number;
  /** The length of the last seconds. */
  readonly recentMs: number;
  readonly workers: readonly TopWorker[];
  readonly ticks: { readonly recent: Ticks; readonly whole: Ticks };
  /** All functions that were seen, hottest first. */
  readonly rows: readonly TopRow[];
  readonly troubles: readonly Trouble[];
}

export const sortings = ['self', 'total'] as const;

export type Sorting = (typeof sortings)[number];

export interface RefreshOptions {
  readonly by: Grouping;
  readonly mode: Mode;
  readonly filter: Filter;
  readonly sorting: Sorting;
  /** Since the recording began: now, and where the last seconds begin. */
  readonly elapsedMs: number;
  readonly fromMs: number;
}

/** What is new in the profile must have been taken by `running`. */
export function measureRefresh(profile: Profile, running: RunningProfile, options: RefreshOptions): Refresh {
  const { elapsedMs, fromMs, sorting } = options;
  const recent = running.recent(profile, fromMs);
  const whole = running.whole(profile);
  const coverage = { recent: measureCoverage(recent), whole: measureCoverage(whole) };
  return {
    profile,
    elapsedMs,
    recentMs: elapsedMs - fromMs,
    workers: describeWorkers(profile, coverage),
    ticks: { recent: ticksOf(coverage.recent), whole: ticksOf(coverage.whole) },
    rows: listRows(recent, whole, options).sort(orders[sorting]),
    troubles: listTroubles({ recent, whole: weigh(whole, options.mode), coverage }, elapsedMs),
  };
}

const orders: Record<Sorting, (a: TopRow, b: TopRow) => number> = {
  self: hottestFirst('selfShare', 'totalShare'),
  total: hottestFirst('totalShare', 'selfShare'),
};

/** Now, then since the start; by name where all is equal. */
function hottestFirst(...shares: readonly ('selfShare' | 'totalShare')[]): (a: TopRow, b: TopRow) => number {
  const heats = (['recent', 'whole'] as const).flatMap((span) =>
    shares.map((share) => (row: TopRow) => row[span][share]),
  );
  return (a, b) => {
    for (const heat of heats) {
      const difference = heat(b) - heat(a);
      if (difference) return difference;
    }
    return compare(a.label, b.label);
  };
}

/** What is left to say in the end, of a profile that has ended: all of it, instead of the last seconds. */
export function concludeRefresh(refresh: Refresh, mode: Mode, sorting: Sorting): Refresh {
  return {
    ...refresh,
    rows: refresh.rows.map((row) => ({ ...row, recent: row.whole })).sort(orders[sorting]),
    troubles: findTroubles(weigh(refresh.profile, mode)),
  };
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function ticksOf({ observed, unobserved }: Coverage): Ticks {
  return { observed, unobserved };
}

interface Coverages {
  readonly recent: Coverage;
  readonly whole: Coverage;
}

function describeWorkers(profile: Profile, { recent, whole }: Coverages): TopWorker[] {
  return whole.workers.map(({ worker, source, cores, left }) => {
    const { observed, busyCoreTicks, busyThreadTicks } = recent.workers[worker]!;
    const average = (ticks: number) => (observed === 0 ? null : ticks / observed);
    return {
      label: labelWorker(profile, worker),
      source,
      busyCores: average(busyCoreTicks),
      cores,
      threads: average(busyThreadTicks),
      left,
    };
  });
}

function listRows(recent: Profile, whole: Profile, { by, mode, filter }: RefreshOptions): TopRow[] {
  // Filters leave the numbers of frames as they are.
  const groups = groupFrames(whole, by);
  const look = (profile: Profile) => heatOf(filter(weigh(profile, mode)), groups);
  const before = look(whole);
  const now = look(recent);
  return [...before].map(([group, heat]) => ({
    label: groups.labels[group]!,
    frame: groups.example[group]!,
    recent: now.get(group) ?? cold,
    whole: heat,
  }));
}

const cold: Heat = { selfShare: 0, totalShare: 0, selfSeconds: 0, totalSeconds: 0 };

/** By group of frames. */
function heatOf(profile: Profile, groups: FrameGroups): Map<number, Heat> {
  const tree: CallTree = weighTree(mergeStacks(profile.stacks, groups), foldStacks(profile));
  const all = tree.total[0]!;
  const { rateHz } = profile.meta;
  return new Map(
    listFunctions(tree).map(({ group, self, total }) => [
      group,
      { selfShare: self / all, totalShare: total / all, selfSeconds: self / rateHz, totalSeconds: total / rateHz },
    ]),
  );
}

/** Nobody may know processor time yet: then there is none. */
function weigh(profile: Profile, mode: Mode): Profile {
  return mode === 'cpu' ? weighByCpu(profile) : profile;
}

interface Looks {
  readonly recent: Profile;
  readonly whole: Profile;
  readonly coverage: Coverages;
}

/** How long a new process is news. */
const newsMs = 60_000;

/** What became of a worker stays true; what is said of all is said of the last seconds. */
function listTroubles({ recent, whole, coverage }: Looks, elapsedMs: number): Trouble[] {
  const gone = coverage.whole.workers.filter(({ isGone }) => isGone);
  const news = whole.events.filter(({ kind, timeMs }) => kind === 'respawn' && timeMs >= elapsedMs - newsMs);
  const latest = new Map(news.map((event) => [event.worker, event]));
  return [
    ...(gone.length === 0
      ? []
      : [{ workers: gone.map(({ worker }) => worker), story: 'gone: nothing listens on its socket' }]),
    ...[...latest.values()].map(({ worker, count, timeMs }) => ({
      workers: [worker],
      story: `has a new process, ${count}, since ${Math.max(0, Math.round((elapsedMs - timeMs) / 1_000))} s`,
    })),
    ...findTroubles(whole, coverage.whole).filter(({ workers }) => workers.length > 0),
    ...findTroubles(recent, coverage.recent).filter(({ workers }) => workers.length === 0),
  ];
}
