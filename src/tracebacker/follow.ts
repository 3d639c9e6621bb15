// One connection to an agent's stream: one line that says what is wanted, then lines for as long as we stay. Looks into
// them no further than it must to know that they are a stream, and whether it has ended; hands on whole lines.
import type { Socket } from 'node:net';
import { type FailedConnection, failureOf, joinBytes, openSocket } from './read.ts';
import type { Address } from './target.ts';

/** What the agent is asked for, in one line; agent/tbprof_agent.py describes it. */
export interface StreamRequest {
  readonly rateHz: number;
  /** Seconds, while the stream runs. */
  readonly switchInterval: number;
  /** Share of a core that it may take. */
  readonly maxOverhead: number;
  /** Processor time of each thread. */
  readonly cpu: boolean;
  readonly greenlets: boolean;
  readonly tasks: boolean;
}

/** Why a stream is over. */
export type StreamFailure =
  /** The agent has ended it as agreed: it may be asked again. */
  | 'ended'
  /** By us. */
  | 'closed'
  /** It said that it will not, or speaks another version. */
  | 'refused'
  /** What answered is no stream, or did not answer in time. */
  | 'no-stream'
  /** A line without an end, or more than any agent has to say. */
  | 'too-large'
  /** Of the connection; `refused` by the system means that nothing listens. */
  | Exclude<FailedConnection, 'refused'>;

export interface StreamEnd {
  readonly failure: StreamFailure;
  /** The agent's own words, where it refused, or the operating system's; null where there are none. */
  readonly reason: string | null;
}

export interface StreamLimits {
  /** Until the first line is whole. */
  readonly headerMs: number;
  readonly maxLineBytes: number;
  /** What it may send at once, and per second after that. */
  readonly maxBytes: number;
  readonly maxBytesPerSecond: number;
  /** How long it may take to say goodbye. */
  readonly goodbyeMs: number;
}

export const defaultStreamLimits: StreamLimits = {
  headerMs: 5_000,
  maxLineBytes: 16 * 1024 * 1024,
  maxBytes: 64 * 1024 * 1024,
  maxBytesPerSecond: 32 * 1024 * 1024,
  goodbyeMs: 1_000,
};

export interface FollowOptions {
  readonly request: StreamRequest;
  /** Takes whole lines, in a buffer of their own. Called until `done`. */
  readonly take: (lines: Uint8Array<ArrayBuffer>) => void;
  /** Null: go on reading; else read nothing more until this resolves. An agent that is not read drops samples, and counts. */
  readonly room: () => Promise<void> | null;
  readonly limits?: StreamLimits;
}

export interface Following {
  /** Never rejects. */
  readonly done: Promise<StreamEnd>;
  /** Ends it in order: the agent learns that we are leaving, and sends what it has and its end. */
  close(): void;
  /** Ends it at once. */
  abandon(): void;
}

const newline = 10;

/** Connects and reads until the end. */
export function followStream(address: Address, options: FollowOptions): Following {
  const connection = new StreamConnection(openSocket(address), options);
  return {
    done: connection.done,
    close: () => connection.close(),
    abandon: () => connection.fail('closed', null),
  };
}

class StreamConnection {
  readonly #socket: Socket;
  readonly #options: FollowOptions;
  readonly #limits: StreamLimits;
  readonly #startMs = performance.now();
  /** Pieces of a line that is not whole yet. */
  #rest: Uint8Array[] = [];
  #restBytes = 0;
  #bytes = 0;
  #begun = false;
  #lastLine = '';
  #closing = false;
  #end: StreamEnd | null = null;
  #timer: NodeJS.Timeout;
  readonly done: Promise<StreamEnd>;

  constructor(socket: Socket, options: FollowOptions) {
    this.#socket = socket;
    this.#options = options;
    this.#limits = options.limits ?? defaultStreamLimits;
    this.#timer = setTimeout(() => this.fail('no-stream', null), this.#limits.headerMs);
    socket.write(`${JSON.stringify({ tbprof: 1, ...options.request })}\n`);
    socket.on('data', (chunk: Uint8Array) => this.#read(chunk));
    socket.on('error', (error: NodeJS.ErrnoException) => {
      const failure = failureOf(error);
      this.#end ??= toEnd(failure === 'refused' ? 'absent' : failure, error.code ?? error.message);
    });
    this.done = new Promise((resolve) => {
      socket.on('close', () => {
        clearTimeout(this.#timer);
        resolve(this.#judge());
      });
    });
  }

  close(): void {
    if (this.#closing) return;
    this.#closing = true;
    this.#socket.end();
    this.#socket.resume();
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#socket.destroy(), this.#limits.goodbyeMs);
  }

  fail(failure: StreamFailure, reason: string | null): void {
    this.#end ??= { failure, reason };
    this.#socket.destroy();
  }

  #read(chunk: Uint8Array): void {
    if (this.#end !== null) return;
    this.#bytes += chunk.length;
    const seconds = (performance.now() - this.#startMs) / 1_000;
    if (this.#bytes > this.#limits.maxBytes + seconds * this.#limits.maxBytesPerSecond) this.fail('too-large', null);
    else this.#takeLines(chunk);
    if (!this.#closing) this.#waitForRoom();
  }

  #takeLines(chunk: Uint8Array): void {
    const end = chunk.lastIndexOf(newline) + 1;
    if (end > 0) {
      const lines = joinBytes([...this.#rest, chunk.subarray(0, end)]);
      this.#rest = [];
      this.#restBytes = 0;
      if (!this.#begun && !this.#begin(lines)) return;
      this.#lastLine = startOfLastLine(lines);
      this.#options.take(lines);
    }
    if (end === chunk.length) return;
    this.#rest.push(end === 0 ? chunk : chunk.slice(end));
    this.#restBytes += chunk.length - end;
    if (this.#restBytes > this.#limits.maxLineBytes) this.fail('too-large', null);
  }

  /** False where the first line begins no stream that we understand. */
  #begin(lines: Uint8Array): boolean {
    const header = parseHeader(new TextDecoder().decode(lines.subarray(0, lines.indexOf(newline))));
    if (header === null) this.fail('no-stream', null);
    else if (typeof header.error === 'string') this.fail('refused', header.error.slice(0, 200));
    else if (header.tbprof === undefined) this.fail('no-stream', null);
    else if (header.tbprof !== 1) this.fail('refused', 'it speaks another version');
    if (this.#end !== null) return false;
    this.#begun = true;
    if (!this.#closing) clearTimeout(this.#timer);
    return true;
  }

  #waitForRoom(): void {
    const room = this.#options.room();
    if (room === null) return;
    this.#socket.pause();
    void room.then(() => this.#socket.resume());
  }

  #judge(): StreamEnd {
    if (this.#end !== null) return this.#end;
    if (this.#closing) return toEnd('closed');
    if (!this.#begun) return toEnd(this.#bytes === 0 ? 'reset' : 'no-stream');
    return toEnd(this.#rest.length === 0 && /^\{\s*"end"/.test(this.#lastLine) ? 'ended' : 'reset');
  }
}

function toEnd(failure: StreamFailure, reason: string | null = null): StreamEnd {
  return { failure, reason };
}

function startOfLastLine(lines: Uint8Array): string {
  const from = lines.lastIndexOf(newline, lines.length - 2) + 1;
  return new TextDecoder().decode(lines.subarray(from, from + 20));
}

function parseHeader(line: string): { readonly tbprof?: unknown; readonly error?: unknown } | null {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' ? value : null;
  } catch {
    return null;
  }
}
