// The body of the sampling thread. It does nothing but connect, drain and hand over: whatever the main thread is busy
// with (rendering, a slow disk, a full pipe), no dump stays unread, because an unread dump freezes the sampled worker.
import { setMaxListeners } from 'node:events';
import { type MessagePort, parentPort, type Transferable, workerData } from 'node:worker_threads';
import { followStream } from '../tracebacker/follow.ts';
import { type Reading, readDump } from '../tracebacker/read.ts';
import type { Target } from '../tracebacker/target.ts';
import { judgeReading, judgeStream } from '../tracebacker/verdict.ts';
import { Batch } from './batch.ts';
import { monotonicClock } from './clock.ts';
import {
  type FromSamplingThread,
  type Sampled,
  type SamplingThreadData,
  sizeOf,
  type ToSamplingThread,
} from './messages.ts';
import { Room } from './room.ts';
import { Sampler } from './sampler.ts';

/** How much may wait for the main thread before ticks go unobserved. */
const maxWaitingBytes = 64 * 1024 * 1024;

async function run(port: MessagePort, { targets, request, ...options }: SamplingThreadData): Promise<void> {
  const stop = new AbortController();
  const abandon = new AbortController();
  setMaxListeners(0, abandon.signal); // one for each open connection
  const room = new Room(maxWaitingBytes);
  const send = (message: FromSamplingThread, transfer: Transferable[] = []) => port.postMessage(message, transfer);

  const batch = new Batch((sampled, buffers) => send({ kind: 'sampled', sampled }, buffers));
  const hand = (sampled: Sampled) => {
    room.take(sizeOf(sampled));
    batch.add(sampled);
  };

  const sampler = new Sampler<Target, Reading>({
    ...options,
    clock: monotonicClock,
    random: Math.random,
    stop: stop.signal,
    abandon: () => abandon.abort(),
    mayRead: () => room.isThere,
    read: async (target) => {
      const reading = await readDump(target.address, abandon.signal);
      return { reading, verdict: await judgeReading(reading, target) };
    },
    follow: ({ stream }, take) => {
      const following = followStream(stream!, {
        request: { ...request, rateHz: options.rateHz },
        take,
        room: () => room.wait(),
      });
      abandon.signal.addEventListener('abort', following.abandon);
      void following.done.then(() => abandon.signal.removeEventListener('abort', following.abandon));
      if (abandon.signal.aborted) following.abandon();
      return following;
    },
    judge: judgeStream,
    emit: hand,
    emitPiece: hand,
  });

  const obey: { [Kind in ToSamplingThread['kind']]: (message: ToSamplingThread & { kind: Kind }) => void } = {
    stop: () => stop.abort(),
    abandon: () => abandon.abort(),
    taken: ({ bytes }) => room.give(bytes),
    add: (message) => sampler.add(message.targets),
    replace: ({ worker, target }) => sampler.replace(worker, target),
    stride: ({ worker, stride }) => sampler.setStride(worker, stride),
    release: ({ worker }) => sampler.release(worker),
    refuse: ({ worker, sinceMs }) => sampler.refuseStream(worker, sinceMs),
    pause: () => void sampler.pause().then(() => send({ kind: 'paused' })),
    resume: () => sampler.resume(),
  };
  port.on('message', (message: ToSamplingThread) => {
    (obey[message.kind] as (message: ToSamplingThread) => void)(message);
  });

  sampler.add(targets);
  const durationMs = await sampler.done;
  batch.flush();
  send({ kind: 'end', durationMs });
  port.close();
}

await run(parentPort!, workerData as SamplingThreadData);
