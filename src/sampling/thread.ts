// The body of the sampling thread. It does nothing but connect, drain and hand over: whatever the main thread is busy
// with (rendering, a slow disk, a full pipe), no dump stays unread, because an unread dump freezes the sampled worker.
import { setMaxListeners } from 'node:events';
import { type MessagePort, parentPort, type Transferable, workerData } from 'node:worker_threads';
import { type Reading, readDump } from '../tracebacker/read.ts';
import type { Target } from '../tracebacker/target.ts';
import { judgeReading } from '../tracebacker/verdict.ts';
import { monotonicClock } from './clock.ts';
import { type FromSamplingThread, type SamplingThreadData, sizeOf, type ToSamplingThread } from './messages.ts';
import { type SampledDump, Sampler } from './sampler.ts';

/** How much may wait for the main thread before ticks go unobserved. */
const maxWaitingBytes = 64 * 1024 * 1024;

/** A batch is handed over when it is so old, or so large. */
const batchMs = 50;
const maxBatchBytes = 1024 * 1024;

async function run(port: MessagePort, { targets, ...options }: SamplingThreadData): Promise<void> {
  const stop = new AbortController();
  const abandon = new AbortController();
  setMaxListeners(0, abandon.signal); // one for each open connection
  let waitingBytes = 0;
  const send = (message: FromSamplingThread, transfer: Transferable[] = []) => port.postMessage(message, transfer);

  const batch = new Batch((dumps, buffers) => send({ kind: 'dumps', dumps }, buffers));

  const sampler = new Sampler<Target, Reading>({
    ...options,
    clock: monotonicClock,
    random: Math.random,
    stop: stop.signal,
    abandon: () => abandon.abort(),
    mayRead: () => waitingBytes < maxWaitingBytes,
    read: async (target) => {
      const reading = await readDump(target.address, abandon.signal);
      return { reading, verdict: await judgeReading(reading, target) };
    },
    emit: (dump) => {
      waitingBytes += sizeOf(dump);
      batch.add(dump);
    },
  });

  const obey: { [Kind in ToSamplingThread['kind']]: (message: ToSamplingThread & { kind: Kind }) => void } = {
    stop: () => stop.abort(),
    abandon: () => abandon.abort(),
    taken: ({ bytes }) => {
      waitingBytes -= bytes;
    },
    add: (message) => sampler.add(message.targets),
    replace: ({ worker, target }) => sampler.replace(worker, target),
    stride: ({ stride }) => sampler.setStride(stride),
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

/** Dumps on their way to the main thread, which is in no hurry. */
class Batch {
  readonly #hand: (dumps: readonly SampledDump<Reading>[], buffers: ArrayBuffer[]) => void;
  #dumps: SampledDump<Reading>[] = [];
  #bytes = 0;
  #timer: NodeJS.Timeout | null = null;

  constructor(hand: (dumps: readonly SampledDump<Reading>[], buffers: ArrayBuffer[]) => void) {
    this.#hand = hand;
  }

  add(dump: SampledDump<Reading>): void {
    this.#dumps.push(dump);
    this.#bytes += sizeOf(dump);
    if (this.#bytes > maxBatchBytes) this.flush();
    else this.#timer ??= setTimeout(() => this.flush(), batchMs);
  }

  flush(): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#dumps.length === 0) return;
    // Handed over, not copied.
    const buffers = this.#dumps.flatMap(({ outcome }) =>
      typeof outcome === 'string' ? [] : [outcome.reading.bytes.buffer as ArrayBuffer],
    );
    this.#hand(this.#dumps, buffers);
    this.#dumps = [];
    this.#bytes = 0;
  }
}

await run(parentPort!, workerData as SamplingThreadData);
