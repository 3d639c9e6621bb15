import { describe, expect, it } from 'vitest';
import { describeSeconds } from '../../src/formats/amounts.ts';
import { markdown } from '../../src/formats/markdown.ts';
import { code } from '../../src/formats/markdown-text.ts';
import { loadProfile } from '../../src/pipeline.ts';
import { expectGolden } from '../helpers/fixtures.ts';
import { profileFrom } from '../helpers/profile-from.ts';
import { renderText } from '../helpers/rendered.ts';

describe('markdown', () => {
  it('says when and how good, the hottest functions, and the way to the hottest leaves', async () => {
    const deep = Array.from({ length: 14 }, (_, at) => `f${at}`).join(';');
    const profile = profileFrom([
      '0/0|main;handle;query 5',
      '1/0|main;handle;query 3',
      `0/1|${deep} 2`,
      '0/1|<module> 1',
    ]);
    const events = [{ timeMs: 500, worker: 0, kind: 'gap' as const, count: 4, reason: 'late' }];
    expectGolden('summary.md', await renderText(markdown, { ...profile, events }, { by: 'function', threads: false }));
  });

  it('tells of counts without a time as of counts', async () => {
    const { profile } = await loadProfile('main;f 3\nmain;g 5\n', 'x.folded');
    const text = await renderText(markdown, profile, { by: 'function', threads: false });
    expect(text.split('####')[0]).toBe(
      '### What was counted\n\n- **Of:** `x.folded`\n- **Imported from:** `collapsed`\n\n',
    );
  });

  it('says so where nothing was seen', async () => {
    expect(await renderText(markdown, profileFrom([]))).toContain('No Python code was seen running.');
  });
});

describe('times', () => {
  it.each([
    [0, '0.00 s'],
    [0.000_05, '0.05 ms'],
    [0.033_333, '33.3 ms'],
    [0.8, '800 ms'],
    [1, '1.00 s'],
    [9.996, '10.00 s'],
    [75, '75.0 s'],
  ])('%d s is %s', (seconds, shown) => {
    expect(describeSeconds(seconds)).toBe(shown);
  });
});

describe('code', () => {
  it.each([
    ['a', '`a`'],
    ['a|b', '`a¦b`'],
    ['`', '`` ` ``'],
    ['a``b`c', '```a``b`c```'],
    [' a ', '`  a  `'],
    ['', '`   `'],
    ['a\n# b\x1b[1m', '`a\\n# b\\x1b[1m`'],
    ['x'.repeat(400), `\`${'x'.repeat(299)}…\``],
  ])('shows %j as %s', (text, shown) => {
    expect(code(text)).toBe(shown);
  });
});
