// Half a million stacks: the page holds no more elements than for a few, and counts everything that it does not draw.
import { statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { sumMatches } from '../../../src/aggregate/match.ts';
import { matchGroups, parseQuery, searchTexts } from '../../../src/page/query.ts';
import { applyFilters } from '../../../src/page/shown.ts';
import { noFilters } from '../../../src/page/state.ts';
import type { Profile } from '../../../src/profile/profile.ts';
import { describeWith } from '../../helpers/describe-with.ts';
import { manyStacks } from '../../helpers/many-stacks.ts';
import { matched, scope, useReportPages } from '../../helpers/report-page.ts';
import { treeOf } from '../../helpers/tree-of.ts';

const template = fileURLToPath(new URL('../../../templates/report.html', import.meta.url));
const bytesOverTemplate = (file: string) => statSync(file).size - statSync(template).size;

/** The site of `npm run bench:report`: functions that call others, a few of them often. */
async function siteOf(stacks: number): Promise<Profile> {
  const trees = await import(new URL('../../../bench/report/trees.js', import.meta.url).href);
  return trees.syntheticProfile(stacks);
}

describeWith('chromium', 'report page of half a million stacks', () => {
  const { openReport, write } = useReportPages();

  it('is small to look at and exact', async () => {
    const profile = manyStacks(500_000);
    const { groups, tree } = treeOf(profile);
    expect(tree.group.length).toBe(500_001);
    const file = await write(profile);
    expect(bytesOverTemplate(file)).toBeLessThan(6 * 500_000); // chance, which nothing can pack, and a sample each
    const { page, expectNoTrouble } = await openReport(file);
    const nodes = () => page.evaluate(() => document.querySelectorAll('*').length);
    expect(await nodes()).toBeLessThan(6_000);

    const texts = searchTexts(profile, groups, 'line');
    const ticks = sumMatches(tree, matchGroups(texts, parseQuery('module_12', false)), 0);
    await page.fill('#search', 'module_12');
    expect(await matched(page)).toBe(`matched ${((100 * ticks) / tree.total[0]!).toFixed(1)} % (${ticks} ticks)`);

    await page.locator('g.frame rect').nth(20).click();
    expect(await page.locator('g.frame.fade').count()).toBeGreaterThan(0);
    expect(await nodes()).toBeLessThan(6_000);

    await page.click('#filter-open');
    await page.check('label:has-text("worker 3") input');
    const { profile: left } = applyFilters(profile, { ...noFilters, workers: [2] });
    const shown = left.samples.weight.reduce((sum, weight) => sum + weight, 0);
    expect(await scope(page)).toContain(`(${shown} ticks of ${tree.total[0]})`);
    for (const view of ['bottom-up', 'sandwich', 'functions', 'timeline', 'source']) {
      await page.evaluate((name) => {
        location.hash = `#view=${name}`;
      }, view);
      await page.waitForSelector(`body[data-view=${view}]`);
      expect(await nodes(), view).toBeLessThan(6_000);
      if (view === 'bottom-up' || view === 'sandwich') {
        expect(await page.textContent(`.${view === 'sandwich' ? view : 'flame'} > .note`)).toMatch(
          /^There are [\d,]+ calls in this graph: callers of what weighs less than 0.025 % of it are left out/,
        );
      }
    }
    await expectNoTrouble();
  });

  it('takes at most 1.5 bytes for each stack of a site, with its names and samples', async () => {
    const profile = await siteOf(500_000);
    expect(profile.stacks.parent).toHaveLength(500_000);
    expect(bytesOverTemplate(await write(profile))).toBeLessThan(1.5 * 500_000);
  });
});
