import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PairTable } from '../../src/profile/pairs.ts';

describe('PairTable', () => {
  it('numbers pairs as a Map of them does, however many there are', () => {
    const number = fc.oneof(fc.integer({ min: -1, max: 30 }), fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }));
    fc.assert(
      fc.property(fc.array(fc.tuple(number, number), { maxLength: 600, size: 'max' }), fc.nat(2_000), (pairs, more) => {
        const table = new PairTable();
        const known = new Map<string, number>();
        for (const [at, [first, second]] of pairs.entries()) {
          if (at === 5) table.reserve(more);
          const key = `${first} ${second}`;
          if (!known.has(key)) known.set(key, known.size);
          expect(table.number(first, second)).toBe(known.get(key));
        }
        expect(table.size).toBe(known.size);
        expect(Array.from(table.first(), (first, at) => `${first} ${table.second()[at]}`)).toEqual([...known.keys()]);
      }),
    );
  });

  it('is not slowed down by pairs that were chosen to lie in one place', () => {
    const mask = 2 ** 18 - 1;
    const isChosen = (first: number, second: number) => {
      // What it once did, when any file could know where a pair would be.
      let mixed = Math.imul(first + 1, 0x9e3779b1) ^ Math.imul(second + 1, 0x85ebca6b);
      mixed = Math.imul(mixed ^ (mixed >>> 15), 0x2c1b3c6d);
      return ((mixed ^ (mixed >>> 13)) & mask) < 256;
    };
    const table = new PairTable();
    // A minute would pass where they were.
    for (let first = 0; table.size < 100_000; first++) {
      for (let second = 0; second < 3_000; second++) if (isChosen(first, second)) table.number(first, second);
    }
    expect(table.size).toBeGreaterThanOrEqual(100_000);
  });

  it('finds pairs that it was given all at once', () => {
    const table = new PairTable();
    const first = Int32Array.from({ length: 3_000 }, (_, at) => at);
    table.adopt(first, first);
    expect([table.size, table.number(2_999, 2_999), table.number(1, 2), table.number(0, 0)]).toEqual([
      3_000, 2_999, 3_000, 0,
    ]);
    expect(first).toHaveLength(3_000);
    expect([...table.second()].at(-1)).toBe(2);
  });

  it('forgets', () => {
    const table = new PairTable();
    for (const count of [5_000, 3, 700, 0, 100]) {
      for (let i = 0; i < count; i++) expect(table.number(i, count)).toBe(i);
      for (let i = 0; i < count; i++) expect(table.number(i, count)).toBe(i);
      expect([table.size, table.first().length]).toEqual([count, count]);
      table.clear();
    }
  });

  it('leaves views as they were while it grows', () => {
    const table = new PairTable();
    table.number(7, 8);
    const view = table.first();
    for (let i = 0; i < 10_000; i++) table.number(i, i);
    expect([...view]).toEqual([7]);
  });
});
