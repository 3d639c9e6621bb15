import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { diffProfiles } from '../../src/aggregate/diff.ts';
import { widths } from '../../src/aggregate/diff-frames.ts';
import { readHash, writeHash } from '../../src/page/diff/permalink.ts';
import { type DiffState, initialState, settle, viewNames } from '../../src/page/diff/state.ts';
import { groupings } from '../../src/profile/labels.ts';
import { profileFrom } from '../helpers/profile-from.ts';

const options = { by: 'function', per: 'share', stacks: false } as const;
const anyState: fc.Arbitrary<DiffState> = fc.record({
  view: fc.constantFrom(...viewNames),
  by: fc.constantFrom(...groupings),
  per: fc.constantFrom('share', 'second'),
  width: fc.constantFrom(...widths),
  markedOnly: fc.boolean(),
  rootOnTop: fc.boolean(),
  zoom: fc.nat(),
  cursor: fc.constant(null),
  chosen: fc.option(fc.nat()),
  search: fc.oneof(fc.string(), fc.constantFrom('&a=b', '#', '%', '+', ' a b ', '</script>', '名前', 'a\nb')),
  regex: fc.boolean(),
});

describe('links to a comparison', () => {
  it('bring back any state', () => {
    const initial = initialState(options);
    fc.assert(
      fc.property(anyState, (state) => {
        expect(readHash(writeHash(state, initial), initial)).toEqual(state);
      }),
    );
    expect(writeHash(initial, initial)).toBe('');
  });

  it('give a state that can be drawn, whatever is in them', () => {
    const initial = initialState(options);
    const diff = diffProfiles(profileFrom(['a;b 1']), profileFrom(['a;c 1']), options);
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: 'binary' }),
          anyState.map((state) => writeHash(state, initial)),
        ),
        (hash) => {
          const { zoom, chosen, markedOnly, width } = settle(readHash(hash, initial), diff);
          expect(zoom).toBeLessThan(diff.tree.tree.group.length);
          expect(chosen ?? 0).toBeLessThan(diff.groups.labels.length);
          expect(widths).toContain(width);
          expect(markedOnly).toBe(false); // what is so short is not judged
        },
      ),
    );
  });
});
