import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cutMiddle, shorten, twinsOf } from '../../src/page/shorten.ts';

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

  describe('beside frames of the same name', () => {
    const call = '__call__ (django/core/handlers/base.py:130)';
    const siblings = [call, '__call__ (flask/app.py:9)', '__call__ (x) (app.py:1)', 'call (app.py:2)', '__call__'];

    it.each([
      [60, call],
      [23, '__call__ (base.py:130)'],
      [20, '__call__ base.py:130'],
      [17, '__…__ base.py:130'],
      [14, '_… base.py:130'],
      [13, '…/base.py:130'],
      [8, 'base…130'],
      [1, '…'],
    ])('in %i characters the end of the place stays', (most, short) => {
      expect(shorten(call, most, twinsOf(call, siblings))).toBe(short);
    });

    it('more of the place stays where its end is the same, too', () => {
      const [one, other] = ['get (shop/views.py:7)', 'get (blog/views.py:7)'] as const;
      expect(shorten(one, 19, [other])).toBe('get shop/views.py:7'); // and not `get (views.py:7)`
      expect(shorten(other, 19, [one])).toBe('get blog/views.py:7');
      expect(shorten(one, 12, [other])).not.toBe(shorten(other, 12, [one]));
    });

    it('the line is enough where they are in one file', () => {
      const [one, other] = ['product (/srv/shop/views.py:45)', 'product (/srv/shop/views.py:124)'];
      const cut = (most: number) => [shorten(one, most, [other]), shorten(other, most, [one])];
      expect(cut(25)).toEqual(['product (views.py:45)', 'product (views.py:124)']);
      expect(cut(12)).toEqual(['product :45', 'product :124']);
      expect(cut(9)).toEqual(['pr…ct :45', 'pr…t :124']);
      expect(cut(5)).toEqual([':45', ':124']);
    });

    it('twins are those of the same name, and not itself', () => {
      expect(twinsOf(call, siblings)).toEqual(['__call__ (flask/app.py:9)']);
      expect(twinsOf('module', ['module', 'module (x)'])).toEqual([]);
    });
  });

  it('keeps the end of a path', () => {
    expect(shorten('django/core/handlers/base.py', 12)).toBe('…ers/base.py');
  });

  it('is never longer than asked for, and whole where it fits', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.nat(80), (text, most) => {
        const beside = shorten(`${text} (${text})`, most, [`${text} (a)`]);
        expect(beside.length).toBeLessThanOrEqual(Math.max(most, 0));
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
