import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { adjustForMany } from '../../src/aggregate/holm.ts';
import { quantile, twoSided, upperTail } from '../../src/aggregate/student.ts';

const degrees = fc.double({ min: 1, max: 10_000, noNaN: true });
const anyT = fc.double({ min: 0, max: 1e6, noNaN: true });

describe("Student's t", () => {
  // The 97.5% column of any printed table.
  it.each([
    [1, 12.7062],
    [4, 2.7764],
    [9, 2.2622],
    [30, 2.0423],
    [120, 1.9799],
    [10_000, 1.9602],
  ])('has the quantile of the tables for %d degrees', (count, t) => {
    expect(quantile(0.05, count)).toBeCloseTo(t, 4);
    expect(upperTail(t, count)).toBeCloseTo(0.025, 5);
  });

  it('is known in closed form for one and for two degrees', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 100, noNaN: true }), (t) => {
        expect(twoSided(t, 1)).toBeCloseTo(1 - (2 / Math.PI) * Math.atan(t), 10);
        expect(twoSided(t, 2)).toBeCloseTo(1 - t / Math.sqrt(2 + t * t), 10);
      }),
    );
  });

  it('falls with t, stays a chance, and is turned round by its quantile', () => {
    fc.assert(
      fc.property(degrees, anyT, anyT, (count, a, b) => {
        const [low, high] = [twoSided(Math.min(a, b), count), twoSided(Math.max(a, b), count)];
        expect(low).toBeGreaterThanOrEqual(high - 1e-12);
        expect(high).toBeGreaterThanOrEqual(0);
        expect(low).toBeLessThanOrEqual(1);
        expect(upperTail(-a, count) + upperTail(a, count)).toBeCloseTo(1, 10);
      }),
    );
    fc.assert(
      fc.property(degrees, fc.double({ min: 1e-4, max: 0.5, noNaN: true }), (count, chance) => {
        expect(twoSided(quantile(chance, count), count)).toBeCloseTo(chance, 8);
      }),
    );
  });
});

describe("Holm's correction", () => {
  it('multiplies the smallest by all, the next by one less, and never falls', () => {
    const adjusted = adjustForMany([0.01, 0.04, 0.03, 0.005]);
    for (const [index, value] of [0.03, 0.06, 0.06, 0.02].entries()) expect(adjusted[index]).toBeCloseTo(value, 12);
  });

  it('lies between no correction and that of Bonferroni, in the same order', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1 }), (chances) => {
        const adjusted = adjustForMany(chances);
        for (const [index, chance] of chances.entries()) {
          expect(adjusted[index]).toBeGreaterThanOrEqual(chance);
          expect(adjusted[index]).toBeLessThanOrEqual(Math.min(1, chance * chances.length));
          for (const [other, its] of chances.entries()) {
            if (chance < its) expect(adjusted[index]).toBeLessThanOrEqual(adjusted[other]!);
          }
        }
      }),
    );
  });
});
