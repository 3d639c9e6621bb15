// What is left of a profile when some of it is looked at: workers, threads, a stretch of time, stacks with certain
// frames. Filtering comes before folding, so that every total of a view is of what it shows.
import { keepSamples, numbersWhere, pickRows } from './pick.ts';
import type { Profile } from './profile.ts';
import { rewriteStacks } from './rewrite.ts';

/** 1 for each frame that is meant, by frame number. */
export type FrameSet = Uint8Array;

export interface ProfileFilter {
  /** Row numbers; absent: all of them. */
  readonly workers?: ReadonlySet<number>;
  readonly threads?: ReadonlySet<number>;
  /** Milliseconds since the recording began: from the first up to, and without, the second. */
  readonly fromMs?: number;
  readonly toMs?: number;
  /** Keep only stacks that hold one of these frames. */
  readonly include?: FrameSet;
  /** Drop stacks that hold one of these. */
  readonly exclude?: FrameSet;
  /** Keep only stacks that hold one of these, and of them what is on top of the outermost one, itself included. */
  readonly focus?: FrameSet;
  /** By frame number: unbroken runs of frames with the same text become one frame of that name. Null: the frame stays. */
  readonly collapse?: readonly (string | null)[];
}

/** Numbers of workers, threads and frames stay as they are; those of stacks, dumps and samples do not. */
export function filterProfile(profile: Profile, filter: ProfileFilter): Profile {
  return rewrite(keepStacks(keepThreads(keepDumps(profile, filter), filter), filter), filter);
}

/** A stretch of time begins at 0 again: it is a recording of its own. */
function keepDumps(profile: Profile, { workers, fromMs = 0, toMs = Number.POSITIVE_INFINITY }: ProfileFilter): Profile {
  const { meta, dumps, samples, processes, events } = profile;
  const start = Math.max(0, Math.round(fromMs));
  if (!workers && start === 0 && toMs === Number.POSITIVE_INFINITY) return profile;
  const holds = (timeMs: number, worker: number) => timeMs >= start && timeMs < toMs && (workers?.has(worker) ?? true);
  const rows = rowsWhere(dumps, holds);
  const kept = new Int32Array(samples.stack.length);
  let length = 0;
  const sampleEnd = rows.map((row) => {
    for (let sample = dumps.sampleEnd[row - 1] ?? 0; sample < dumps.sampleEnd[row]!; sample++) kept[length++] = sample;
    return length;
  });
  const endMs = Math.min(toMs, meta.durationMs ?? toMs);
  const shift = (timeMs: Int32Array) => timeMs.map((time) => time - start);
  const keptDumps = pickRows(dumps, rows);
  const keptProcesses = pickRows(processes, rowsWhere(processes, holds));
  return {
    ...profile,
    meta: {
      ...meta,
      startedEpochMs: meta.startedEpochMs === 0 ? 0 : meta.startedEpochMs + start,
      durationMs: Number.isFinite(endMs) ? Math.max(0, Math.round(endMs) - start) : null,
    },
    dumps: { ...keptDumps, timeMs: shift(keptDumps.timeMs), sampleEnd },
    samples: pickRows(samples, kept.subarray(0, length)),
    processes: { ...keptProcesses, timeMs: shift(keptProcesses.timeMs) },
    events: events
      .filter(({ timeMs, worker }) => holds(timeMs, worker))
      .map((event) => ({ ...event, timeMs: event.timeMs - start })),
  };
}

function rowsWhere(
  { timeMs, worker }: { readonly timeMs: Int32Array; readonly worker: Int32Array },
  holds: (timeMs: number, worker: number) => boolean,
): Int32Array {
  return numbersWhere(timeMs.length, (row) => holds(timeMs[row]!, worker[row]!));
}

function keepThreads(profile: Profile, { threads }: ProfileFilter): Profile {
  return threads ? keepSamples(profile, (sample) => threads.has(profile.samples.thread[sample]!)) : profile;
}

function keepStacks(profile: Profile, { include, exclude }: ProfileFilter): Profile {
  if (!include && !exclude) return profile;
  const included = include && stacksHolding(profile, include);
  const excluded = exclude && stacksHolding(profile, exclude);
  return keepSamples(profile, (sample) => {
    const stack = profile.samples.stack[sample]!;
    return included?.[stack] !== 0 && excluded?.[stack] !== 1;
  });
}

/** 1 for each stack that holds one of the frames. */
function stacksHolding({ stacks }: Profile, wanted: FrameSet): Uint8Array {
  const holds = new Uint8Array(stacks.frame.length);
  for (let stack = 0; stack < holds.length; stack++) {
    const parent = stacks.parent[stack]!;
    holds[stack] = wanted[stacks.frame[stack]!] === 1 || (parent !== -1 && holds[parent] === 1) ? 1 : 0;
  }
  return holds;
}

function rewrite(profile: Profile, { focus, collapse }: ProfileFilter): Profile {
  if (!focus && !collapse) return profile;
  return rewriteStacks(profile, (named) => {
    const collapsed = collapse?.map((name) => (name === null ? -1 : named(name)));
    return (leaf, frame) => {
      if (focus && leaf === -1 && focus[frame] !== 1) return -1;
      const run = collapsed?.[frame] ?? -1;
      if (run === -1) return frame;
      return leaf === run ? -1 : run;
    };
  });
}
