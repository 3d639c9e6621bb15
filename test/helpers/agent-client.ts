// A client of the agent: of its text socket, and of its stream, which is read as tbprof itself would.
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import type { Profile } from '../../src/profile/profile.ts';
import { framesOf } from '../../src/profile/profile.ts';
import { decodeStream } from '../../src/stream/decode.ts';

/** Where tbprof_agent.py is: a value of uWSGI's pythonpath. */
export const agentFolder = fileURLToPath(new URL('../../agent', import.meta.url));

/** What uWSGI is told so that its workers have the agent. */
export const withAgent = ['--pythonpath', agentFolder, '--import', 'tbprof_agent'] as const;

export async function readText(path: string): Promise<string> {
  const socket = connect(path);
  const chunks: Buffer[] = [];
  socket.on('data', (chunk) => chunks.push(chunk));
  await once(socket, 'end');
  return Buffer.concat(chunks).toString();
}

export interface AgentStream {
  /** Whole lines so far. */
  text(): string;
  profile(): Profile;
  readonly ended: boolean;
  close(): void;
}

/** Resolves when the header is there; fails where the agent refuses. Closed with the test. */
export async function openStream(path: string, request: Record<string, unknown> = {}): Promise<AgentStream> {
  const socket: Socket = connect(path);
  onTestFinished(() => {
    socket.destroy();
  });
  let text = '';
  let ended = false;
  socket.on('close', () => {
    ended = true;
  });
  await once(socket, 'connect');
  socket.setEncoding('utf8');
  socket.write(`${JSON.stringify({ tbprof: 1, rateHz: 100, ...request })}\n`);
  await new Promise<void>((resolve, reject) => {
    socket.on('data', (chunk: string) => {
      text += chunk;
      if (text.includes('\n')) resolve();
    });
    socket.on('error', reject);
    socket.on('close', () => reject(new Error(`the agent has closed the stream: ${text}`)));
  });
  if (text.startsWith('{"error"')) throw new Error(text);
  return {
    text: () => text,
    profile: () => decodeStream(text, path).profile,
    get ended() {
      return ended;
    },
    close: () => socket.destroy(),
  };
}

/** The account of ticks of one worker's stream: all that were due so far are in a dump or in a gap. */
export function accountOf({ dumps, events }: Profile, rateHz: number) {
  const observed = dumps.weight.reduce((sum, weight) => sum + weight, 0);
  const gaps = events.filter(({ kind }) => kind === 'gap').reduce((sum, { count }) => sum + count, 0);
  return { observed, gaps, planned: Math.floor((dumps.timeMs.at(-1)! * rateHz) / 1_000) + 1 };
}

/** Names of all functions that have been seen. */
export function functionsOf(profile: Profile): Set<string> {
  const { samples, strings, frames } = profile;
  const found = new Set<string>();
  for (const stack of new Set(samples.stack)) {
    for (const frame of framesOf(profile, stack)) found.add(strings[frames.function[frame]!]!);
  }
  return found;
}
