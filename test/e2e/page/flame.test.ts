// The flame graph under the mouse.
import { describe, expect, it } from 'vitest';
import { markSubtree, ShareIntervals } from '../../../src/aggregate/interval.ts';
import { describeWith } from '../../helpers/describe-with.ts';
import { profileFrom } from '../../helpers/profile-from.ts';
import {
  brief,
  clickFrame,
  flameWidths,
  near,
  readFrames,
  tooltipOf,
  useReportPages,
} from '../../helpers/report-page.ts';
import { treeOf } from '../../helpers/tree-of.ts';

describeWith('chromium', 'report page: flame graph', () => {
  const { write, openReport, openProfile } = useReportPages();

  /**
   *   | a 12             | f 4 |
   *   | b 8       | e 4  |
   *   | c 6 | d 2 |
   */
  const small = profileFrom(['a;b;c 6', 'a;b;d 2', 'a;e 4', 'f 4']);

  describe('flame graph', () => {
    it('draws each frame as wide as its share', async () => {
      const { page } = await openProfile(small);
      expect((await readFrames(page)).map(brief)).toEqual([
        ['all workers', 0, near(0), near(1), false],
        ['a', 1, near(0), near(12 / 16), false],
        ['f', 1, near(12 / 16), near(4 / 16), false],
        ['b', 2, near(0), near(8 / 16), false],
        ['e', 2, near(8 / 16), near(4 / 16), false],
        ['c', 3, near(0), near(6 / 16), false],
        ['d', 3, near(6 / 16), near(2 / 16), false],
      ]);
    });

    it('zooms into the frame that is clicked, and back', async () => {
      const { page, expectNoTrouble } = await openProfile(small);
      const whole = await readFrames(page);
      const zoomed = [
        ['all workers', 0, near(0), near(1), true],
        ['a', 1, near(0), near(1), true],
        ['b', 2, near(0), near(1), false],
        ['c', 3, near(0), near(6 / 8), false],
        ['d', 3, near(6 / 8), near(2 / 8), false],
      ];
      expect(await page.locator('#reset').count()).toBe(0);
      // Exactly this: d3-flame-graph's own zoom, run as well, would take the frame that stands in b's place now.
      await clickFrame(page, 'b');
      expect((await readFrames(page)).map(brief)).toEqual(zoomed);
      await page.click('#reset');
      expect(await readFrames(page)).toEqual(whole);
      expect(await page.locator('#reset').count()).toBe(0);

      await clickFrame(page, 'b');
      expect((await readFrames(page)).map(brief)).toEqual(zoomed);
      await page.keyboard.press('0');
      expect(await readFrames(page)).toEqual(whole);

      await clickFrame(page, 'b');
      await clickFrame(page, 'c');
      expect((await readFrames(page)).map(brief)).toEqual([
        ['all workers', 0, near(0), near(1), true],
        ['a', 1, near(0), near(1), true],
        ['b', 2, near(0), near(1), true],
        ['c', 3, near(0), near(1), false],
      ]);
      await clickFrame(page, 'b'); // an ancestor
      expect((await readFrames(page)).map(brief)).toEqual(zoomed);
      await clickFrame(page, 'all workers');
      expect(await readFrames(page)).toEqual(whole);
      await expectNoTrouble();
    });

    it('shows after a zoom what was too narrow before', async () => {
      const lines = Array.from({ length: 100 }, (_, i) => `rare;leaf${i} 1`);
      const { page } = await openProfile(profileFrom(['hot 9900', ...lines]));
      const names = async () => (await readFrames(page)).map(({ name }) => name);
      expect((await names()).slice(0, 2)).toEqual(['all workers', 'hot (/app/main.py:1)']);
      expect(await names()).toHaveLength(3);
      await page.locator('g.frame rect').nth(2).click();
      expect(await names()).toHaveLength(2 + 100);
    });

    it('is drawn anew, and stays zoomed, when the window changes its size', async () => {
      const { page } = await openProfile(small, { viewport: { width: 1_300, height: 900 } });
      const { available: wide } = await flameWidths(page);
      await clickFrame(page, 'b');
      const before = await readFrames(page);
      for (const width of [700, 1_500]) {
        await page.setViewportSize({ width, height: 900 });
        const margins = width < 800 ? 24 : 48; // of the page: less on a small window
        const resized = { drawn: wide + width - 1_300 + 48 - margins, available: wide + width - 1_300 + 48 - margins };
        await expect.poll(() => flameWidths(page)).toEqual(resized);
        expect(await readFrames(page)).toEqual(
          before.map((frame) => ({ ...frame, left: near(frame.left), share: near(frame.share) })),
        );
        const overhang = await page.evaluate(() => {
          const { scrollWidth, clientWidth } = document.documentElement;
          return scrollWidth - clientWidth;
        });
        expect(overhang).toBeLessThanOrEqual(0);
      }
    });

    it('turns upside down and back', async () => {
      const { page } = await openProfile(small);
      const top = await readFrames(page);
      await page.click('#flip');
      const turned = await readFrames(page);
      const deepest = Math.max(...turned.map(({ row }) => row));
      const byLabel = new Map(turned.map((frame) => [frame.label, frame]));
      for (const frame of top) {
        expect(byLabel.get(frame.label)).toEqual({ ...frame, row: deepest - frame.row });
      }
      expect(turned).toHaveLength(top.length);
      await page.click('#flip');
      expect(await readFrames(page)).toEqual(top);
    });
  });

  describe('tooltip', () => {
    it('shows the weight of everything on the root frame', async () => {
      const profile = profileFrom(['a;b 7', 'a 4', '1/2|c 2'], { rateHz: 4 });
      const { tree } = treeOf(profile);
      expect(tree.total[0]).toBe(13); // else the next line compares nothing with nothing
      const { page } = await openProfile(profile);
      expect(await tooltipOf(page, 'all workers')).toEqual([
        'all workers',
        `total 3.25 s · ${tree.total[0]} ticks · 100.0 %`,
        `self 0 ms · 0 ticks · 0.0 %`,
      ]);
    });

    it('shows function, place, source text, and self and total in time, ticks and percent', async () => {
      const profile = profileFrom(['main;work@/srv/app/job.py:42 1', 'main;work@/srv/app/job.py:42;inner 29', 'x 10']);
      const { groups, tree } = treeOf(profile);
      const node = tree.group.findIndex((group) => groups.labels[group]?.startsWith('work') === true);
      const { low, high } = new ShareIntervals(profile).of(markSubtree(tree, node))!;
      const percent = (share: number) => (100 * share).toFixed(1);
      const { page } = await openProfile(profile);
      expect(await tooltipOf(page, 'work (/srv/app/job.py:42)')).toEqual([
        'work',
        '/srv/app/job.py:42',
        'source of work',
        'total 3.00 s · 30 ticks · 75.0 %',
        ` ${percent(low)} to ${percent(high)} % with 95 % confidence`,
        'self 100 ms · 1 tick · 2.5 %',
      ]);
      await page.mouse.move(5, 5);
      expect(await page.isVisible('#tooltip')).toBe(false);
    });

    it('says no more than holds for all that a frame stands for', async () => {
      const profile = profileFrom(['f@/srv/app/job.py:1 3', 'g@/srv/app/job.py:2 1']);
      const ofFile = await openReport(await write(profile, { by: 'file', threads: false }));
      expect((await tooltipOf(ofFile.page, '/srv/app/job.py')).slice(0, 2)).toEqual([
        '/srv/app/job.py',
        'total 400 ms · 4 ticks · 100.0 %',
      ]);
      const ofFunction = await openReport(await write(profile, { by: 'function', threads: false }));
      expect((await tooltipOf(ofFunction.page, 'f (/srv/app/job.py)')).slice(0, 3)).toEqual([
        'f',
        '/srv/app/job.py',
        'total 300 ms · 3 ticks · 75.0 %',
      ]);
    });

    it('stands every stack on its worker and thread where that was asked for', async () => {
      const profile = profileFrom(['0/1|a 3', '1/0|a 1']);
      const { page } = await openReport(await write(profile, { by: 'function', threads: true }));
      expect((await readFrames(page)).map(({ label, share }) => [label, share])).toEqual([
        ['all workers', near(1)],
        ['worker 1', near(0.75)],
        ['worker 2', near(0.25)],
        ['uWSGIWorker1Core1', near(0.75)],
        ['uWSGIWorker2Core0', near(0.25)],
        ['a (/app/main.py)', near(0.75)],
        ['a (/app/main.py)', near(0.25)],
      ]);
    });

    it('stays inside the window', async () => {
      const wide = `${'long_'.repeat(80)}name`;
      const { page } = await openProfile(profileFrom(['a 10', `${wide} 1`]), {
        viewport: { width: 600, height: 600 },
      });
      await page.locator('g.frame rect').last().hover();
      const box = await page.locator('#tooltip').boundingBox();
      expect(box!.x).toBeGreaterThanOrEqual(0);
      expect(box!.y).toBeGreaterThanOrEqual(0);
      expect(box!.x + box!.width).toBeLessThanOrEqual(600);
      expect(box!.y + box!.height).toBeLessThanOrEqual(600);
    });
  });

  it('frames of the same name beside each other keep what differs', async () => {
    const calls = ['/srv/shop/views.py:7', '/srv/shop/admin.py:7', '/srv/blog/views.py:31'].map(
      (place) => `main;__call__@${place} 3`,
    );
    const { page } = await openProfile(profileFrom([...calls, 'main;handle@/srv/shop/views.py:2 2', 'main;rest 19']));
    const names = (await readFrames(page)).filter(({ row }) => row === 2).map(({ name }) => name);
    const called = names.filter((name) => /^_\S+ [^(]/.test(name)).map((name) => name.split(' ')[1]);
    expect(called.toSorted()).toEqual(['admin.py:7', 'views.py:31', 'views.py:7']);
    expect(names).toContain('handle');
  });
});
