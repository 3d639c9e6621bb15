// A real browser for tests: Chromium without a display. Whatever a page logs, throws or asks for is written down.
import { pathToFileURL } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, expect, onTestFinished } from 'vitest';

interface OpenOptions {
  readonly colorScheme?: 'light' | 'dark';
  readonly viewport?: { readonly width: number; readonly height: number };
  /** Part of the address, after the `#`. */
  readonly hash?: string;
  /** Requests that are no trouble besides the one for the file itself; none. */
  readonly mayRequest?: (url: string) => boolean;
}

export interface OpenPage {
  readonly page: Page;
  /** Console errors and warnings, uncaught errors, dialogs, and requests for anything but the file, so far. */
  trouble(): Promise<readonly string[]>;
  /** Fails where there was any {@link trouble}. */
  expectNoTrouble(): Promise<void>;
}

export interface TestBrowser {
  open(file: string, options?: OpenOptions): Promise<OpenPage>;
}

const switches = [
  '--no-sandbox', // it does not start as root otherwise
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** One browser for all tests of a file; each page is alone in a context that its test takes along. */
export function useChromium(): TestBrowser {
  let browser: Browser;
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: switches });
  });
  afterAll(() => browser.close());
  return { open: (file, options = {}) => openFile(browser, file, options) };
}

async function openFile(browser: Browser, file: string, options: OpenOptions): Promise<OpenPage> {
  const { colorScheme = 'light', viewport = { width: 1_300, height: 900 }, hash = '' } = options;
  const context = await browser.newContext({ colorScheme, viewport, acceptDownloads: true });
  onTestFinished(() => context.close());
  const url = pathToFileURL(file).href;
  const found: string[] = [];
  const page = await context.newPage();
  page.on('console', (message) => {
    // SwiftShader, which stands in for a graphics card, warns of its own slowness.
    if (/^(error|warning)$/.test(message.type()) && !message.text().includes('GL Driver Message')) {
      found.push(`console ${message.type()}: ${message.text()}`);
    }
  });
  page.on('pageerror', (error) => found.push(`uncaught: ${error.message}`));
  page.on('dialog', async (dialog) => {
    found.push(`dialog: ${dialog.message()}`);
    await dialog.dismiss();
  });
  context.on('request', (request) => {
    const wanted = request.url().split('#')[0]!;
    if (wanted !== url && options.mayRequest?.(wanted) !== true) found.push(`request: ${wanted}`);
  });
  await page.goto(`${url}${hash}`);
  const trouble = async () => {
    // Two frames later, whatever the page did so far has been reported: it comes over the same pipe, in order.
    await page.evaluate(
      () => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(() => resolve(null)))),
    );
    return [...found];
  };
  return { page, trouble, expectNoTrouble: async () => expect(await trouble()).toEqual([]) };
}
