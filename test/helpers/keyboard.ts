// How much of a page can be used without a mouse.
import type { Page } from 'playwright-core';

/** How many controls can be seen, and how many of them the Tab key comes to. */
export async function reachByTab(page: Page): Promise<{ readonly controls: number; readonly reached: number }> {
  const controls = await page
    .locator('button:visible:enabled, select:visible, input:visible, summary:visible, .chart')
    .count();
  const reached = new Set<string>();
  for (let press = 0; press < controls + 3; press++) {
    await page.keyboard.press('Tab');
    reached.add(
      await page.evaluate(() => {
        const { tagName, id, textContent } = document.activeElement!;
        return tagName === 'BODY' ? '' : `${tagName} ${id} ${textContent.slice(0, 40)}`;
      }),
    );
  }
  reached.delete('');
  return { controls, reached: reached.size };
}
