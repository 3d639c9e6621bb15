// One page in a fresh context of headless Chromium, timed from within: until what was asked for is painted, and the main
// thread lets frames through again.
import { existsSync } from 'node:fs';
import { chromium } from 'playwright-core';

const viewport = { width: 1_440, height: 900 };
const places = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** Where a page hangs, the bench goes on. */
const longestMs = 300_000;

export async function openBrowser() {
  const executablePath = places.find((place) => place && existsSync(place));
  if (!executablePath) throw new Error('there is no Chromium: set CHROMIUM to where it is');
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu', '--no-first-run'] });
  return { measure: (page, renderer) => measure(browser, page, renderer), close: () => browser.close() };
}

async function measure(browser, { url, text }, renderer) {
  const context = await browser.newContext({ viewport });
  try {
    const page = await context.newPage();
    page.setDefaultTimeout(longestMs);
    page.on('dialog', (dialog) => dialog.dismiss());
    await page.addInitScript(watchFrames);
    await page.goto(url, { timeout: longestMs, waitUntil: 'commit' });
    const load = await settle(page, renderer.isDrawn);
    const { heap, nodes } = await weigh(context, page);
    const zoom = await act(page, renderer.zoom);
    const search = await act(page, renderer.search, text);
    const own = {};
    for (const name of ['filter', 'focus', 'split']) {
      own[name] = renderer[name] ? await act(page, renderer[name], text) : Number.NaN;
    }
    return { load, zoom, search, ...own, 'heap MB': heap, nodes };
  } finally {
    await context.close();
  }
}

async function settle(page, isDrawn) {
  return page.evaluate(`(async () => {
    const isDrawn = ${isDrawn};
    while (!isDrawn()) await new Promise((resolve) => requestAnimationFrame(resolve));
    return window.benchQuiet(0);
  })()`);
}

/** NaN where the renderer cannot do it. Where the action gives a function, that is what is timed: it has found its place. */
async function act(page, action, argument) {
  const took = await page.evaluate(`(async () => {
    let begun = performance.now();
    const found = await (${action})(${JSON.stringify(argument)});
    if (found === false) return null;
    if (typeof found === 'function') {
      begun = performance.now();
      found();
    }
    return window.benchQuiet(begun);
  })()`);
  return took ?? Number.NaN;
}

async function weigh(context, page) {
  const session = await context.newCDPSession(page);
  await session.send('HeapProfiler.collectGarbage');
  const { usedSize } = await session.send('Runtime.getHeapUsage');
  const { nodes } = await session.send('Memory.getDOMCounters');
  await session.detach();
  return { heap: usedSize / 1e6, nodes };
}

/** Runs in the page, before anything else of it. */
function watchFrames() {
  const slowMs = 60;
  const quietMs = 400;
  let before = performance.now();
  let lastSlow = 0;
  const watch = (now) => {
    if (now - before > slowMs) lastSlow = now;
    before = now;
    requestAnimationFrame(watch);
  };
  requestAnimationFrame(watch);
  /** Milliseconds since `begun` until two frames are painted and no slow one has come for a while. */
  window.benchQuiet = async (begun) => {
    const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
    await frame();
    await frame();
    const painted = performance.now();
    let end = Math.max(painted, lastSlow);
    while (performance.now() - end < quietMs) {
      await frame();
      end = Math.max(painted, lastSlow);
    }
    return end - begun;
  };
}
