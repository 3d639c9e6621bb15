// The page of a comparison in a browser: opens it from a file and reads what is on it.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { type DiffOptions, diffProfiles } from '../../src/aggregate/diff.ts';
import { diffHtml } from '../../src/formats/diff-html.ts';
import { readTemplate } from '../../src/output/files.ts';
import type { Profile } from '../../src/profile/profile.ts';
import { type OpenPage, useChromium } from './chromium.ts';
import type { ReadablePage } from './readable-page.ts';
import { temporaryFolder } from './temporary-folder.ts';

export const byFunction: DiffOptions = { by: 'function', per: 'share', stacks: false };

interface Compared {
  readonly options?: Partial<DiffOptions>;
  readonly names?: { readonly before: string; readonly after: string };
}

interface Asked extends Compared {
  readonly open?: Parameters<ReturnType<typeof useChromium>['open']>[1];
}

/** Files of the page of a comparison. */
export function useDiffFiles() {
  const folder = temporaryFolder();
  let pages = 0;
  return async (before: Profile, after: Profile, { options = {}, names }: Compared = {}): Promise<string> => {
    const diff = diffProfiles(before, after, { ...byFunction, ...options });
    const named = { diff, before: 'monday.html', after: 'tuesday.html', ...names };
    let text = '';
    for await (const piece of diffHtml.render(named, { template: readTemplate })) text += piece;
    pages += 1;
    const file = join(folder, `${pages}.html`);
    writeFileSync(file, text);
    return file;
  };
}

export function useDiffPages() {
  const browser = useChromium();
  const write = useDiffFiles();
  return async (before: Profile, after: Profile, asked: Asked = {}): Promise<OpenPage> => {
    const opened = await browser.open(await write(before, after, asked), asked.open);
    await opened.page.waitForSelector('body[data-ready]');
    return opened;
  };
}

export function chooseWidth(page: Page, name: 'After' | 'Before' | 'Both'): Promise<void> {
  return page.click(`#widths button:text-is("${name}")`);
}

export async function openTable(page: Page): Promise<void> {
  await page.click('#views button:text-is("Table of changes")');
}

/** The cells of the table, without what only ears hear. */
export function readChanges(page: ReadablePage): Promise<string[][]> {
  return page.$$eval('table.changes tbody tr', (rows) =>
    rows.map((row) =>
      [...row.children].map((cell) => {
        const copy = cell.cloneNode(true) as Element;
        for (const unseen of copy.querySelectorAll('.unseen')) unseen.remove();
        return copy.textContent;
      }),
    ),
  );
}
