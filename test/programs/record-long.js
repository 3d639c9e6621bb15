// A recording of many dumps with a simulated clock: what the recorder does with them, without sockets and threads. Prints
// in the end, as JSON, what was put in, what the profile and the stream hold, and the most memory that was ever needed.
// Arguments: seconds, workers, threads, rate.
import { measureCoverage } from '../../dist/aggregate/coverage.js';
import { LiveProfile, writeStream } from '../../dist/live-profile.js';
import { staggeredPhase, TickSchedule } from '../../dist/sampling/ticks.js';
import { printDump } from '../../dist/tracebacker/dump.js';

const [seconds, workers, threads, rateHz] = process.argv.slice(2).map(Number);

/** A generator of our own: each run is the same. */
let state = 12_345;
const random = () => {
  state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
  return state / 0x80000000;
};

/** Stacks as a site has them: a common root, then one of many ways down. */
const stacks = Array.from({ length: 400 }, (_, way) =>
  Array.from({ length: 20 }, (_, depth) => ({
    function: depth < 6 ? `enter${depth}` : `f${way % (depth * 10)}_${depth}`,
    file: `/srv/site/part${depth % 7}.py`,
    line: depth < 6 ? depth : way + depth,
    source: 'return self.next(request, *args, **kwargs)',
  })),
);
const dumpsPerWorker = 16;
const parsedShare = 0.02;

/** Some dumps of each worker: which threads run, and where. */
const dumps = Array.from({ length: workers }, (_, worker) =>
  Array.from({ length: dumpsPerWorker }, () => {
    const running = Array.from({ length: threads }, (_, core) => ({
      thread: `uWSGIWorker${worker + 1}Core${core}`,
      frames: stacks[Math.floor(random() * stacks.length)],
    })).filter(() => random() < 0.95);
    return { bytes: Buffer.from(printDump(running)), running, samples: null };
  }),
);

let streamBytes = 0;
const streamed = { dumps: 0, samples: 0 };
const profile = new LiveProfile(
  { startedEpochMs: 0, rateHz, host: 'h', source: 'tracebacker', recorder: 'test' },
  writeStream((text) => {
    streamBytes += text.length;
    for (const line of text.split('\n')) {
      if (!line.startsWith('{"dumps"')) continue;
      // Weights of the samples: the last column.
      streamed.dumps += line.slice(0, line.indexOf(']')).split(',').length;
      streamed.samples += line.slice(line.lastIndexOf('[')).split(',').length;
    }
  }),
);
const { builder } = profile;
const schedules = Array.from({ length: workers }, (_, worker) => {
  builder.addWorker({ number: worker + 1, address: `/tmp/t.${worker + 1}`, pid: worker + 1 });
  return new TickSchedule({ rateHz, phase: staggeredPhase(worker), random });
});

const busyUntilMs = schedules.map(() => 0);
const put = { dumps: 0, observed: 0, unobserved: 0, samples: 0, sampled: 0 };
for (let second = 0; second < seconds; second++) {
  for (let at = 0; at < rateHz; at++) {
    const nowMs = second * 1_000 + (at * 1_000) / rateHz + 1_000 / rateHz;
    for (const [worker, schedule] of schedules.entries()) {
      if (schedule.nextAskMs() > nowMs || busyUntilMs[worker] > nowMs) continue;
      // Some dumps are late and stand for several ticks, a few for less time than they took.
      const luck = random();
      const tookMs = luck < 0.0005 ? 1_500 : luck < 0.05 ? 35 : 1;
      busyUntilMs[worker] = nowMs + tookMs;
      const dump = dumps[worker][Math.floor(random() * dumpsPerWorker)];
      const { bytes, running } = dump;
      const span = schedule.observe(schedule.tickAt(nowMs), Math.min(nowMs + tookMs, seconds * 1_000));
      // Parsing, which takes minutes for an hour of dumps and keeps nothing, is left to one in so many.
      if (random() < parsedShare) {
        const reading = { bytes, failure: null, reason: null, waitMs: 0.3, tookMs };
        profile.intake.take({ worker, outcome: { verdict: 'dump', reading, consequence: 'go on' }, span });
      } else {
        profile.intake.take({ worker, outcome: 'late', span }); // the ticks before this dump that none was in time for
        dump.samples ??= running.map(({ thread, frames }) => [builder.thread(worker, thread), builder.stackOf(frames)]);
        for (const [thread, stack] of dump.samples) builder.addSample(thread, stack, span.weight);
        builder.endDump({ worker, timeMs: span.timeMs, weight: span.weight, waitUs: 300, sendUs: 700 });
      }
      put.dumps += 1;
      put.observed += span.weight;
      put.unobserved += span.unobserved;
      put.samples += running.length;
      put.sampled += running.length * span.weight;
    }
    if (at % (rateHz / 2) === 0) profile.flush();
  }
}
for (const [worker, schedule] of schedules.entries()) {
  const span = schedule.miss(seconds * 1_000);
  profile.intake.take({ worker, outcome: 'end', span });
  put.unobserved += span.unobserved;
}
profile.flush();
builder.end(seconds * 1_000);
profile.flush();

const { dumps: kept, planned, observed, unobserved, sampled } = measureCoverage(profile.view());
process.stdout.write(
  `${JSON.stringify({
    put,
    kept: { dumps: kept, planned, observed, unobserved, sampled },
    keptSamples: profile.view().samples.stack.length,
    streamed,
    streamBytes,
    peakRssBytes: process.resourceUsage().maxRSS * 1_024,
  })}\n`,
);
