import { describe, expect, it } from 'vitest';
import { measureCoverage } from '../../src/aggregate/coverage.ts';
import { renderCollapsed } from '../../src/formats/collapsed.ts';
import { ProfileBuilder } from '../../src/profile/builder.ts';
import { knowsCpu, weighByCpu } from '../../src/profile/weigh-by-cpu.ts';
import { profileFrom } from '../helpers/profile-from.ts';

/** One worker, one thread, a dump per row: name, ticks, microseconds. */
function profileWithCpu(rows: readonly [name: string, weight: number, cpuUs: number][], rateHz = 100) {
  const builder = new ProfileBuilder({ startedEpochMs: 0, rateHz, host: 'h', source: 'agent', recorder: 'tbprof 0' });
  const worker = builder.addWorker({ number: 1, address: '/s.1' });
  for (const [name, weight, cpuUs] of rows) {
    const stack = builder.stackOf([{ function: name, file: '', line: 0, source: '' }]);
    builder.addSample(builder.thread(worker, 'MainThread'), stack, weight, cpuUs);
    builder.endDump({ worker, timeMs: 0, weight, waitUs: 0 });
  }
  return builder;
}

describe('weighByCpu', () => {
  it('weighs samples by the processor time that they stand for', () => {
    const profile = weighByCpu(
      profileWithCpu([
        ['compute', 1, 9_000],
        ['sleep', 3, 0],
        ['imported', 1, -1],
        ['compute', 2, 11_500],
      ]).view(),
    );
    expect(renderCollapsed(profile, { by: 'line', threads: false })).toBe('compute 20500\n');
    expect(profile.meta).toMatchObject({ measure: 'cpu', rateHz: 1_000_000 });
    // 7 ticks of 10 ms of wall time
    expect(measureCoverage(profile).observed).toBe(70_000);
  });

  it('counts milliseconds where microseconds would not fit', () => {
    const profile = weighByCpu(profileWithCpu([['compute', 400_000, 2_000_000_000]]).view());
    expect([...profile.samples.weight]).toEqual([2_000_000]);
    expect(profile.meta.rateHz).toBe(1_000);
  });

  it('is told apart from what cannot say', () => {
    expect(knowsCpu(profileWithCpu([['a', 1, 0]]).view())).toBe(true);
    expect(knowsCpu(profileFrom(['a 1']))).toBe(false);
  });

  it('survives the merging of neighbouring dumps', () => {
    const builder = profileWithCpu([
      ['a', 1, 100],
      ['a', 1, -1],
      ['a', 1, 200],
      ['a', 1, 7], // the last one stays by itself
    ]);
    builder.coarsen(1_000);
    expect([...builder.view().samples.cpuUs]).toEqual([300, 7]);
  });
});
