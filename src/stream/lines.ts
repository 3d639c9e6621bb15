// The lines of a tbprof stream, version 1: the one format in which samples are recorded, stored and embedded.
//
// A stream is JSON Lines. The first line is the header; the last, where recording was not cut off, is the end. Between
// them, tables grow: each row of `strings`, `frames`, `stacks`, `workers` and `threads` gets the next number of its
// table, counted from 0, and is named by that number ever after. Rows come before whatever names them.

//
// Wherever a list of whole numbers is a column, it may be packed into a string instead (packed.ts); pages do so, and give
// their stacks in pre-order (preorder.ts).

import type { EventKind, Measure } from '../profile/profile.ts';
import type { PackedColumn } from './packed.ts';

export const streamVersion = 1;

export type Column = readonly number[] | PackedColumn;

export interface HeaderLine {
  readonly tbprof: typeof streamVersion;
  /** When the recording began: milliseconds since 1970, UTC. */
  readonly startedEpochMs: number;
  readonly rateHz: number;
  /** Absent: `wall`. */
  readonly measure?: Measure;
  readonly host: string;
  readonly source: string;
  readonly recorder: string;
}

export interface WorkersLine {
  readonly workers: readonly {
    readonly number: number | null;
    readonly address: string;
    readonly pid: number | null;
    /** Null or absent: that of the header. */
    readonly host?: string | null;
  }[];
}

export interface StringsLine {
  readonly strings: readonly string[];
}

/** Columns of equal length. `function`, `file` and `source` name strings; `line` is 0 where unknown. */
export interface FramesLine {
  readonly frames: {
    readonly function: Column;
    readonly file: Column;
    readonly line: Column;
    readonly source: Column;
  };
}

/**
 * `parent` names an earlier stack or is -1; `frame` is the leaf. Or, in pre-order, `up` says how many frames to go up from
 * the stack before it; the first of a line has none before it. Then `frame` names only the callees of a frame that the
 * line has not had yet, and `callee` which of them it is.
 */
export interface StacksLine {
  readonly stacks:
    | { readonly parent: Column; readonly frame: Column }
    | { readonly up: Column; readonly callee: Column; readonly frame: Column };
}

export interface ThreadsLine {
  readonly threads: readonly { readonly worker: number; readonly name: string }[];
}

/**
 * A batch of dumps, in columns of equal length, and their samples, one after another, in those of `sampled`.
 * `samples` is the number of samples of each dump; `dumps` is more than 1 where several were merged; `waitUs` (to the
 * first byte) and `sendUs` (from there to the last) are -1 where unknown; weights are ticks.
 */
export interface DumpsLine {
  readonly dumps: {
    readonly worker: Column;
    readonly timeMs: Column;
    readonly dumps: Column;
    readonly weight: Column;
    readonly waitUs: Column;
    readonly sendUs: Column;
    readonly samples: Column;
  };
  readonly sampled: {
    readonly thread: Column;
    readonly stack: Column;
    readonly weight: Column;
    /** Processor time in microseconds, -1 where unknown; absent where no sample of the line knows it. */
    readonly cpuUs?: Column;
  };
}

/** What the system said of the workers' processes. `cpuMs` is since the process began. */
export interface ProcessesLine {
  readonly processes: {
    readonly worker: Column;
    readonly timeMs: Column;
    readonly pid: Column;
    readonly rssKb: Column;
    readonly cpuMs: Column;
  };
}

export interface EventsLine {
  readonly events: readonly {
    readonly timeMs: number;
    readonly worker: number;
    readonly kind: EventKind;
    readonly count: number;
    readonly reason: string;
  }[];
}

/** Totals, so that a reader can tell a whole stream from a cut one. */
export interface EndLine {
  readonly end: { readonly durationMs: number; readonly dumps: number; readonly samples: number };
}

export type StreamLine =
  | HeaderLine
  | WorkersLine
  | StringsLine
  | FramesLine
  | StacksLine
  | ThreadsLine
  | DumpsLine
  | ProcessesLine
  | EventsLine
  | EndLine;
