import fc from 'fast-check';
import { expect, it } from 'vitest';
import { printJson, visible } from '../src/visible.ts';

it.each([
  ['plain café 漢字 🙂', 'plain café 漢字 🙂'],
  ['\x1b[31mred', '\\x1b[31mred'],
  ['a\nb\tc', 'a\\nb\\tc'],
  ['\x9b31m', '\\x9b31m'],
  ['\u202Eevil', '\\u202eevil'],
  ['\u2028', '\\u2028'],
  ['\x00\x7f', '\\x00\\x7f'],
])('shows %j as %s', (text, shown) => {
  expect(visible(text)).toBe(shown);
});

it('leaves nothing that a terminal obeys', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(visible(text)).not.toMatch(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u);
    }),
  );
});

it('prints JSON that says the same, without what a terminal obeys', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.string({ unit: 'binary' }), (value, text) => {
      const printed = printJson({ value, text });
      expect(JSON.parse(printed)).toEqual(JSON.parse(JSON.stringify({ value, text })));
      expect(printed.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u);
    }),
  );
});
