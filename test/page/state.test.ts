import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readHash, writeHash } from '../../src/page/permalink.ts';
import {
  change,
  type Filters,
  initialState,
  noFilters,
  type PageState,
  shownMeasures,
  splits,
  viewNames,
} from '../../src/page/state.ts';
import { groupings } from '../../src/profile/labels.ts';

const rows = fc.uniqueArray(fc.nat(1_000_000), { maxLength: 5 });
const text = fc.oneof(fc.string(), fc.constantFrom('&a=b', '#', '%', '+', ' a b ', '</script>', '名前', 'a\nb'));
const ms = fc.option(fc.nat(2 ** 31));
const anyState: fc.Arbitrary<PageState> = fc.record({
  view: fc.constantFrom(...viewNames),
  by: fc.constantFrom(...groupings),
  split: fc.constantFrom(...splits),
  measure: fc.constantFrom(...shownMeasures),
  rootOnTop: fc.boolean(),
  zoom: fc.nat(),
  search: text,
  regex: fc.boolean(),
  filters: fc.record<Filters>({
    workers: rows,
    threads: rows,
    fromMs: ms,
    toMs: ms,
    focus: text,
    include: text,
    exclude: text,
    hide: fc.array(text, { maxLength: 3 }),
    appOnly: fc.boolean(),
  }),
  subject: fc.option(text.filter((name) => name !== '')),
  file: fc.option(text.filter((name) => name !== '')),
  cursor: fc.constant(null),
});

describe('permalinks', () => {
  it('bring back any state', () => {
    fc.assert(
      fc.property(anyState, anyState, (state, initial) => {
        expect(readHash(writeHash(state, { ...initial, zoom: 0 }), { ...initial, zoom: 0 })).toEqual(state);
      }),
    );
  });

  it('say nothing where nothing was changed', () => {
    expect(writeHash(initialState, initialState)).toBe('');
    expect(writeHash({ ...initialState, by: 'module' }, { ...initialState, by: 'module' })).toBe('');
  });

  it('give a state whatever is in them', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (hash) => {
        const state = readHash(`#${hash}`, initialState);
        expect(viewNames).toContain(state.view);
        expect(Number.isSafeInteger(state.zoom)).toBe(true);
      }),
    );
    expect(readHash('#view=x&zoom=-1&workers=1+a+1+-2&from=1e9', initialState)).toEqual({
      ...initialState,
      filters: { ...noFilters, workers: [1] },
    });
  });
});

describe('change', () => {
  const zoomed = { ...initialState, zoom: 7, cursor: 9 };

  it('begins at the root where the tree is another', () => {
    for (const part of [{ view: 'bottom-up' }, { by: 'module' }, { split: 'thread' }] as const) {
      expect(change(zoomed, part)).toEqual({ ...zoomed, ...part, zoom: 0, cursor: null });
    }
    expect(change(zoomed, { search: 'x' })).toEqual({ ...zoomed, search: 'x' });
  });

  it('changes one filter and leaves the others', () => {
    const once = change(initialState, { filters: { workers: [1] } });
    expect(change(once, { filters: { appOnly: true } }).filters).toEqual({ ...noFilters, workers: [1], appOnly: true });
    expect(change(once, { search: 'x' }).filters).toBe(once.filters);
  });
});
