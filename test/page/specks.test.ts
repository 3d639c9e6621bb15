import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fillPixels, speckPx } from '../../src/page/specks.ts';

const placesPx = 40;
const [plain, match] = [0xff_56_34_12, 0xff_00_00_ff];
/** A width, and whether it is found; each is where the one before ends. */
type Speck = readonly [width: number, isFound: boolean];

const place = (specks: readonly Speck[]) => {
  const width = Float64Array.from(specks, ([one]) => one);
  let end = 0;
  const x = width.map((one) => {
    end += one;
    return end - one;
  });
  return { node: Int32Array.from(specks.keys()), depth: new Int32Array(specks.length), x, width };
};

const pixelsOf = (x: number, width: number): number[] => {
  const left = Math.floor(x);
  const count = Math.max(1, Math.floor(x + width) - left);
  return Array.from({ length: count }, (_, at) => left + at).filter((px) => px < placesPx);
};

describe('fillPixels', () => {
  it('shows what is found whatever else is in its pixels, and nothing where no speck is', () => {
    const anySpecks = fc.array(fc.tuple(fc.double({ min: 0.3, max: 5, noNaN: true }), fc.boolean()), { maxLength: 40 });
    fc.assert(
      fc.property(anySpecks, (specks) => {
        const boxes = place(specks);
        const pixels = new Uint32Array(placesPx);
        fillPixels(
          pixels,
          { boxes, from: 0, to: specks.length },
          { fill: (node) => (specks[node]![1] ? '#ff0000' : '#123456'), isMatch: (node) => specks[node]![1] },
        );
        const expected = new Array<number>(placesPx).fill(0);
        const mark = (colour: number, isWanted: boolean) => {
          for (const [at, [width, isFound]] of specks.entries()) {
            if (width < speckPx && isFound === isWanted)
              for (const px of pixelsOf(boxes.x[at]!, width)) expected[px] = colour;
          }
        };
        mark(plain, false);
        mark(match, true);
        expect([...pixels]).toEqual(expected);
      }),
    );
  });

  it('lets the first speck of a pixel stand for all', () => {
    const x = Float64Array.from([0, 0.4, 0.8, 1.2]);
    const boxes = { node: Int32Array.from([0, 1, 2, 3]), depth: new Int32Array(4), x, width: x.map(() => 0.4) };
    const pixels = new Uint32Array(2);
    const fill = (node: number) => `#00000${node + 1}`;
    fillPixels(pixels, { boxes, from: 0, to: 4 }, { fill, isMatch: () => false });
    expect([...pixels].map((pixel) => pixel >>> 16)).toEqual([0xff_01, 0xff_04]);
  });
});
