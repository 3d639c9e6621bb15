// A page on paper.
import type { Page } from 'playwright-core';

/** How wide the chart and its root frame are while the page is printed. */
export async function widthsOnPaper(page: Page): Promise<{ readonly chart: number; readonly root: number }> {
  await page.evaluate(() => {
    const measure = () => {
      const chart = document.querySelector('.chart')!;
      const root = chart.querySelector('g.frame rect')!.getBoundingClientRect().width;
      document.title = `${chart.clientWidth} ${root}`;
    };
    window.addEventListener('beforeprint', measure, { once: true });
  });
  await page.pdf();
  const [chart, root] = (await page.title()).split(' ').map(Number);
  return { chart: chart!, root: root! };
}
