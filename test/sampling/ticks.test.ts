import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { creditLimitMs, staggeredPhase, TickSchedule } from '../../src/sampling/ticks.ts';

const never = () => 0;

describe('TickSchedule', () => {
  it('gives a prompt dump the weight of one tick', () => {
    const ticks = new TickSchedule({ rateHz: 10, phase: 0, random: never });
    expect(ticks.observe(ticks.tickAt(0), 5)).toEqual({ timeMs: 0, weight: 1, unobserved: 0 });
    expect(ticks.nextAskMs()).toBe(100);
    expect(ticks.observe(ticks.tickAt(100), 120)).toEqual({ timeMs: 100, weight: 1, unobserved: 0 });
  });

  it('gives a dump that ends m ticks later the weight m + 1', () => {
    const ticks = new TickSchedule({ rateHz: 10, phase: 0, random: never });
    expect(ticks.observe(ticks.tickAt(0), 350)).toEqual({ timeMs: 0, weight: 4, unobserved: 0 });
    expect(ticks.nextAskMs()).toBe(400);
  });

  it('credits no more than a second', () => {
    const ticks = new TickSchedule({ rateHz: 10, phase: 0, random: never });
    expect(ticks.observe(ticks.tickAt(0), 4_950)).toEqual({ timeMs: 0, weight: 10, unobserved: 40 });
  });

  it('credits one tick at least, where a tick is longer than the limit', () => {
    const ticks = new TickSchedule({ rateHz: 0.1, phase: 0, random: never });
    expect(ticks.observe(ticks.tickAt(0), 9_000)).toMatchObject({ weight: 1, unobserved: 0 });
  });

  it('leaves ticks unobserved that passed before the dump was asked for', () => {
    const ticks = new TickSchedule({ rateHz: 10, phase: 0, random: never });
    const tick = ticks.tickAt(330);
    expect(ticks.observe(tick, 360)).toEqual({ timeMs: 300, weight: 1, unobserved: 3 });
  });

  it('does not observe what failed', () => {
    const ticks = new TickSchedule({ rateHz: 10, phase: 0, random: never });
    expect(ticks.miss(250)).toEqual({ timeMs: 0, weight: 0, unobserved: 3 });
    expect(ticks.nextAskMs()).toBe(300);
  });

  it('plans rate x duration ticks', () => {
    const ticks = new TickSchedule({ rateHz: 100, phase: 0, random: never });
    expect(ticks.miss(2_000).unobserved).toBe(200);
  });

  it('keeps the mean rate under jitter', () => {
    const ticks = new TickSchedule({ rateHz: 50, phase: 0.5, random: () => 0.999 });
    for (let tick = 0; tick < 1_000; tick++) {
      const askMs = ticks.nextAskMs();
      expect(askMs).toBeGreaterThanOrEqual(10 + tick * 20);
      expect(askMs).toBeLessThan(10 + (tick + 1) * 20);
      ticks.observe(ticks.tickAt(askMs), askMs + 1);
    }
  });

  it('adds up, whatever the latencies: planned = observed + unobserved', () => {
    const step = fc.record({
      lateMs: fc.oneof(fc.constant(0), fc.double({ min: 0, max: 3_000, noNaN: true })),
      tookMs: fc.oneof(fc.double({ min: 0, max: 10, noNaN: true }), fc.double({ min: 0, max: 5_000, noNaN: true })),
      fails: fc.boolean(),
    });
    const rate = fc.oneof(fc.constantFrom(20, 100, 7, 0.3, 1_000), fc.double({ min: 0.1, max: 1_000, noNaN: true }));
    fc.assert(
      fc.property(rate, fc.double({ min: 0, max: 0.999, noNaN: true }), fc.array(step), (rateHz, phase, steps) => {
        const ticks = new TickSchedule({ rateHz, phase, random: Math.random });
        const all = new TickSchedule({ rateHz, phase, random: never });
        let nowMs = 0;
        let lastMs = -1;
        let observed = 0;
        let unobserved = 0;
        for (const { lateMs, tookMs, fails } of steps) {
          nowMs = Math.max(nowMs, ticks.nextAskMs()) + lateMs;
          const tick = ticks.tickAt(nowMs);
          nowMs += tookMs;
          const span = fails ? ticks.miss(nowMs, tick) : ticks.observe(tick, nowMs);
          expect(Number.isInteger(span.weight) && Number.isInteger(span.unobserved)).toBe(true);
          expect(span.weight).toBeGreaterThanOrEqual(fails ? 0 : 1);
          expect(span.weight).toBeLessThanOrEqual(Math.max(1, (creditLimitMs * rateHz) / 1_000));
          expect(span.unobserved).toBeGreaterThanOrEqual(0);
          if (!fails) expect(span.timeMs).toBeGreaterThan(lastMs);
          if (!fails) lastMs = span.timeMs;
          observed += span.weight;
          unobserved += span.unobserved;
        }
        nowMs = Math.max(nowMs, lastMs + 1e-3); // a tick that was asked for has been planned
        unobserved += ticks.miss(nowMs).unobserved;
        expect(observed + unobserved).toBe(all.miss(nowMs).unobserved);
      }),
    );
  });
});

describe('staggeredPhase', () => {
  it('keeps the workers of a fleet apart, however many there are', () => {
    for (const workers of [2, 3, 8, 64]) {
      const phases = Array.from({ length: workers }, (_, worker) => staggeredPhase(worker)).sort((a, b) => a - b);
      const gaps = phases.map((phase, i) => (phases[i + 1] ?? 1 + phases[0]!) - phase);
      expect(Math.min(...gaps)).toBeGreaterThan(0.3 / workers);
      expect(phases.every((phase) => phase >= 0 && phase < 1)).toBe(true);
    }
  });
});
