// The main thread's side of the sampling thread.
import { Worker } from 'node:worker_threads';
import type { Target } from '../tracebacker/target.ts';
import {
  type FromSamplingThread,
  type Sampled,
  type SamplingThreadData,
  sizeOf,
  type ToSamplingThread,
} from './messages.ts';

interface SamplingOptions extends SamplingThreadData {
  /** Ends the recording early; dumps in flight are still read. */
  readonly stop: AbortSignal;
  /** Gives up the dumps in flight: for a recording that is to end, and whose workers do not answer. */
  readonly hurry: AbortSignal;
  /** Called for each dump and piece, in the main thread. It may be slow: then ticks go unobserved, and no dump unread. */
  readonly onSampled: (sampled: Sampled) => void;
}

export interface Sampling {
  /** Workers are numbered in the order in which they are given, those of the beginning first. */
  add(targets: readonly Target[]): void;
  /** Another process is behind a socket now. */
  replace(worker: number, target: Target): void;
  /** Asks a worker at every nth tick only. */
  setStride(worker: number, stride: number): void;
  /** Asks a worker no more. */
  release(worker: number): void;
  /** What a worker's agent sends in the stream that was begun then is worth nothing. */
  refuseStream(worker: number, sinceMs: number): void;
  /** Asks nobody any more; resolves when no dump is in flight and no stream is open. */
  pause(): Promise<void>;
  resume(): void;
  /** The length of the recording in milliseconds, when the last dump is in. */
  readonly done: Promise<number>;
}

/** Samples in a thread of its own. */
export function startSampling({ stop, hurry, onSampled, ...data }: SamplingOptions): Sampling {
  const thread = new Worker(new URL('./thread.js', import.meta.url), {
    workerData: data satisfies SamplingThreadData,
  });
  const send = (message: ToSamplingThread) => thread.postMessage(message);
  const sendStop = () => send({ kind: 'stop' });
  const sendAbandon = () => send({ kind: 'abandon' });
  whenAborted(stop, sendStop);
  whenAborted(hurry, sendAbandon);
  let onPaused = () => {};

  const done = new Promise<number>((resolve, reject) => {
    const take = (sampled: readonly Sampled[]) => {
      const bytes = sampled.reduce((sum, item) => sum + sizeOf(item), 0);
      try {
        for (const item of sampled) onSampled(item);
      } catch (error) {
        reject(error);
        sendStop();
      }
      send({ kind: 'taken', bytes });
    };
    thread.on('message', (message: FromSamplingThread) => {
      if (message.kind === 'sampled') take(message.sampled);
      else if (message.kind === 'paused') onPaused();
      else resolve(message.durationMs);
    });
    thread.on('error', reject);
    thread.on('exit', () => reject(new Error('the sampling thread ended without a word')));
  }).finally(() => {
    stop.removeEventListener('abort', sendStop);
    hurry.removeEventListener('abort', sendAbandon);
    onPaused();
  });

  return {
    add: (targets) => send({ kind: 'add', targets }),
    replace: (worker, target) => send({ kind: 'replace', worker, target }),
    setStride: (worker, stride) => send({ kind: 'stride', worker, stride }),
    release: (worker) => send({ kind: 'release', worker }),
    refuseStream: (worker, sinceMs) => send({ kind: 'refuse', worker, sinceMs }),
    pause: () =>
      new Promise((resolve) => {
        onPaused = resolve;
        send({ kind: 'pause' });
      }),
    resume: () => send({ kind: 'resume' }),
    done,
  };
}

function whenAborted(signal: AbortSignal, callback: () => void): void {
  if (signal.aborted) callback();
  else signal.addEventListener('abort', callback, { once: true });
}
