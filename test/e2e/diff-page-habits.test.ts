// What readers are used to, on the page of a comparison: links that bring back what was seen, downloads, paper.
import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { diffProfiles } from '../../src/aggregate/diff.ts';
import { collapsedLines } from '../../src/formats/diff-collapsed.ts';
import { renderDiffMarkdown } from '../../src/formats/diff-markdown.ts';
import { useChromium } from '../helpers/chromium.ts';
import { describeWith } from '../helpers/describe-with.ts';
import { byFunction, chooseWidth, openTable, readChanges, useDiffFiles } from '../helpers/diff-page.ts';
import { download, parseSvg, sizeOfPng } from '../helpers/download.ts';
import { widthsOnPaper } from '../helpers/paper.ts';
import { profileFrom } from '../helpers/profile-from.ts';
import { clickFrame, matched, readFrames } from '../helpers/report-page.ts';

/**
 *   before: | a 12          | f 4 |    after: | a 6 | f 8     | g<"&  2 |
 *           | b 8     | e 4 |                 | b 6 |
 */
const before = profileFrom(['a;b;c 6', 'a;b;d 2', 'a;e 4', 'f 4']);
const after = profileFrom(['a;b;c 5', 'a;b;d 1', 'f 8', 'g<"& 2']);
const at = (name: string) => `${name} (/app/main.py)`;

const hashOf = (page: Page) => page.evaluate(() => location.hash);

describeWith('chromium', 'page of a comparison: habits', () => {
  const browser = useChromium();
  const write = useDiffFiles();
  const open = async (file: string, options: Parameters<typeof browser.open>[1] = {}) => {
    const opened = await browser.open(file, options);
    await opened.page.waitForSelector('body[data-ready]');
    return opened;
  };
  const openIt = async () => open(await write(before, after));

  it('a link brings back view, grouping, width, zoom and search', async () => {
    const file = await write(before, after);
    const { page } = await open(file);
    await page.selectOption('#by', 'line');
    await page.selectOption('#per', 'second');
    await page.click('#flip');
    await chooseWidth(page, 'Before');
    await page.fill('#search', 'c');
    await clickFrame(page, 'b');
    const [seen, link] = [await readFrames(page), await hashOf(page)];
    expect(link).toMatch(/^#by=line&per=second&width=before&root=bottom&zoom=\d+&q=c$/);

    const { page: again, expectNoTrouble } = await open(file, { hash: link });
    expect(await readFrames(again)).toEqual(seen);
    expect(await matched(again)).toBe(await matched(page));
    expect(await again.textContent('.frame-bar b')).toBe(await page.textContent('.frame-bar b'));
    for (const [list, value] of [
      ['#by', 'line'],
      ['#per', 'second'],
    ] as const) {
      expect(await again.inputValue(list)).toBe(value);
    }
    await expectNoTrouble();
  });

  it('a link brings back the table, and what was chosen from it', async () => {
    const file = await write(before, after);
    const { page } = await open(file);
    await openTable(page);
    await page.fill('#search', 'e');
    await expect.poll(() => hashOf(page)).toBe('#view=table&q=e');
    const { page: table } = await open(file, { hash: await hashOf(page) });
    expect(await readChanges(table)).toEqual(await readChanges(page));

    await page.click(`table.changes button:text-is("${at('e')}")`);
    const { page: graph } = await open(file, { hash: await hashOf(page) });
    expect(await readFrames(graph)).toEqual(await readFrames(page));
  });

  it('Escape zooms out by one frame, 0 to the root', async () => {
    const { page } = await openIt();
    const faded = async () => (await readFrames(page)).filter(({ fade }) => fade).length;
    await clickFrame(page, at('b'));
    expect(await faded()).toBe(2);
    await page.keyboard.press('Escape');
    expect(await faded()).toBe(1);
    await clickFrame(page, at('b'));
    await page.keyboard.press('0');
    expect(await faded()).toBe(0);
  });

  it('the way back leads through what was seen', async () => {
    const { page, expectNoTrouble } = await openIt();
    const whole = await readFrames(page);
    await clickFrame(page, at('b'));
    const zoomed = await readFrames(page);
    await openTable(page);
    await page.goBack();
    await expect.poll(() => page.locator('.chart').count()).toBe(1);
    expect(await readFrames(page)).toEqual(zoomed);
    await page.goBack();
    await expect.poll(() => readFrames(page)).toEqual(whole);
    await expectNoTrouble();
  });

  it.each([
    '#view=nothing&by=?&per=x&width=9&zoom=99999&chosen=77777&marked=1',
    '#zoom=1e99',
    '#%E0%A4%A',
    '#q=(&regex=1',
  ])('a link that makes no sense does no harm: %s', async (link) => {
    const file = await write(before, after);
    const { page: plain } = await open(file);
    const { page, expectNoTrouble } = await open(file, { hash: link });
    expect((await readFrames(page)).map(({ name, share }) => [name, share])).toEqual(
      (await readFrames(plain)).map(({ name, share }) => [name, share]),
    );
    expect(await page.getAttribute('#marked', 'aria-pressed')).toBe('false'); // nothing is judged here
    await expectNoTrouble();
  });

  it('gives what is compared as collapsed stacks in two columns, and as Markdown', async () => {
    const { page } = await openIt();
    const folded = await download(page, 'Collapsed stacks');
    expect(folded.name).toBe('tbprof-diff-monday-tuesday.folded');
    expect(folded.bytes.toString()).toBe(collapsedLines(diffProfiles(before, after, byFunction)).join(''));
    await page.selectOption('#by', 'file');
    const diff = diffProfiles(before, after, { ...byFunction, by: 'file' });
    const { name, bytes } = await download(page, 'Markdown');
    expect(name).toBe('tbprof-diff-monday-tuesday.md');
    expect(bytes.toString()).toBe(renderDiffMarkdown({ diff, before: 'monday.html', after: 'tuesday.html' }));
  });

  it('gives the graph as a picture, as wide as it is shown', async () => {
    const { page, expectNoTrouble } = await openIt();
    const width = await page.locator('.chart').evaluate((chart) => chart.clientWidth);
    const svg = (await download(page, 'SVG')).bytes.toString();
    expect(svg).toContain('>tbprof: monday.html and tuesday.html compared. Frames are as wide as after;');
    const { errors, titles, widths } = await parseSvg(page, svg);
    expect([errors, widths[0]]).toEqual([0, width]);
    expect(titles).toContain(`${at('a')}: 75.0% → 37.5% (-37.5)`);
    expect(titles).toContain(`${at('g<"&')}: 0.0% → 12.5% (+12.5)`);
    expect(titles).not.toContainEqual(expect.stringContaining(at('e')));
    await chooseWidth(page, 'Both');
    const { titles: all } = await parseSvg(page, (await download(page, 'SVG')).bytes.toString());
    expect(all).toContain(`${at('e')}: 25.0% → 0.0% (-25.0)`);
    expect(sizeOfPng((await download(page, 'PNG')).bytes)).toEqual({ kind: 'PNG', width, height: 4 * 18 });
    await openTable(page);
    await page.click('#downloads summary');
    expect(await page.isDisabled('#download-list >> text=SVG')).toBe(true);
    expect(await page.textContent('#download-list button:last-child')).toBe('PNG of what is shown');
    await expectNoTrouble();
  });

  it('prints what is seen, laid out for the paper, without its controls', async () => {
    const { page } = await openIt();
    const wide = await page.locator('.chart').evaluate((chart) => chart.clientWidth);
    const { chart, root } = await widthsOnPaper(page);
    expect(chart).toBeLessThanOrEqual(1_046);
    expect(chart).toBeGreaterThan(950);
    expect(root).toBeCloseTo(chart, -1);
    await page.waitForFunction((px) => document.querySelector('.chart')!.clientWidth === px, wide);
    await page.emulateMedia({ media: 'print' });
    for (const [part, isSeen] of Object.entries({
      '#toolbar': false,
      '#verdict': true,
      '#sides': true,
      '.scale': true,
    })) {
      expect(await page.isVisible(part), part).toBe(isSeen);
    }
  });
});
