// One connection to a tracebacker, read to its end: the only code that connects to workers.
//
// The stock tracebacker writes while it holds the GIL, so whoever stops reading freezes the worker, and whoever closes
// early fills uWSGI's log with one `writev(): Broken pipe` per line (plugins/python/tracebacker.c). Hence: nothing is
// done between two chunks but to keep them, and a dump that is too large is still read, only not kept.
import { connect, type Socket } from 'node:net';
import { banner } from './dump.ts';
import type { Address } from './target.ts';

/** Why a connection gave no dump; `null` in {@link Reading} where it did. */
export type ReadFailure =
  /** No such socket. */
  | 'absent'
  /** A socket file that nothing listens on. */
  | 'refused'
  | 'denied'
  /** The connection broke in the middle. */
  | 'reset'
  /** It ended without a byte: the tracebacker is poisoned, or the worker has just crashed. */
  | 'empty'
  /** What arrived does not begin as a dump does. */
  | 'not-a-tracebacker'
  | 'too-large'
  /** It went on and on. */
  | 'too-slow'
  /** Of a host and port. */
  | 'unknown-host'
  | 'unreachable'
  /** The caller gave up waiting. */
  | 'abandoned'
  | 'failed';

export type FailedConnection = Exclude<ReadFailure, 'empty' | 'not-a-tracebacker' | 'too-large' | 'too-slow'>;

export interface Reading {
  /** What arrived until the end or the failure; empty where it was too large. */
  readonly bytes: Uint8Array;
  readonly failure: ReadFailure | null;
  /** The operating system's word for the failure (`ECONNREFUSED`), for messages; null where there is none. */
  readonly reason: string | null;
  /** From connect() to the first byte: how long the dumping thread waited for the GIL. Null where none came. */
  readonly waitMs: number | null;
  /** From connect() to the end. */
  readonly tookMs: number;
}

/** What is beyond them is still read, only not kept. */
export interface ReadLimits {
  readonly maxBytes: number;
  /** Between the first byte and the last. How long the first takes is the worker's business: it may be in a C call. */
  readonly maxMs: number;
}

export const defaultReadLimits: ReadLimits = { maxBytes: 64 * 1024 * 1024, maxMs: 30_000 };

const newline = 10;

const failures: Record<string, FailedConnection> = {
  ENOENT: 'absent',
  ECONNREFUSED: 'refused',
  EACCES: 'denied',
  EPERM: 'denied',
  ECONNRESET: 'reset',
  EPIPE: 'reset',
  ENOTFOUND: 'unknown-host',
  EAI_AGAIN: 'unknown-host',
  ETIMEDOUT: 'unreachable',
  EHOSTUNREACH: 'unreachable',
  ENETUNREACH: 'unreachable',
};

/** Connects, reads to the end, never rejects. Aborting the signal closes the connection: the last resort. */
export function readDump(address: Address, signal: AbortSignal, limits = defaultReadLimits): Promise<Reading> {
  return new Promise((resolve) => {
    const startMs = performance.now();
    const chunks: Uint8Array[] = [];
    let size = 0;
    let waitMs: number | null = null;
    let failure: ReadFailure | null = null;
    let reason: string | null = null;
    const fail = (kind: ReadFailure, why: string | null) => {
      failure ??= kind;
      reason ??= why;
    };

    const socket = openSocket(address);
    const abandon = () => {
      fail('abandoned', null);
      socket.destroy();
    };
    socket.on('data', (chunk: Uint8Array) => {
      waitMs ??= performance.now() - startMs;
      size += chunk.length;
      if (size > limits.maxBytes) fail('too-large', null);
      else if (performance.now() - startMs - waitMs > limits.maxMs) fail('too-slow', null);
      if (failure === null) chunks.push(chunk);
      else chunks.length = 0;
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      fail(failureOf(error), error.code ?? error.message);
    });
    socket.on('close', () => {
      signal.removeEventListener('abort', abandon);
      const bytes = joinBytes(chunks);
      failure ??= judgeBytes(bytes);
      resolve({ bytes, failure, reason, waitMs, tookMs: performance.now() - startMs });
    });
    if (signal.aborted) abandon();
    else signal.addEventListener('abort', abandon);
  });
}

/** What the operating system's word for a failed connection means. */
export function failureOf(error: NodeJS.ErrnoException): FailedConnection {
  return failures[error.code ?? ''] ?? 'failed';
}

function judgeBytes(bytes: Uint8Array): ReadFailure | null {
  if (bytes.length === 0) return 'empty';
  const start = Buffer.from(bytes.buffer).toString('latin1', 0, banner.length);
  if (!banner.startsWith(start)) return 'not-a-tracebacker';
  // Lines are written whole: whatever closed the connection in the middle of one, it was not the end of the dump.
  return bytes.at(-1) === newline ? null : 'reset';
}

export function openSocket(address: Address): Socket {
  switch (address.kind) {
    case 'file':
      return connect({ path: address.path });
    case 'abstract':
      return connect({ path: `\0${address.name}` });
    case 'tcp':
      return connect({ host: address.host, port: address.port });
  }
}

/** A buffer of its own, so that it can be handed to another thread without a copy. */
export function joinBytes(chunks: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}
