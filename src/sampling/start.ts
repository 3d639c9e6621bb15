// The main thread's side of the sampling thread.
import { Worker } from 'node:worker_threads';
import type { Reading } from '../tracebacker/read.ts';
import { type FromSamplingThread, type SamplingThreadData, sizeOf, type ToSamplingThread } from './messages.ts';
import type { SampledDump } from './sampler.ts';

interface SamplingOptions extends SamplingThreadData {
  /** Ends the recording; dumps in flight are still read. */
  readonly stop: AbortSignal;
  /** Called for each dump, in the main thread. It may be slow: then ticks go unobserved, and no dump unread. */
  readonly onDump: (dump: SampledDump<Reading>) => void;
}

/** Samples in a thread of its own; resolves with the length of the recording in milliseconds. */
export function startSampling({ stop, onDump, ...data }: SamplingOptions): Promise<number> {
  const thread = new Worker(new URL('./thread.js', import.meta.url), {
    workerData: data satisfies SamplingThreadData,
  });
  const send = (message: ToSamplingThread) => thread.postMessage(message);
  const sendStop = () => send({ kind: 'stop' });
  if (stop.aborted) sendStop();
  else stop.addEventListener('abort', sendStop, { once: true });

  return new Promise<number>((resolve, reject) => {
    thread.on('message', (message: FromSamplingThread) => {
      if (message.kind === 'end') {
        resolve(message.durationMs);
        return;
      }
      const bytes = sizeOf(message.dump);
      try {
        onDump(message.dump);
      } catch (error) {
        reject(error);
        sendStop();
      }
      send({ kind: 'taken', bytes });
    });
    thread.on('error', reject);
    thread.on('exit', () => reject(new Error('the sampling thread ended without a word')));
  }).finally(() => stop.removeEventListener('abort', sendStop));
}
