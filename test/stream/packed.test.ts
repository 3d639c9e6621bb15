import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { packColumn, unpackColumn } from '../../src/stream/packed.ts';
import { decodePreorder, encodePreorder } from '../../src/stream/preorder.ts';

const anyNumber = fc.oneof(fc.integer({ min: -2, max: 20 }), fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }));

describe('packed columns', () => {
  it('give back what was packed, whatever fits into 32 bits', () => {
    fc.assert(
      fc.property(fc.array(anyNumber), (numbers) => {
        expect([...unpackColumn(packColumn(Int32Array.from(numbers)))!]).toEqual(numbers);
      }),
    );
  });

  it.each([
    [[0, 1, -1, 15, -16, 16], 'pACBefgB'],
    [[1000, 1001, 1002], 'dw+BCC'],
    [[-(2 ** 31), 2 ** 31 - 1], 'd//////DB'],
    [[], 'p'],
  ])('are as the format says: %j is %s', (numbers, text) => {
    expect(packColumn(Int32Array.from(numbers as number[]))).toBe(text);
  });

  it.each(['', 'x', 'pA B', 'p\u{1F600}', 'pg', 'pgggggggA', 'A'])('are not %j', (text) => {
    expect(unpackColumn(text)).toBeNull();
  });
});

describe('pre-order', () => {
  const anyTree = fc.array(fc.tuple(fc.nat(6), fc.nat(40)), { maxLength: 60 }).map((steps) => {
    const parent: number[] = [];
    const frame: number[] = [];
    for (const [up, own] of steps) {
      let above = parent.length - 1;
      for (let step = 0; step < up && above !== -1; step++) above = parent[above]!;
      if (parent.some((other, stack) => other === above && frame[stack] === own)) continue;
      parent.push(above);
      frame.push(own);
    }
    return { parent: Int32Array.from(parent), frame: Int32Array.from(frame) };
  });

  it('gives back any tree', () => {
    fc.assert(
      fc.property(anyTree, (stacks) => {
        expect(decodePreorder(encodePreorder(stacks)!, 41)).toEqual(stacks);
      }),
    );
  });

  it('has none for stacks in another order', () => {
    const stacks = { parent: Int32Array.of(-1, -1, 0), frame: Int32Array.of(0, 1, 2) };
    expect(encodePreorder(stacks)).toBeNull();
  });

  it.each([3, 40])('has no stack twice, be it the first callee or the last of %i', (callees) => {
    const frame = Int32Array.from({ length: callees + 1 }, (_, stack) => stack);
    const parent = frame.map((stack) => (stack === 0 ? -1 : 0));
    const { up, callee, frame: names } = encodePreorder({ parent, frame })!;
    const again = { up: Int32Array.of(...up, 1), callee: Int32Array.of(...callee, callees - 1), frame: names };
    expect(decodePreorder({ up, callee, frame: names }, callees + 1)).toEqual({ parent, frame });
    expect(decodePreorder(again, callees + 1)).toBeNull();
  });

  it('does not overflow on deep stacks', () => {
    const parent = Int32Array.from({ length: 50_000 }, (_, stack) => stack - 1);
    const stacks = { parent, frame: parent.map((stack) => (stack + 1) % 7) };
    expect(decodePreorder(encodePreorder(stacks)!, 7)).toEqual(stacks);
  });
});
