// Any profile at all, for property tests: several workers, hostile names, recursion, idle dumps, events.
import fc from 'fast-check';
import { ProfileBuilder } from '../../src/profile/builder.ts';
import type { Profile } from '../../src/profile/profile.ts';

const name = fc.oneof(
  fc.constantFrom('a', 'b', 'c', 'view', 'render'),
  fc.constantFrom('</script>', '$&', ';', 'a;b', '\u2028', '\x1b[31m', '', ' ', '1 2'),
  fc.string({ unit: 'grapheme', maxLength: 8 }),
);
const frame = fc.record({
  function: name,
  file: fc.oneof(fc.constantFrom('/app/a.py', '/usr/lib/python3/dist-packages/django/x.py', ''), name),
  line: fc.nat(5),
  source: name,
});
const dump = fc.record({
  worker: fc.nat(2),
  weight: fc.integer({ min: 1, max: 20 }),
  waitUs: fc.integer({ min: -1, max: 10_000 }),
  gap: fc.nat(3),
  samples: fc.array(
    fc.record({
      core: fc.nat(3),
      cpuUs: fc.integer({ min: -1, max: 20_000 }),
      frames: fc.array(frame, { minLength: 1, maxLength: 6 }),
    }),
    { maxLength: 4 },
  ),
});

export const anyProfile: fc.Arbitrary<Profile> = fc
  .record({ rateHz: fc.constantFrom(1, 7, 20, 30, 100), dumps: fc.array(dump, { maxLength: 12 }) })
  .map(({ rateHz, dumps }) => {
    const builder = new ProfileBuilder({
      startedEpochMs: 1e12,
      rateHz,
      host: 'h',
      source: 'test',
      recorder: 'tbprof 0',
    });
    for (const number of [1, 2, null]) builder.addWorker({ number, address: `/tmp/tbsocket.${number}` });
    let timeMs = 0;
    for (const { worker, weight, waitUs, gap, samples } of dumps) {
      for (const { core, cpuUs, frames } of samples) {
        builder.addSample(
          builder.thread(worker, `uWSGIWorker${worker + 1}Core${core}`),
          builder.stackOf(frames),
          weight,
          cpuUs,
        );
      }
      builder.endDump({ worker, timeMs, weight, waitUs });
      if (gap > 0) builder.addEvent({ timeMs, worker, kind: 'gap', count: gap, reason: 'late' });
      timeMs += (1_000 * weight) / rateHz;
    }
    builder.end(timeMs);
    return builder.view();
  });
