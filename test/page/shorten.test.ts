import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cutMiddle, shorten } from '../../src/page/shorten.ts';

describe('shorten', () => {
  const label = 'get_response (django/core/handlers/base.py:130)';

  it.each([
    [60, label],
    [46, 'get_response (…/handlers/base.py:130)'],
    [30, 'get_response (base.py:130)'],
    [20, 'get_response'],
    [7, 'get…nse'],
    [1, '…'],
  ])('to %i characters leaves what tells frames apart', (most, short) => {
    expect(shorten(label, most)).toBe(short);
  });

  it('keeps the end of a path', () => {
    expect(shorten('django/core/handlers/base.py', 12)).toBe('…ers/base.py');
  });

  it('is never longer than asked for, and whole where it fits', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.nat(80), (text, most) => {
        for (const cut of [shorten(text, most), cutMiddle(text, most)]) {
          expect(cut.length).toBeLessThanOrEqual(Math.max(most, 0));
          if (text.length <= most) expect(cut).toBe(text);
        }
      }),
    );
  });

  it('takes no time for a long name', () => {
    expect(shorten(`${'('.repeat(200_000)})`, 20)).toHaveLength(20);
  });
});
