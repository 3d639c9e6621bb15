// What uWSGI's stats server says -> the figures that we show. Pure. The JSON is that of core/stats.c and
// core/master_utils.c, which escape `\t \n \r " \` and nothing else: other control characters and bytes that are no
// UTF-8 come as they are. Of a running request only method and path are kept: its variables hold cookies and passwords.

export interface RunningRequest {
  readonly core: number;
  readonly method: string;
  readonly path: string;
  readonly startedEpochSeconds: number | null;
}

export interface WorkerStats {
  readonly worker: number;
  /** 0 where `cheaper` has put the worker to rest. */
  readonly pid: number;
  /** `idle`, `busy`, `cheap`, `pause`, `sig7`, ... */
  readonly status: string;
  readonly requests: number;
  readonly exceptions: number;
  readonly respawns: number;
  readonly averageMs: number;
  readonly running: readonly RunningRequest[];
}

export interface ServerStats {
  readonly version: string;
  readonly masterPid: number;
  readonly workers: readonly WorkerStats[];
}

/** Null where the bytes are not what a stats server sends. Never throws. */
export function parseStats(bytes: Uint8Array): ServerStats | null {
  const text = withoutHttpHead(new TextDecoder().decode(bytes));
  const stats = asRecord(parseJson(text));
  if (!Array.isArray(stats.workers)) return null;
  return {
    version: asText(stats.version),
    masterPid: asNumber(stats.pid),
    workers: stats.workers.map(asRecord).map(readWorker),
  };
}

function readWorker(worker: Fields): WorkerStats {
  return {
    worker: asNumber(worker.id),
    pid: asNumber(worker.pid),
    status: asText(worker.status),
    requests: asNumber(worker.requests),
    exceptions: asNumber(worker.exceptions),
    respawns: asNumber(worker.respawn_count),
    averageMs: asNumber(worker.avg_rt) / 1_000,
    running: asList(worker.cores)
      .map(asRecord)
      .filter((core) => core.in_request === 1)
      .map(readRequest),
  };
}

function readRequest(core: Fields): RunningRequest {
  const variables = asList(core.vars).map(asText);
  const get = (name: string) => variables.find((text) => text.startsWith(`${name}=`))?.slice(name.length + 1) ?? '';
  const startedEpochSeconds = asNumber(asRecord(core.req_info).request_start);
  return {
    core: asNumber(core.id),
    method: get('REQUEST_METHOD'),
    path: get('SCRIPT_NAME') + get('PATH_INFO'),
    startedEpochSeconds: startedEpochSeconds > 0 ? startedEpochSeconds : null,
  };
}

function withoutHttpHead(text: string): string {
  if (!text.startsWith('HTTP/')) return text;
  const end = text.indexOf('\r\n\r\n');
  return end === -1 ? '' : text.slice(end + 4);
}

/** Between its tokens uWSGI writes tabs and line ends only, so any other control character is inside a string. */
function parseJson(text: string): unknown {
  const escaped = text.replace(
    /[\x00-\x08\x0b\x0c\x0e-\x1f]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  try {
    return JSON.parse(escaped);
  } catch {
    return null;
  }
}

type Fields = Readonly<Record<string, unknown>>;

function asRecord(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {};
}

function asList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function asText(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function asNumber(value: unknown): number {
  return typeof value === 'number' && Number.isFinite(value) ? value : 0;
}
