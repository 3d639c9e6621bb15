// The shape of one dump: what the stacks of all running Python threads of one worker look like, once parsed.

/** First line of every dump (uWSGI plugins/python/tracebacker.c); a worker that runs no Python sends only this. */
export const banner = '*** uWSGI Python tracebacker output ***';

export interface Frame {
  readonly function: string;
  readonly file: string;
  /** 1-based line number as the interpreter reported it; 0 where it has none. */
  readonly line: number;
  /** Text of that line without indentation; empty where the source could not be read. */
  readonly source: string;
}

export interface ThreadStack {
  /** The thread's name: `uWSGIWorker1Core0`, `MainThread`, ... Names are not unique. */
  readonly thread: string;
  /** Root first; never empty. */
  readonly frames: readonly Frame[];
  /** The tracebacker stopped in the middle of this stack: its leaf frames are missing. */
  readonly cut: boolean;
}

export interface Dump {
  /** False where the text does not begin as a tracebacker's does. */
  readonly banner: boolean;
  readonly threads: readonly ThreadStack[];
  /** Number of lines that are no frame, among them a last line without its end. */
  readonly warnings: number;
  /** The first of those lines, shortened; null where there is none. */
  readonly firstWarning: string | null;
}

/** Prints stacks as the stock tracebacker does (fields are not escaped there either). */
export function printDump(threads: readonly Pick<ThreadStack, 'thread' | 'frames'>[]): string {
  const blocks = threads.map(({ thread, frames }) => frames.map((frame) => printFrame(thread, frame)).join(''));
  return `${banner}\n\n${blocks.map((block) => `${block}\n`).join('')}`;
}

function printFrame(thread: string, frame: Frame): string {
  const { file, line, function: name, source } = frame;
  return `thread_id = ${thread} filename = ${file} lineno = ${line} function = ${name} line = ${source}\n`;
}
