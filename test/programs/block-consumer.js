// Samples one tracebacker as tbprof does, with a consumer that blocks the main thread for a while: from the first dump on,
// as rendering, a full pipe or a slow disk would. Prints in the end, as JSON, what was handed over.
// Arguments: path of the socket, rate, milliseconds to block.
import { writeSync } from 'node:fs';
import { startSampling } from '../../dist/sampling/start.js';

const [path, rateHz, blockMs] = process.argv.slice(2);
const stop = new AbortController();
const told = {
  dumps: 0,
  observed: 0,
  unobserved: 0,
  /** Ticks by reason. */
  gaps: {},
  /** What had been read while the main thread was blocked, and waited for it. */
  waitingBytes: 0,
  rssBytes: 0,
};
let unblockedMs = null;
const startMs = performance.now();

const block = () => {
  writeSync(1, 'blocking\n');
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, Number(blockMs));
  writeSync(1, 'unblocked\n');
  told.rssBytes = process.memoryUsage.rss();
  unblockedMs = performance.now() - startMs;
  setTimeout(() => stop.abort(), 1_000);
};

const sampling = startSampling({
  targets: [{ address: { kind: 'file', path }, stream: null, worker: 1, process: null, server: 'test' }],
  rateHz: Number(rateHz),
  dumpRates: { ofTracebackers: Number(rateHz), insteadOfAgents: Number(rateHz) },
  request: { switchInterval: 0.0001, maxOverhead: 0.1, cpu: false, greenlets: false, tasks: false },
  keepGoing: false,
  stop: stop.signal,
  hurry: new AbortController().signal,
  onSampled: ({ outcome, span }) => {
    told.observed += span.weight;
    told.unobserved += span.unobserved;
    if (span.unobserved > 0) {
      const why = typeof outcome === 'string' ? outcome : outcome.verdict === 'dump' ? 'late' : outcome.verdict;
      told.gaps[why] = (told.gaps[why] ?? 0) + span.unobserved;
    }
    if (typeof outcome === 'string' || outcome.verdict !== 'dump') return;
    told.dumps += 1;
    if (unblockedMs === null) block();
    // The clock of the recording began a little after ours: what was asked for before then had to wait.
    else if (span.timeMs < unblockedMs - 500) told.waitingBytes += outcome.reading.bytes.byteLength;
  },
});
const durationMs = await sampling.done;
writeSync(1, `${JSON.stringify({ ...told, planned: Math.ceil((durationMs * Number(rateHz)) / 1_000) })}\n`);
