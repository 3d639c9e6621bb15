// Colours that can be read, by day and by night.
import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { describeWith } from '../../helpers/describe-with.ts';
import { profileFrom } from '../../helpers/profile-from.ts';
import { clickFrame, useReportPages } from '../../helpers/report-page.ts';

/** Relative luminance of the paper and contrasts by https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio. */
function readColours(page: Page) {
  return page.evaluate(() => {
    type Rgb = readonly number[];
    const parse = (colour: string): Rgb => (colour.match(/[\d.]+/g) ?? []).slice(0, 3).map(Number);
    const blend = (over: Rgb, under: Rgb, opacity: number): Rgb =>
      over.map((part, at) => part * opacity + under[at]! * (1 - opacity));
    const luminance = (colour: Rgb) => {
      const [r, g, b] = colour.map((part) => (part <= 10.31 ? part / 3_294.6 : ((part / 255 + 0.055) / 1.055) ** 2.4));
      return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
    };
    const contrast = (a: Rgb, b: Rgb) => {
      const [dark, light] = [luminance(a), luminance(b)].sort((x, y) => x - y) as [number, number];
      return (light + 0.05) / (dark + 0.05);
    };
    const paper = parse(getComputedStyle(document.body).backgroundColor);
    const frames = [...document.querySelectorAll('g.frame')].map((group) => {
      const rect = getComputedStyle(group.querySelector('rect')!);
      const around = Number(getComputedStyle(group).opacity);
      const under = blend(parse(rect.fill), paper, Number(rect.opacity) * Number(rect.fillOpacity) * around);
      const ink = blend(parse(getComputedStyle(group.querySelector('.d3-flame-graph-label')!).color), under, around);
      return { name: group.getAttribute('name'), fill: rect.fill, contrast: contrast(ink, under) };
    });
    const texts = ['h1', '#verdict .soft', 'summary', '#matched', '#views button', '.frame-bar .soft'].flatMap(
      (which) =>
        [...document.querySelectorAll(which)].map((text) => ({
          which,
          contrast: contrast(parse(getComputedStyle(text).color), paper),
        })),
    );
    return { paper: luminance(paper), frames, texts };
  });
}

describeWith('chromium', 'report page: colours', () => {
  const { openProfile } = useReportPages();

  describe.each(['light', 'dark'] as const)('in %s colours', (colorScheme) => {
    it('has a readable label on every frame', async () => {
      const lines = Array.from({ length: 19 * 6 }, (_, i) => `main;in_module_${i}@/srv/m${i}.py:1 1`);
      const { page } = await openProfile(profileFrom([...lines, 'main;zoom;found 20']), { colorScheme });
      const plain = await readColours(page);
      expect(plain.paper > 0.5 ? 'light' : 'dark').toBe(colorScheme);
      expect(new Set(plain.frames.map(({ fill }) => fill)).size).toBeGreaterThan(40);
      expect(plain.frames.filter(({ contrast }) => contrast < 4.5)).toEqual([]);

      await clickFrame(page, 'zoom');
      await page.fill('#search', 'found');
      const zoomed = await readColours(page);
      expect(zoomed.frames).toHaveLength(4);
      expect(zoomed.frames.filter(({ contrast }) => contrast < 4.5)).toEqual([]);
      expect(zoomed.texts.length).toBeGreaterThan(8);
      expect(zoomed.texts.filter(({ contrast }) => contrast < 4.5)).toEqual([]);
    });
  });
});
