// The table of functions.
import { describe, expect, it } from 'vitest';
import { describeWith } from '../../helpers/describe-with.ts';
import { profileFrom } from '../../helpers/profile-from.ts';
import { chooseView, readFrames, readTable, useReportPages } from '../../helpers/report-page.ts';

describeWith('chromium', 'report page: functions', () => {
  const { openProfile } = useReportPages();

  describe('table of functions', () => {
    it('lists the hottest first, of all lines of a function together', async () => {
      const { page } = await openProfile(profileFrom(['a@/x.py:1;b@/x.py:2 5', 'a@/x.py:3 4', 'c@/y.py:1 1']));
      await chooseView(page, 'Functions');
      expect(await readTable(page)).toEqual([
        ['50.0 %500 ms', '50.0 %500 ms', '5', 'b (/x.py)', '/x.py'],
        ['40.0 %400 ms', '90.0 %900 ms', '9', 'a (/x.py)', '/x.py'], // of two lines
        ['10.0 %100 ms', '10.0 %100 ms', '1', 'c (/y.py)', '/y.py'],
      ]);
    });

    it('is sorted by the column that is clicked, and the other way round at the second click', async () => {
      const { page } = await openProfile(profileFrom(['a@/x.py:1;b@/z.py:2 5', 'a@/x.py:3 4', 'c@/y.py:1 1']));
      await chooseView(page, 'Functions');
      const names = async () => (await readTable(page)).map((cells) => cells[3]!.split(' ')[0]);
      const sortBy = (column: string) => page.click(`table.functions th[data-column=${column}] button`);
      expect(await names()).toEqual(['b', 'a', 'c']);
      await sortBy('total');
      expect(await names()).toEqual(['a', 'b', 'c']);
      expect(await page.getAttribute('th[data-column=total]', 'aria-sort')).toBe('descending');
      await sortBy('total');
      expect(await names()).toEqual(['c', 'b', 'a']);
      await sortBy('function');
      expect(await names()).toEqual(['a', 'b', 'c']);
      await sortBy('file');
      expect(await names()).toEqual(['a', 'c', 'b']);
    });

    it('is filtered by the search, and a click leads into the graph', async () => {
      const { page, expectNoTrouble } = await openProfile(profileFrom(['main;handle;query 5', 'main;render 4']));
      await chooseView(page, 'Functions');
      await page.fill('#search', 'que');
      expect((await readTable(page)).map((cells) => cells[3])).toEqual(['query (/app/main.py)']);
      expect(await page.textContent('.table-view .note')).toBe('1 function of 4');
      await page.click('table.functions tbody button');
      const callers = await readFrames(page, { chart: 0 });
      expect(callers.map(({ label }) => label.split(' ')[0])).toEqual(['main', 'handle', 'query']);
      await expectNoTrouble();
    });

    it('comes in pages', async () => {
      const lines = Array.from({ length: 250 }, (_, i) => `f${String(i).padStart(3, '0')} ${1_000 - i}`);
      const { page } = await openProfile(profileFrom(lines));
      await chooseView(page, 'Functions');
      const first = async () => (await readTable(page))[0]![3]!.slice(0, 4);
      expect(await first()).toBe('f000');
      await page.click('text=Next page');
      expect(await first()).toBe('f100');
      await page.click('text=Next page');
      expect(await readTable(page)).toHaveLength(50);
      expect(await page.isDisabled('text=Next page')).toBe(true);
    });
  });
});
