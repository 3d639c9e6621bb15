// Tracebacks in a text: dumps that somebody saved, one after another, or the log of a uWSGI that kills hanging workers
// (harakiri) and writes down before what they did: plugins/python/tracebacker.c, core/master_checks.c. In a log
//   - `*** HARAKIRI ON WORKER 2 (pid: 22948, try: 1) ***` says whose dump follows;
//   - a date may stand before every line, or only before the first of what was written at once, even within a line;
//   - lines of other workers may stand in between.
import { banner, type ThreadStack } from './dump.ts';
import { parseLogTime } from './log-time.ts';
import { DumpParser } from './parse.ts';

export interface Traceback {
  /** Null where the text does not say it. */
  readonly worker: number | null;
  readonly pid: number | null;
  /** Milliseconds since 1970; dates without a zone are taken for UTC. */
  readonly epochMs: number | null;
  /** uWSGI may try to kill a worker, and dump it, more than once. */
  readonly attempt: number;
  readonly threads: readonly ThreadStack[];
  /** Lines that are no frame, or less than one. */
  readonly unreadable: number;
  /** Where it began. */
  readonly line: number;
}

const harakiri = /\*\*\* HARAKIRI ON WORKER (\d{1,9}) \(pid: (\d{1,10})(?:, try: (\d{1,9}))?\) \*\*\*/;
const frameMark = 'thread_id = ';

/** Lines of one dump; a stock tracebacker has printed a stack for each of a hundred threads by then. */
const maxLines = 200_000;

/** Whose dump follows. */
interface Victim {
  readonly worker: number | null;
  readonly pid: number | null;
  readonly attempt: number;
  readonly epochMs: number | null;
  /** What stands before the lines, as a pattern; null: nothing that could be told from text. */
  readonly prefix: RegExp | null;
}

const nobody: Victim = { worker: null, pid: null, attempt: 1, epochMs: null, prefix: null };

/** A dump whose end has not been seen. */
interface OpenDump {
  readonly victim: Victim;
  readonly lines: string[];
  readonly from: number;
  unreadable: number;
}

/** Takes a text line by line; a traceback is over where the next one begins, or at the end. */
export class TracebackReader {
  readonly #parser = new DumpParser();
  #number = 0;
  #victim = nobody;
  #dump: OpenDump | null = null;

  /** The traceback that this line ends; null: none. */
  take(text: string): Traceback | null {
    this.#number += 1;
    const line = text.endsWith('\r') ? text.slice(0, -1) : text;
    const killed = line.includes('*** HARAKIRI ON') ? harakiri.exec(line) : null;
    if (killed === null && !line.includes(banner)) {
      this.#takeLine(line);
      return null;
    }
    const done = this.finish();
    if (killed === null) this.#open();
    else this.#victim = victimOf(killed, line.slice(0, killed.index));
    return done;
  }

  finish(): Traceback | null {
    const dump = this.#dump;
    this.#dump = null;
    if (dump === null) return null;
    const { worker, pid, epochMs, attempt } = dump.victim;
    const { threads, warnings } = this.#parser.parse(Buffer.from(`${banner}\n\n${dump.lines.join('\n')}\n\n`));
    const named = threads
      .map(({ thread }) => /^uWSGIWorker(\d{1,9})Core\d/.exec(thread)?.[1])
      .find((n) => n !== undefined);
    return {
      worker: worker ?? (named === undefined ? null : Number(named)),
      pid,
      epochMs,
      attempt,
      threads,
      unreadable: warnings + dump.unreadable,
      line: dump.from,
    };
  }

  #open(): OpenDump {
    this.#dump = { victim: this.#victim, lines: [], from: this.#number, unreadable: 0 };
    this.#victim = nobody;
    return this.#dump;
  }

  #takeLine(text: string): void {
    const prefix = this.#dump?.victim.prefix ?? null;
    const line = prefix === null ? text : text.replace(prefix, '');
    if (line.trim() === '') {
      if (this.#dump && this.#dump.lines.at(-1) !== '') this.#dump.lines.push('');
      return;
    }
    const mark = line.indexOf(frameMark);
    if (mark === -1 || (mark > 0 && !isLogPrefix(line.slice(0, mark)))) return;
    const dump = this.#dump ?? this.#open();
    if (dump.lines.length < maxLines) dump.lines.push(line.slice(mark));
    else dump.unreadable += 1;
  }
}

/** A date, a name, a pid: what log daemons put before a line; not a line of a program that happens to hold the mark. */
function isLogPrefix(text: string): boolean {
  return text.length <= 120 && /\s$|\]$/.test(text) && /\d/.test(text);
}

function victimOf([, worker, pid, attempt = '1']: RegExpExecArray, before: string): Victim {
  return {
    worker: Number(worker),
    pid: Number(pid),
    attempt: Number(attempt),
    epochMs: parseLogTime(before),
    prefix: prefixPattern(before),
  };
}

/** The same date a few seconds later, wherever it stands. Short ones could be part of the text. */
function prefixPattern(before: string): RegExp | null {
  if (before.length < 8 || before.length > 120) return null;
  return new RegExp(before.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replace(/\d/g, '\\d'), 'g');
}
