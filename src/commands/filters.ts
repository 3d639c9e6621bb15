// The filters of every command that shows a profile: text of the command line -> what is left of a profile.
import { usageError } from '../errors.ts';
import { type Pattern, parsePattern } from '../options.ts';
import { type FrameSet, filterProfile, type ProfileFilter } from '../profile/filter.ts';
import { labelFrame, labelThread, labelWorker } from '../profile/labels.ts';
import type { Profile } from '../profile/profile.ts';
import { pruneProfile } from '../profile/prune.ts';

/** Of several patterns of one kind one must fit; of several kinds all. */
export interface FilterOptions {
  /** Numbers (`2`), or parts of their names. */
  readonly worker: readonly string[];
  readonly thread: readonly string[];
  readonly include: readonly string[];
  readonly exclude: readonly string[];
  readonly focus: readonly string[];
  readonly from?: number | undefined;
  readonly to?: number | undefined;
}

export type Filter = (profile: Profile) => Profile;

/** Throws for patterns that are none, before anything is read. */
export function planFilter(options: FilterOptions): Filter {
  const { from, to } = options;
  if (from !== undefined && to !== undefined && from >= to) {
    throw usageError('--from is not before --to', 'both are times since the beginning of the recording');
  }
  const workers = options.worker.map(parseWorker);
  const [threads, include, exclude, focus] = [options.thread, options.include, options.exclude, options.focus].map(
    (texts) => texts.map(parsePattern),
  );
  return (profile) =>
    filterProfile(profile, {
      ...workerRows(profile, workers),
      ...threadRows(profile, threads!),
      ...(from !== undefined && { fromMs: from }),
      ...(to !== undefined && { toMs: to }),
      ...frameSet(profile, 'include', include!),
      ...frameSet(profile, 'exclude', exclude!),
      ...frameSet(profile, 'focus', focus!),
    });
}

/** As {@link planFilter}; what nothing of is left is gone, too. The profile itself where no filter is set. */
export function planCut(options: FilterOptions): Filter {
  const filter = planFilter(options);
  return isFiltered(options) ? (profile) => pruneProfile(filter(profile)) : (profile) => profile;
}

/** Whether any filter is set. */
export function isFiltered({ worker, thread, include, exclude, focus, from, to }: FilterOptions): boolean {
  const lists = [worker, thread, include, exclude, focus];
  return from !== undefined || to !== undefined || lists.some((texts) => texts.length > 0);
}

type WorkerTest = (profile: Profile, worker: number) => boolean;

/** `2` is worker 2 and not worker 12. */
function parseWorker(text: string): WorkerTest {
  if (/^\d+$/.test(text)) return ({ workers }, worker) => workers[worker]!.number === Number(text);
  const pattern = parsePattern(text);
  return (profile, worker) => pattern(labelWorker(profile, worker)) || pattern(profile.workers[worker]!.address);
}

function workerRows(profile: Profile, tests: readonly WorkerTest[]): Pick<ProfileFilter, 'workers'> {
  if (tests.length === 0) return {};
  const isMeant = (worker: number) => tests.some((test) => test(profile, worker));
  return { workers: new Set([...profile.workers.keys()].filter(isMeant)) };
}

function threadRows(profile: Profile, patterns: readonly Pattern[]): Pick<ProfileFilter, 'threads'> {
  if (patterns.length === 0) return {};
  const names = (thread: number) => [profile.threads[thread]!.name, labelThread(profile, thread)];
  const isMeant = (thread: number) => names(thread).some((name) => patterns.some((pattern) => pattern(name)));
  return { threads: new Set([...profile.threads.keys()].filter(isMeant)) };
}

function frameSet<Name extends 'include' | 'exclude' | 'focus'>(
  profile: Profile,
  name: Name,
  patterns: readonly Pattern[],
): { readonly [Key in Name]?: FrameSet } {
  return patterns.length === 0
    ? {}
    : ({ [name]: matchFrames(profile, patterns) } as { readonly [Key in Name]?: FrameSet });
}

/** By what a frame is called in views, and by the whole name of its file. */
function matchFrames(profile: Profile, patterns: readonly Pattern[]): FrameSet {
  const { frames, strings } = profile;
  return Uint8Array.from(frames.line, (line, frame) => {
    const whole = `${strings[frames.function[frame]!]!} (${strings[frames.file[frame]!]!}:${line})`;
    const label = labelFrame(profile, frame, 'line');
    return patterns.some((pattern) => pattern(label) || pattern(whole)) ? 1 : 0;
  });
}
