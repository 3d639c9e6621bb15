import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rowsOfPng } from '../../src/page/pictures.ts';

describe('rows of a PNG', () => {
  it.each<[number[], number[]]>([
    [[888], [888]],
    [[889], [887]],
    [
      [444, 444],
      [444, 444],
    ],
    [
      [20_000, 20_000],
      [443, 443],
    ],
    [
      [20_000, 8],
      [879, 8],
    ],
    [
      [8, 20_000],
      [8, 879],
    ],
    [[], []],
  ])('of charts of %j rows are %j', (depths, rows) => {
    expect(rowsOfPng(depths)).toEqual(rows);
  });

  it('are all, or as many as there is room for', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 2_000 }), { minLength: 1, maxLength: 3 }), (depths) => {
        const rows = rowsOfPng(depths);
        const lines = rows.reduce((sum, one, chart) => sum + one + (one < depths[chart]! ? 1 : 0), 0);
        expect(lines).toBeLessThanOrEqual(888);
        if (depths.reduce((sum, one) => sum + one, 0) <= 888) expect(rows).toEqual(depths);
        else expect(lines).toBeGreaterThan(885);
      }),
    );
  });
});
