// The main thread's side of the sampling thread.
import { Worker } from 'node:worker_threads';
import type { Reading } from '../tracebacker/read.ts';
import type { Target } from '../tracebacker/target.ts';
import { type FromSamplingThread, type SamplingThreadData, sizeOf, type ToSamplingThread } from './messages.ts';
import type { SampledDump } from './sampler.ts';

interface SamplingOptions extends SamplingThreadData {
  /** Ends the recording early; dumps in flight are still read. */
  readonly stop: AbortSignal;
  /** Gives up the dumps in flight: for a recording that is to end, and whose workers do not answer. */
  readonly hurry: AbortSignal;
  /** Called for each dump, in the main thread. It may be slow: then ticks go unobserved, and no dump unread. */
  readonly onDump: (dump: SampledDump<Reading>) => void;
}

export interface Sampling {
  /** Workers are numbered in the order in which they are given, those of the beginning first. */
  add(targets: readonly Target[]): void;
  /** Another process is behind a socket now. */
  replace(worker: number, target: Target): void;
  /** Asks at every nth tick only. */
  setStride(stride: number): void;
  /** Asks nobody any more; resolves when no dump is in flight. */
  pause(): Promise<void>;
  resume(): void;
  /** The length of the recording in milliseconds, when the last dump is in. */
  readonly done: Promise<number>;
}

/** Samples in a thread of its own. */
export function startSampling({ stop, hurry, onDump, ...data }: SamplingOptions): Sampling {
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
    const take = (dumps: readonly SampledDump<Reading>[]) => {
      const bytes = dumps.reduce((sum, dump) => sum + sizeOf(dump), 0);
      try {
        for (const dump of dumps) onDump(dump);
      } catch (error) {
        reject(error);
        sendStop();
      }
      send({ kind: 'taken', bytes });
    };
    thread.on('message', (message: FromSamplingThread) => {
      if (message.kind === 'dumps') take(message.dumps);
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
    setStride: (stride) => send({ kind: 'stride', stride }),
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
