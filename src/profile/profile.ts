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
}

export interface ProfileThread {
  readonly worker: number;
  readonly name: string;
}

/** One row per dump that arrived. A core without a sample in it was idle. */
export interface DumpTable {
  readonly worker: Int32Array;
  /** Milliseconds since the recording began, of the tick that asked. */
  readonly timeMs: Int32Array;
  /** Ticks that the dump, and each of its samples, stands for. */
  readonly weight: Int32Array;
  /** Microseconds to the first byte; -1 where unknown. */
  readonly waitUs: Int32Array;
  /** Where the dump's samples end in {@link SampleTable}; they begin where those of the dump before end. */
  readonly sampleEnd: Int32Array;
}

export interface SampleTable {
  readonly thread: Int32Array;
  readonly stack: Int32Array;
}

/** Something that happened while recording, in the order of time. */
export interface ProfileEvent {
  readonly timeMs: number;
  readonly worker: number;
  /** `gap` (ticks nobody observed), `cut` (stacks cut short), `unreadable` (lines that are no frame). */
  readonly kind: 'gap' | 'cut' | 'unreadable';
  /** Ticks, stacks or lines, as the kind says. */
  readonly count: number;
  /** Of a gap: why. See tracebacker/read.ts for failures of a connection. */
  readonly reason: string;
}

export interface ProfileMeta {
  readonly startedEpochMs: number;
  readonly rateHz: number;
  readonly host: string;
  /** What was asked for the stacks: `tracebacker`, or the name of an imported format. */
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
  readonly events: readonly ProfileEvent[];
}

/** Calls back once per sample with its place, its dump and its weight in ticks. */
export function forEachSample(profile: Profile, visit: (sample: number, dump: number, weight: number) => void): void {
  const { sampleEnd, weight } = profile.dumps;
  let sample = 0;
  for (let dump = 0; dump < sampleEnd.length; dump++) {
    for (const end = sampleEnd[dump]!; sample < end; sample++) visit(sample, dump, weight[dump]!);
  }
}

/** The frames of a stack, root first. */
export function framesOf(profile: Profile, stack: number): number[] {
  const frames: number[] = [];
  for (let at = stack; at !== -1; at = profile.stacks.parent[at]!) frames.push(profile.stacks.frame[at]!);
  return frames.reverse();
}
