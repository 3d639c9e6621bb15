// The hub: what was observed, each thing stored once. Everything after recording is a view of this.
// Tables are columns; a row is named by its number. Nothing here is ever changed after it was built.

/** One stack frame: strings are named by their number in {@link Profile.strings}. */
export interface FrameTable {
  readonly function: Int32Array;
  readonly file: Int32Array;
  /** 1-based; 0 where unknown. */
  readonly line: Int32Array;
  /** Text of the line; the empty string where unknown. */
  readonly source: Int32Array;
}

/** Stacks as a tree of parent pointers: a stack is its leaf frame on top of another stack. Parents come first. */
export interface StackTable {
  /** -1 at the root. */
  readonly parent: Int32Array;
  readonly frame: Int32Array;
}

export interface ProfileWorker {
  /** uWSGI's worker number; null where it is not known. */
  readonly number: number | null;
  /** Where its tracebacker listened, as one types it. */
  readonly address: string;
  /** Of the process that was behind it first; null where it is not known. */
  readonly pid: number | null;
  /** Where it ran; null: on {@link ProfileMeta.host}. Recordings of several hosts may be merged. */
  readonly host: string | null;
}

export interface ProfileThread {
  readonly worker: number;
  readonly name: string;
}

/**
 * One row per dump that arrived. A core without a sample in it was idle. In a long recording neighbouring dumps of a
 * worker are merged into one row, see profile/coarsen.ts.
 */
export interface DumpTable {
  readonly worker: Int32Array;
  /** Milliseconds since the recording began, of the tick that asked. */
  readonly timeMs: Int32Array;
  /** How many dumps the row stands for: 1, or more where they were merged. */
  readonly dumps: Int32Array;
  /** Ticks that it stands for. */
  readonly weight: Int32Array;
  /** Microseconds to the first byte (the wait for the GIL), and from there to the last; -1 where unknown. */
  readonly waitUs: Int32Array;
  readonly sendUs: Int32Array;
  /** Where the dump's samples end in {@link SampleTable}; they begin where those of the dump before end. */
  readonly sampleEnd: Int32Array;
}

export interface SampleTable {
  readonly thread: Int32Array;
  readonly stack: Int32Array;
  /** Ticks: those of its dump; of merged dumps, those of the dumps in which the thread was there. */
  readonly weight: Int32Array;
  /** Processor time that it stands for, in microseconds; -1 where the source cannot say (a stock tracebacker cannot). */
  readonly cpuUs: Int32Array;
}

/** What the system said of the workers' processes now and then; empty where it does not tell. */
export interface ProcessTable {
  readonly worker: Int32Array;
  readonly timeMs: Int32Array;
  readonly pid: Int32Array;
  readonly rssKb: Int32Array;
  /** Processor time of the whole process since it began, in milliseconds. */
  readonly cpuMs: Int32Array;
}

/** Something that happened while recording, in the order of time. */
export interface ProfileEvent {
  readonly timeMs: number;
  readonly worker: number;
  readonly kind: EventKind;
  /** Ticks, stacks, lines, pid or ticks per dump, as the kind says. */
  readonly count: number;
  /**
   * Of a gap and of `left`: why, a Verdict of tracebacker/verdict.ts or a Skip of sampling/sampler.ts. Of `source`: which.
   * Of `unsearched`: why.
   */
  readonly reason: string;
}

export const eventKinds = [
  /** Ticks that nobody observed. */
  'gap',
  /** Stacks that were cut short. */
  'cut',
  /** Lines that are no frame. */
  'unreadable',
  /** So many parked greenlets and tasks were not looked at (`most`); none was looked for, among too many `objects`. */
  'unsearched',
  /** The worker was left alone for the rest of the recording. */
  'left',
  /** Another process is behind the socket: the new pid. */
  'respawn',
  /** Sampling was slowed down: one dump in so many ticks. */
  'throttle',
  /** From now on another kind of source answers: the reason names it as {@link ProfileMeta.source} does. */
  'source',
] as const;

export type EventKind = (typeof eventKinds)[number];

/** What weights count: ticks of wall time, of processor time (`rateHz` of them are a second), or things without a time. */
export const measures = ['wall', 'cpu', 'count'] as const;

export type Measure = (typeof measures)[number];

export interface ProfileMeta {
  /** 0 where it is not known. */
  readonly startedEpochMs: number;
  readonly rateHz: number;
  readonly host: string;
  readonly measure: Measure;
  /** What was asked for the stacks: `tracebacker`, `agent`, or the name of an imported format. */
  readonly source: string;
  /** Program and version that made the recording. */
  readonly recorder: string;
  /** Null while recording, and for ever where the recording was cut off. */
  readonly durationMs: number | null;
}

export interface Profile {
  readonly meta: ProfileMeta;
  readonly strings: readonly string[];
  readonly frames: FrameTable;
  readonly stacks: StackTable;
  readonly workers: readonly ProfileWorker[];
  readonly threads: readonly ProfileThread[];
  readonly dumps: DumpTable;
  readonly samples: SampleTable;
  readonly processes: ProcessTable;
  readonly events: readonly ProfileEvent[];
}

/** Calls back once per sample with its place and its weight in ticks. */
export function forEachSample({ samples }: Profile, visit: (sample: number, weight: number) => void): void {
  for (let sample = 0; sample < samples.weight.length; sample++) visit(sample, samples.weight[sample]!);
}

/** The frames of a stack, root first. */
export function framesOf(profile: Profile, stack: number): number[] {
  const frames: number[] = [];
  for (let at = stack; at !== -1; at = profile.stacks.parent[at]!) frames.push(profile.stacks.frame[at]!);
  return frames.reverse();
}
