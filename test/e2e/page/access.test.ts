// For everybody: axe-core finds nothing to object to, in any view, by day and by night, and all of it can be reached by
// the keyboard. https://github.com/dequelabs/axe-core
import { describe, expect, it } from 'vitest';
import { viewNames } from '../../../src/page/state.ts';
import { violations } from '../../helpers/axe.ts';
import { describeWith } from '../../helpers/describe-with.ts';
import { reachByTab } from '../../helpers/keyboard.ts';
import { profileFrom } from '../../helpers/profile-from.ts';
import { useReportPages } from '../../helpers/report-page.ts';

const recording = profileFrom([
  '0/0|main@/srv/app.py:1;get@/usr/lib/python3/dist-packages/django/base.py:130;query@/srv/app.py:7 30',
  '0/1|main@/srv/app.py:1;get@/usr/lib/python3/dist-packages/django/base.py:130;render@/usr/lib/python3.11/html.py:5 20',
  '1/0|main@/srv/app.py:2;loop@/srv/cron.py:9 4',
]);

describeWith('chromium', 'report page for everybody', () => {
  const { openReport, write } = useReportPages();

  describe.each(['light', 'dark'] as const)('in %s colours', (colorScheme) => {
    it.each(viewNames)('nothing is wrong with the view %s', async (view) => {
      const file = await write(recording);
      const { page } = await openReport(file, { colorScheme, hash: `#view=${view}&q=query&workers=0` });
      await page.click('#truth-details summary');
      await page.click('#filter-open');
      if (view === 'flame') await page.locator('g.frame rect').nth(2).click();
      expect(await violations(page)).toEqual([]);
    });

    it('nothing is wrong with the list of keys, the downloads, and a page that says that it is empty', async () => {
      const { page } = await openReport(await write(recording), { colorScheme });
      await page.click('#downloads summary');
      expect(await violations(page)).toEqual([]);
      await page.keyboard.press('Escape');
      await page.click('#help-open');
      expect(await violations(page)).toEqual([]);
      const { page: empty } = await openReport(await write(profileFrom([])), { colorScheme });
      expect(await violations(empty)).toEqual([]);
    });
  });

  it('the keyboard reaches every control', async () => {
    const { page } = await openReport(await write(recording));
    const { controls, reached } = await reachByTab(page);
    // The scrollable table of workers is folded away, all else is a control.
    expect(reached).toBe(controls);
  });
});
