// Failures of a whole run: what happened, in one line, and what the person on call can do about it.
// Failures of a single dump are not errors but values in the recording.

/** The exit codes of tbprof; they are part of its command line contract. */
export const exitCodes = {
  /** Done; also a recording that Ctrl-C or SIGTERM ended early. */
  done: 0,
  /** Nothing could be recorded, or nothing could be written. */
  nothingRecorded: 1,
  /** Wrong usage, or an input that cannot be read. */
  usage: 2,
  /** Recorded, but incomplete: a worker was lost on the way. */
  incomplete: 3,
  /** Of `tbprof diff --fail-on`: something grew by more than it may. */
  grown: 4,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

interface TbprofErrorParts {
  /** Stable name for scripts and tests, such as `no-socket`. */
  readonly code: string;
  readonly exitCode: ExitCode;
  /** What to do next; shown after the message on the same line. */
  readonly hint?: string;
  readonly cause?: unknown;
}

/** A failure that the user can understand; everything else that is thrown is a bug. */
export class TbprofError extends Error {
  readonly code: string;
  readonly exitCode: ExitCode;
  readonly hint: string | undefined;

  constructor(message: string, parts: TbprofErrorParts) {
    super(message, { cause: parts.cause });
    this.name = 'TbprofError';
    this.code = parts.code;
    this.exitCode = parts.exitCode;
    this.hint = parts.hint;
  }
}

/** A wrong option or argument: exit code 2. */
export function usageError(message: string, hint?: string): TbprofError {
  return new TbprofError(message, { code: 'usage', exitCode: exitCodes.usage, ...(hint !== undefined && { hint }) });
}
