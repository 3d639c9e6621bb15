import { describe, expect, it } from 'vitest';
import { measureCoverage } from '../src/aggregate/coverage.ts';
import { Intake } from '../src/intake.ts';
import { ProfileBuilder } from '../src/profile/builder.ts';
import type { Verdict } from '../src/tracebacker/verdict.ts';
import { someDump } from './helpers/fake-tracebacker.ts';

function start() {
  const meta = { startedEpochMs: 0, rateHz: 10, host: 'h', source: 'tracebacker', recorder: 'test' };
  const builder = new ProfileBuilder(meta);
  builder.addWorker({ number: 1, address: '/tmp/t.1' });
  const intake = new Intake(builder);
  const take = (timeMs: number, verdict: Verdict, text = '') =>
    intake.take({
      worker: 0,
      outcome: {
        verdict,
        consequence: verdict === 'dump' ? 'go on' : 'later',
        reading: { bytes: Buffer.from(text), failure: null, reason: null, waitMs: 0, tookMs: 0 },
      },
      span: verdict === 'dump' ? { timeMs, weight: 1, unobserved: 0 } : { timeMs, weight: 0, unobserved: 1 },
    });
  return { builder, intake, take };
}

describe('Intake', () => {
  it('tells what it has to say of many dumps in one event, with nothing lost', () => {
    const { builder, intake, take } = start();
    const cut = someDump(1).slice(0, -20);
    for (let dump = 0; dump < 1_000; dump++) take(dump, 'dump', cut);
    for (let dump = 0; dump < 1_000; dump++) take(1_000 + dump, 'gone');
    intake.flush();
    intake.flush();
    expect(builder.view().events.map(({ kind, count }) => [kind, count])).toEqual([
      ['cut', 1_000],
      ['unreadable', 1_000],
      ['gap', 1_000],
    ]);
  });

  it('knows by the last of several gaps whether the worker is gone', () => {
    const { builder, intake, take } = start();
    const isGone = () => {
      intake.flush();
      return measureCoverage(builder.view()).workers[0]!.isGone;
    };
    take(100, 'dump', someDump(1));
    take(200, 'gone');
    take(300, 'gone');
    expect(isGone()).toBe(true);
    take(400, 'gone');
    take(500, 'dump', someDump(1));
    expect(isGone()).toBe(false);
  });
});
