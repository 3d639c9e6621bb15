// Agents that say what they are told to: the lines of a stream, true or not, and sockets that serve them.
import type { Socket } from 'node:net';
import type { Script } from './fake-tracebacker.ts';

export const agentHeader = (rateHz: number, more: object = {}) => ({
  ...{
    tbprof: 1,
    startedEpochMs: 1e12,
    rateHz,
    host: 'h',
    source: 'agent',
    recorder: 'tbprof-agent 0 (CPython 3.11.2)',
  },
  ...more,
});

/** A stack of two frames, and one thread that has it. */
export const agentTables = [
  { workers: [{ number: 1, address: '/tmp/tb.1', pid: 7 }] },
  { strings: ['application', '/srv/app.py', 'view', ''] },
  { frames: { function: [0, 2], file: [1, 1], line: [10, 20], source: [3, 3] } },
  { stacks: { parent: [-1, 0], frame: [0, 1] } },
  { threads: [{ worker: 0, name: 'uWSGIWorker1Core0' }] },
] as const;

export interface AgentDump {
  readonly timeMs: number;
  readonly weight?: number;
  readonly cpuUs?: number;
}

/** Dumps of the thread, one tick each unless they say otherwise. */
export function agentDumps(dumps: readonly AgentDump[]): object {
  const each = <Value>(value: (dump: AgentDump) => Value) => dumps.map(value);
  return {
    dumps: {
      ...{ worker: each(() => 0), timeMs: each(({ timeMs }) => timeMs), dumps: each(() => 1) },
      ...{ weight: each(({ weight }) => weight ?? 1), waitUs: each(() => 100), sendUs: each(() => 50) },
      samples: each(() => 1),
    },
    sampled: {
      ...{ thread: each(() => 0), stack: each(() => 1), weight: each(({ weight }) => weight ?? 1) },
      cpuUs: each(({ cpuUs }) => cpuUs ?? -1),
    },
  };
}

export const agentGap = (timeMs: number, count: number, reason = 'behind') => ({
  events: [{ timeMs, worker: 0, kind: 'gap', count, reason }],
});

export const agentEnd = { end: { durationMs: 0, dumps: 0, samples: 0 } };

export function printLines(...lines: readonly object[]): string {
  return lines.map((line) => `${JSON.stringify(line)}\n`).join('');
}

/** Gives the request to the script, when its line is whole. */
export function afterRequest(script: (socket: Socket, request: Record<string, unknown>) => void): Script {
  return (socket) => {
    let text = '';
    const take = (chunk: Buffer) => {
      text += chunk;
      if (!text.includes('\n')) return;
      socket.off('data', take);
      socket.resume();
      script(socket, JSON.parse(text.slice(0, text.indexOf('\n'))));
    };
    socket.on('data', take);
  };
}

/** A true agent at its simplest: a dump a tick, in batches, until its client leaves. */
export const agentThatSamples = afterRequest((socket, { rateHz }) => {
  const rate = rateHz as number;
  const startMs = performance.now();
  let next = 0;
  socket.write(printLines(agentHeader(rate), ...agentTables));
  const timer = setInterval(() => {
    const dumps: AgentDump[] = [];
    for (; next * (1_000 / rate) <= performance.now() - startMs; next++) {
      dumps.push({ timeMs: Math.floor(next * (1_000 / rate)), cpuUs: 100 });
    }
    if (dumps.length > 0) socket.write(printLines(agentDumps(dumps)));
  }, 20);
  socket.on('end', () => socket.end(printLines(agentEnd)));
  socket.on('close', () => clearInterval(timer));
});
