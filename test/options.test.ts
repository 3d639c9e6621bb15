import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TbprofError } from '../src/errors.ts';
import { costLimits, maxRateHz, parseDuration, parseRate } from '../src/options.ts';

describe('costLimits', () => {
  it('allows agents less where nobody says, and both the same where somebody does', () => {
    const unsaid = costLimits(undefined, 1);
    expect(unsaid.agentMaxOverhead).toBeLessThan(unsaid.maxOverhead);
    expect(costLimits(0.3, 1)).toEqual({ maxOverhead: 0.3, agentMaxOverhead: 0.3, maxLeakBytes: 1 });
  });
});

describe('parseDuration', () => {
  it.each([
    ['30s', 30_000],
    ['30', 30_000],
    ['2m', 120_000],
    ['1h30m', 5_400_000],
    ['1h30m5s', 5_405_000],
    ['500ms', 500],
    ['1.5s', 1_500],
    ['0.25', 250],
  ])('%s is %d ms', (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  it.each(['', ' ', '0', '0s', '-1s', '30 s', '3x', 's', '30s1h', '1s1s', 'Infinity', '1e3', '99999999999999999h'])(
    'refuses %j',
    (text) => {
      expect(() => parseDuration(text)).toThrow(TbprofError);
    },
  );

  it('reads back whatever is printed in hours, minutes and seconds', () => {
    fc.assert(
      fc.property(fc.nat(99), fc.nat(59), fc.integer({ min: 1, max: 59 }), (hours, minutes, seconds) => {
        expect(parseDuration(`${hours}h${minutes}m${seconds}s`)).toBe(((hours * 60 + minutes) * 60 + seconds) * 1_000);
      }),
    );
  });
});

describe('parseRate', () => {
  it.each([
    ['20', 20],
    ['0.5', 0.5],
    ['100hz', 100],
    ['100Hz', 100],
    [String(maxRateHz), maxRateHz],
  ])('%s is %d', (text, rate) => {
    expect(parseRate(text)).toBe(rate);
  });

  it.each(['', '0', '-1', 'fast', '1001', '10khz', 'NaN'])('refuses %j', (text) => {
    expect(() => parseRate(text)).toThrow(/is not a rate/);
  });
});
