// SVG flame graphs in a browser: opened by themselves, and as a picture in somebody else's page.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { svg } from '../../src/formats/svg.ts';
import { matchColours } from '../../src/profile/palette.ts';
import { useChromium } from '../helpers/chromium.ts';
import { describeWith } from '../helpers/describe-with.ts';
import { profileFrom } from '../helpers/profile-from.ts';
import { renderBytes } from '../helpers/rendered.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

describeWith('chromium', 'an SVG flame graph', () => {
  const browser = useChromium();
  const folder = temporaryFolder();

  const profile = profileFrom([
    'main;handle;query 50',
    'main;handle;render 20',
    'main;</script>&<b>;render 20',
    'main;]]><script>alert(1)</script> 9',
    'main;handle;tiny;deep 1',
  ]);
  const byFunction = { by: 'function', threads: false } as const;

  const write = async (name: string) => {
    const file = join(folder, name);
    writeFileSync(file, await renderBytes(svg, profile, byFunction));
    return file;
  };

  /** What is drawn: label, from and width in pixels, and the text that is there to be read. */
  const shown = (page: Page) =>
    page.$$eval('#frames > g:not([display=none])', (groups) =>
      groups.map((group) => {
        const [title, rect, text] = Array.from(group.children);
        return {
          label: title!.textContent!.split('\n')[0]!.replace(' (/app/main.py)', ''),
          x: Math.round(Number(rect!.getAttribute('x'))),
          width: Math.round(Number(rect!.getAttribute('width'))),
          fill: rect!.getAttribute('fill'),
          text: text?.textContent ?? '',
        };
      }),
    );
  const frame = (page: Page, label: string) => page.locator('#frames > g', { hasText: label }).first().locator('rect');

  it('opens by itself, with every frame in its place, and hostile names as text', async () => {
    const { page, expectNoTrouble } = await browser.open(await write('a.svg'));
    const frames = await shown(page);
    expect(frames.map(({ label, x, width }) => [label, x, width])).toEqual([
      ['all workers', 0, 1180],
      ['main', 0, 1180],
      ['handle', 0, 838],
      ['query', 0, 590],
      ['render', 590, 236],
      ['tiny', 826, 12],
      ['deep', 826, 12],
      ['</script>&<b>', 838, 236],
      ['render', 838, 236],
      [']]><script>alert(1)</script>', 1074, 106],
    ]);
    expect(frames[2]!.text).toBe('handle (/app/main.py)');
    expect(frames[5]!.text).toBe('');
    expect(await page.locator('#frames title').first().textContent()).toBe('all workers\n100 ticks (10.0 s), 100.00%');
    await expectNoTrouble();
  });

  it('zooms with a click, writes what now fits, and goes back', async () => {
    const { page, expectNoTrouble } = await browser.open(await write('b.svg'));
    const before = await shown(page);
    await frame(page, 'tiny').click();
    const zoomed = await shown(page);
    expect(zoomed.map(({ label, x, width }) => [label, x, width])).toEqual(
      ['all workers', 'main', 'handle', 'tiny', 'deep'].map((label) => [label, 0, 1180]),
    );
    expect(zoomed.at(-1)!.text).toBe('deep (/app/main.py)');
    await page.keyboard.press('Escape');
    expect(await shown(page)).toEqual(before);
    await expectNoTrouble();
  });

  it('searches: colours what it finds, and says how much that is, each part once', async () => {
    const { page } = await browser.open(await write('c.svg'));
    page.removeAllListeners('dialog');
    page.once('dialog', (dialog) => dialog.accept('RENDER'));
    await page.keyboard.press('/');
    await expect.poll(() => page.textContent('#matched')).toBe('matched: 40.0%');
    const found = (await shown(page)).filter(({ fill }) => fill === matchColours.light.fill);
    expect(found.map(({ label }) => label)).toEqual(['render', 'render']);
    page.once('dialog', (dialog) => dialog.accept('main'));
    await page.click('#search');
    await expect.poll(() => page.textContent('#matched')).toBe('matched: 100.0%');
    await page.click('#reset');
    expect(await page.textContent('#matched')).toBe('');
  });

  it('can be read as a picture in a page, where no script runs', async () => {
    await write('d.svg');
    const page = join(folder, 'wiki.html');
    writeFileSync(page, '<!doctype html><meta charset="utf-8"><img id="graph" src="d.svg">');
    const opened = await browser.open(page, { mayRequest: (url) => url.endsWith('/d.svg') });
    const size = await opened.page.$eval('#graph', (image) => {
      const { naturalWidth, naturalHeight } = image as HTMLImageElement;
      return [naturalWidth, naturalHeight];
    });
    expect(size).toEqual([1200, 58 + 5 * 18 + 28]);
    await opened.expectNoTrouble();
  });
});
