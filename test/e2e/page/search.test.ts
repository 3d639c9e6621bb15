// The search: what it finds, counts and colours.
import { describe, expect, it } from 'vitest';
import { matchLabels, sumMatches } from '../../../src/aggregate/match.ts';
import { groupFrames } from '../../../src/profile/labels.ts';
import { matchColours } from '../../../src/profile/palette.ts';
import { describeWith } from '../../helpers/describe-with.ts';
import { profileFrom } from '../../helpers/profile-from.ts';
import { clickFrame, matched, readFrames, useReportPages } from '../../helpers/report-page.ts';
import { treeOf } from '../../helpers/tree-of.ts';

describeWith('chromium', 'report page: search', () => {
  const { openProfile } = useReportPages();

  describe('search', () => {
    const profile = profileFrom([
      'a;foo;foo;foo 3', // counted once
      'a;foo;b 2',
      'a;b;foo( 5',
      'a;[x] 7',
      'a;back\\slash 11',
      'a;$& 13',
      'a;FOO 17',
      'plain@/lib/other.py:9 42',
    ]);
    const { labels } = groupFrames(profile, 'line');
    const { tree } = treeOf(profile);

    it.each([
      ['foo', 27], // whatever the case: 3 + 2 + 5 + 17
      ['foo(', 5],
      ['[', 7],
      ['\\', 11],
      ['$&', 13],
      ['other.py', 42],
      ['main.py', 58],
      ['.*', 0],
      ['nothing like it', 0],
      [' ', 100],
    ])('for %j finds %i of 100 ticks', async (text, ticks) => {
      expect(sumMatches(tree, matchLabels(labels, text), 0)).toBe(ticks);
      const { page, expectNoTrouble } = await openProfile(profile);
      await page.fill('#search', text);
      expect(await matched(page)).toBe(`matched ${ticks}.0 % (${ticks} ticks)`);
      await expectNoTrouble();
    });

    it('colours the frames that it finds, and no other', async () => {
      const { page } = await openProfile(profile);
      const before = await readFrames(page);
      expect(before.some(({ fill }) => fill === matchColours.light.fill)).toBe(false);
      await page.fill('#search', 'foo');
      const found = (await readFrames(page)).map(({ label, fill }) => [label, fill === matchColours.light.fill]);
      expect(found).toEqual(before.map(({ label }) => [label, label.toLowerCase().includes('foo')]));
      expect(found.filter(([, isMatch]) => isMatch)).toHaveLength(5);
      await page.fill('#search', '');
      expect(await readFrames(page)).toEqual(before);
      expect(await matched(page)).toBe('');
    });

    it('says what share of the zoomed frame it finds', async () => {
      const { page } = await openProfile(profile);
      await page.fill('#search', 'foo(');
      await clickFrame(page, 'b'); // the wider one: a;b
      expect(await matched(page)).toBe('matched 5.0 % (5 ticks), 100.0 % of the zoomed');
      await page.fill('#search', 'plain');
      expect(await matched(page)).toBe('matched 42.0 % (42 ticks), 0.0 % of the zoomed');
    });

    it('has keys: / goes to it, Escape empties it', async () => {
      const { page } = await openProfile(profile);
      const focused = () => page.evaluate(() => document.activeElement?.id);
      expect(await focused()).not.toBe('search');
      await page.keyboard.press('/');
      expect(await focused()).toBe('search');
      expect(await page.inputValue('#search')).toBe('');
      await page.keyboard.type('lib/oth'); // in it, / is a letter as any other
      expect(await matched(page)).toBe('matched 42.0 % (42 ticks)');
      await page.keyboard.press('Escape');
      expect(await page.inputValue('#search')).toBe('');
      expect(await matched(page)).toBe('');
    });

    it('counts frames that are too narrow to be drawn', async () => {
      const narrow = Array.from({ length: 5_000 }, (_, i) => `main;narrow_${String(i).padStart(4, '0')} 1`);
      const wide = profileFrom(['main;hot 5000', ...narrow]);
      const { page, expectNoTrouble } = await openProfile(wide);
      expect((await readFrames(page)).map(({ label }) => label)).toEqual(['all workers', 'main', 'hot']);
      await page.fill('#search', 'narrow_0');
      expect(await matched(page)).toBe('matched 10.0 % (1000 ticks)');
      expect((await readFrames(page)).some(({ fill }) => fill === matchColours.light.fill)).toBe(false);
      await expectNoTrouble();
    });
  });
});
