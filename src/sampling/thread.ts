// The body of the sampling thread. It does nothing but connect, drain and hand over: whatever the main thread is busy
// with (rendering, a slow disk, a full pipe), no dump stays unread, because an unread dump freezes the sampled worker.
import { setMaxListeners } from 'node:events';
import { type MessagePort, parentPort, type Transferable, workerData } from 'node:worker_threads';
import { type Reading, readDump } from '../tracebacker/read.ts';
import type { Target } from '../tracebacker/target.ts';
import { monotonicClock } from './clock.ts';
import { type FromSamplingThread, type SamplingThreadData, sizeOf, type ToSamplingThread } from './messages.ts';
import { sample } from './sampler.ts';

/** How much may wait for the main thread before ticks go unobserved. */
const maxWaitingBytes = 64 * 1024 * 1024;

async function run(port: MessagePort, { targets, rateHz, durationMs }: SamplingThreadData): Promise<void> {
  const stop = new AbortController();
  const abandon = new AbortController();
  setMaxListeners(0, abandon.signal); // one for each open connection
  let waitingBytes = 0;

  port.on('message', (message: ToSamplingThread) => {
    if (message.kind === 'taken') waitingBytes -= message.bytes;
    else stop.abort();
  });
  const send = (message: FromSamplingThread, transfer: Transferable[]) => port.postMessage(message, transfer);

  const recordedMs = await sample<Target, Reading>({
    targets,
    rateHz,
    durationMs,
    clock: monotonicClock,
    random: Math.random,
    stop: stop.signal,
    abandon: () => abandon.abort(),
    mayRead: () => waitingBytes < maxWaitingBytes,
    read: (target) => readDump(target.address, abandon.signal),
    emit: (dump) => {
      waitingBytes += sizeOf(dump);
      send({ kind: 'dump', dump }, typeof dump.reading === 'string' ? [] : [dump.reading.bytes.buffer as ArrayBuffer]);
    },
  });
  send({ kind: 'end', durationMs: recordedMs }, []);
  port.close();
}

await run(parentPort!, workerData as SamplingThreadData);
