// Asks uWSGI's stats server, which its master serves: no worker is touched.
// https://uwsgi-docs.readthedocs.io/en/latest/StatsServer.html
import { exitCodes, TbprofError } from '../errors.ts';
import { openSocket } from './read.ts';
import { parseStats, type ServerStats } from './stats-json.ts';
import type { Address } from './target.ts';

export interface StatsOptions {
  /** Value of uWSGI's `stats`: the path of a socket, `@abstract`, `host:port` or `:port`. */
  readonly where: string;
  /** The server runs with `stats-http`: it waits for a request. */
  readonly http: boolean;
}

interface StatsLimits {
  readonly maxBytes: number;
  readonly maxMs: number;
}

/** The master does nothing else while it waits for the request of a `stats-http` server, so it must not wait long. */
const defaultLimits: StatsLimits = { maxBytes: 16 * 1024 * 1024, maxMs: 3_000 };

/** Throws a TbprofError where there is no stats server or it does not answer. */
export async function readStats(
  { where, http }: StatsOptions,
  stop: AbortSignal,
  limits = defaultLimits,
): Promise<ServerStats> {
  const { bytes, failure } = await exchange(parseStatsAddress(where), { http, stop, limits });
  // A server that was sent a request and did not want one breaks the connection behind its whole answer.
  const stats = parseStats(bytes);
  if (stats !== null) return stats;
  throw explainFailure(where, failure, bytes.length);
}

export function parseStatsAddress(where: string): Address {
  if (where.startsWith('@')) return { kind: 'abstract', name: where.slice(1) };
  const [, v6, host, port] = /^(?:\[([0-9a-f:.]+)\]|([^/:@\s]*)):(\d{1,5})$/i.exec(where) ?? [];
  if (port === undefined) return { kind: 'file', path: where };
  return { kind: 'tcp', host: (v6 ?? host) || '127.0.0.1', port: Number(port) };
}

interface Exchange {
  readonly http: boolean;
  readonly stop: AbortSignal;
  readonly limits: StatsLimits;
}

function exchange(
  address: Address,
  { http, stop, limits }: Exchange,
): Promise<{ bytes: Uint8Array; failure: string | null }> {
  return new Promise((resolve) => {
    const chunks: Uint8Array[] = [];
    let size = 0;
    let failure: string | null = null;
    const socket = openSocket(address);
    const giveUp = (why: string) => {
      failure ??= why;
      socket.destroy();
    };
    const giveUpAtStop = () => giveUp('stopped');
    const timer = setTimeout(() => giveUp('timeout'), limits.maxMs);
    stop.addEventListener('abort', giveUpAtStop);
    if (stop.aborted) giveUpAtStop();
    // 1.0: an answer in one piece that ends with the connection.
    if (http) socket.write('GET / HTTP/1.0\r\nHost: localhost\r\n\r\n');
    socket.on('data', (chunk: Uint8Array) => {
      size += chunk.length;
      if (size > limits.maxBytes) giveUp('too-large');
      else chunks.push(chunk);
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      failure ??= error.code ?? error.message;
    });
    socket.on('close', () => {
      clearTimeout(timer);
      stop.removeEventListener('abort', giveUpAtStop);
      resolve({ bytes: size > limits.maxBytes ? new Uint8Array() : Buffer.concat(chunks), failure });
    });
  });
}

function explainFailure(where: string, failure: string | null, size: number): TbprofError {
  const fail = (message: string, hint: string) =>
    new TbprofError(message, { code: 'stats', exitCode: exitCodes.nothingRecorded, hint });
  switch (failure) {
    case 'ENOENT':
    case 'ECONNREFUSED':
      return fail(`no stats server listens on ${where}`, "give the value of uWSGI's stats option");
    case 'EACCES':
    case 'EPERM':
      return fail(`no permission to ask the stats server on ${where}`, 'run tbprof as the user of uWSGI');
    case 'timeout':
      return fail(
        `the stats server on ${where} did not finish its answer in time`,
        size === 0 ? 'where uWSGI runs with stats-http, add --stats-http' : 'check what listens there',
      );
    case 'too-large':
      return fail(`the answer of ${where} is too large for a stats server's`, 'check what listens there');
    case 'stopped':
      return fail(`the stats server on ${where} was not waited for`, 'ask again');
    case null:
      return fail(
        `what listens on ${where} is no stats server`,
        "give the value of uWSGI's stats option, not that of socket, http-socket or py-tracebacker",
      );
    default:
      return fail(`cannot ask the stats server on ${where} (${failure})`, 'check the address');
  }
}
