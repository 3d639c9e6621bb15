// A page on paper.
import type { Page } from 'playwright-core';

/** What a function that runs in the page finds there while it is printed; it may give whatever travels as JSON. */
export async function readOnPaper<Found>(page: Page, read: () => Found): Promise<Found> {
  await page.evaluate(
    `window.addEventListener('beforeprint', () => { window.foundOnPaper = (${read})(); }, { once: true })`,
  );
  await page.pdf();
  return page.evaluate('window.foundOnPaper') as Promise<Found>;
}

/** How wide the chart and its root frame are while the page is printed. */
export function widthsOnPaper(page: Page): Promise<{ readonly chart: number; readonly root: number }> {
  return readOnPaper(page, () => {
    const chart = document.querySelector('.chart')!;
    return { chart: chart.clientWidth, root: chart.querySelector('g.frame rect')!.getBoundingClientRect().width };
  });
}
