import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { matchFrames, matchGroups, parsePattern, parseQuery, searchTexts } from '../../src/page/query.ts';
import { groupFrames } from '../../src/profile/labels.ts';
import { anyProfile } from '../helpers/any-profile.ts';
import { profileFrom } from '../helpers/profile-from.ts';

describe('parseQuery', () => {
  it('takes text as it is, whatever the case', () => {
    fc.assert(
      fc.property(fc.string(), fc.string({ minLength: 1 }), fc.string(), (before, text, after) => {
        expect(parseQuery(text, false).test!(`${before}${text}${after}`)).toBe(true);
        expect(parseQuery(text.toUpperCase(), false).test!(text.toUpperCase().toLowerCase())).toBe(true);
      }),
    );
    expect(parseQuery('.*', false).test!('abc')).toBe(false);
  });

  it('finds nothing for nothing', () => {
    expect(parseQuery('', false).test!('abc')).toBe(false);
    expect(parseQuery('', true).test!('abc')).toBe(false);
  });

  it('takes an expression on request, and says what is wrong with it', () => {
    expect(parseQuery('^b.D$', true).test!('abc\nbcd')).toBe(true);
    const wrong = parseQuery('(', true);
    expect(wrong.test).toBeNull();
    expect(wrong.problem).toMatch(/expression/i);
  });

  it('takes an expression between slashes in a filter', () => {
    expect(parsePattern('/^a$/').test!('a')).toBe(true);
    expect(parsePattern('/srv/').test!('abc')).toBe(false); // an expression: the slashes are not part of it
    expect(parsePattern('/srv').test!('/srv/x.py')).toBe(true);
  });
});

describe('what a query finds', () => {
  const profile = profileFrom(['get@/usr/lib/python3/dist-packages/django/base.py:3;all@/srv/shop/db.py:9 1']);
  const found = (by: Parameters<typeof groupFrames>[1], text: string, regex = false) => {
    const groups = groupFrames(profile, by);
    return [...matchGroups(searchTexts(profile, groups, by), parseQuery(text, regex))].join('');
  };

  it('is by function, file and module', () => {
    expect(found('line', 'GET')).toBe('10');
    expect(found('line', 'dist-packages')).toBe('10');
    expect(found('line', 'shop/db')).toBe('01');
    expect(found('line', '^django$', true)).toBe('10');
    expect(found('function', '^all$', true)).toBe('01');
    expect(found('module', 'django')).toBe('10');
  });

  it('is no more than holds for the whole group', () => {
    expect(found('module', 'get')).toBe('00');
    expect(found('file', 'get')).toBe('00');
    expect(found('module', 'base.py')).toBe('00');
  });

  it('holds every frame of a group whose function or file it finds', () => {
    fc.assert(
      fc.property(anyProfile, fc.constantFrom('a', 'view', '.py', ';'), (any, text) => {
        const frames = matchFrames(any, parseQuery(text, false));
        const groups = groupFrames(any, 'line');
        const inGroups = matchGroups(searchTexts(any, groups, 'line'), parseQuery(text, false));
        for (const [frame, isFound] of frames.entries()) {
          if (isFound === 1) expect(inGroups[groups.groupOf[frame]!]).toBe(1);
        }
      }),
    );
  });
});
