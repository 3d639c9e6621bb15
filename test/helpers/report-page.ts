// The report page in a browser: opens it from a file and reads what is on it, as people do.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { expect } from 'vitest';
import { defaultView, type View } from '../../src/formats/format.ts';
import { html } from '../../src/formats/html.ts';
import { ProfileBuilder } from '../../src/profile/builder.ts';
import type { Profile } from '../../src/profile/profile.ts';
import { type OpenPage, useChromium } from './chromium.ts';
import type { ReadablePage } from './readable-page.ts';
import { renderText } from './rendered.ts';
import { temporaryFolder } from './temporary-folder.ts';

type OpenOptions = Parameters<ReturnType<typeof useChromium>['open']>[1];

/** Files of the page of a profile. */
export function useReportFiles() {
  const folder = temporaryFolder();
  let pages = 0;
  const write = async (profile: Profile, view: View = defaultView, change = (page: string) => page) => {
    pages += 1;
    const file = join(folder, `${pages}.html`);
    writeFileSync(file, change(await renderText(html, profile, view)));
    return file;
  };
  return { folder, write };
}

export function useReportPages() {
  const browser = useChromium();
  const { folder, write } = useReportFiles();
  const openReport = async (file: string, options?: OpenOptions): Promise<OpenPage> => {
    const opened = await browser.open(file, options);
    await opened.page.waitForSelector('body[data-ready]');
    return opened;
  };
  const openProfile = async (profile: Profile, options?: OpenOptions) => openReport(await write(profile), options);
  return { browser, folder, write, openReport, openProfile };
}

export function newBuilder(meta: Partial<ConstructorParameters<typeof ProfileBuilder>[0]>): ProfileBuilder {
  return new ProfileBuilder({
    startedEpochMs: 1_000_000,
    rateHz: 10,
    host: 'h',
    source: 'test',
    recorder: 'tbprof 0',
    ...meta,
  });
}

export function frame(name: string, file: string, line: number) {
  return { function: name, file, line, source: '' };
}

export interface FrameOnPage {
  readonly node: number;
  /** Without the place that `profileFrom` gives to frames that name none. */
  readonly label: string;
  /** Counted from the top of the graph. */
  readonly row: number;
  /** Parts of the whole width. */
  readonly left: number;
  readonly share: number;
  readonly fade: boolean;
  readonly fill: string;
  /** As d3-flame-graph was given it: cut to the width of the frame. */
  readonly name: string;
}

/** The frames that are elements, row by row, from left to right. `chart` is the number of the chart, where there are two. */
export async function readFrames(page: ReadablePage, { raw = false, chart = 0 } = {}): Promise<FrameOnPage[]> {
  const charts = await page.$$eval('.chart', (all) =>
    all.map((one) => {
      const groups = [...one.querySelectorAll('g.frame')];
      const width = groups[0]?.closest('svg')?.clientWidth ?? 0;
      const rect = (group: Element) => group.querySelector('rect')!;
      const tops = groups.map((group) => rect(group).getBoundingClientRect().top);
      const top = Math.min(...tops);
      return groups.map((group, at) => {
        const [, x] = /^translate\(([\d.e-]+),/.exec(group.getAttribute('transform')!)!;
        return {
          node: (group as unknown as { __data__: { data: { node: number } } }).__data__.data.node,
          name: group.getAttribute('name')!,
          label: group.querySelector('.d3-flame-graph-label')!.textContent,
          row: Math.round((tops[at]! - top) / 18),
          left: Number(x) / width,
          share: Number(rect(group).getAttribute('width')) / width,
          fade: group.classList.contains('fade'),
          fill: rect(group).getAttribute('fill')!,
        };
      });
    }),
  );
  const frames = charts[chart]!;
  frames.sort((a, b) => a.row - b.row || a.left - b.left);
  return raw ? frames : frames.map((frame) => ({ ...frame, label: frame.label.replace(' (/app/main.py:1)', '') }));
}

export function brief({ label, row, left, share, fade }: FrameOnPage) {
  return [label, row, left, share, fade];
}

/** Widths are sums of doubles. */
export function near(value: number) {
  return expect.closeTo(value, 6);
}

/** The first frame of that name, with or without the place that `profileFrom` gives to it. */
export async function findFrame(page: Page, name: string) {
  const names = await page.locator('g.frame').evaluateAll((all) => all.map((group) => group.getAttribute('name')));
  const at = names.findIndex((found) => found === name || found === `${name} (/app/main.py:1)`);
  if (at === -1) throw new Error(`no frame is called ${name}, only ${names.slice(0, 20).join(', ')}`);
  return page.locator('g.frame').nth(at).locator('rect');
}

export async function clickFrame(page: Page, name: string): Promise<void> {
  await (await findFrame(page, name)).click();
}

/** The parts of the tooltip of a frame, as text. */
export async function tooltipOf(page: Page, name: string): Promise<string[]> {
  await page.mouse.move(1, 1);
  await (await findFrame(page, name)).hover();
  await page.waitForSelector('#tooltip:not([hidden])');
  return page.locator('#tooltip > *').allTextContents();
}

export async function readFacts(page: Page): Promise<Record<string, string>> {
  const texts = await page.locator('#facts > *').allTextContents();
  return Object.fromEntries(texts.flatMap((text, at) => (at % 2 === 0 ? [[text, texts[at + 1]!]] : [])));
}

export function warningsOf(page: Page): Promise<string[]> {
  return page.locator('#warnings p').allTextContents();
}

/** The texts of the cells of the table of functions. */
export function readTable(page: ReadablePage): Promise<string[][]> {
  return page.$$eval('table.functions tbody tr', (rows) =>
    rows.map((row) => [...row.children].map((cell) => cell.textContent)),
  );
}

export function matched(page: ReadablePage): Promise<string> {
  return page.$$eval('#matched', ([all]) => all!.textContent);
}

export async function scope(page: Page): Promise<string> {
  return (await page.locator('#scope .left').textContent()) ?? '';
}

export function flameWidths(page: Page): Promise<{ drawn: number; available: number }> {
  return page.evaluate(() => ({
    drawn: Number(document.querySelector('.chart svg')!.getAttribute('width')),
    available: document.querySelector('.chart')!.clientWidth,
  }));
}

export function pwned(page: Page): Promise<unknown> {
  return page.evaluate(() => (window as { pwned?: unknown }).pwned);
}

/** Nothing ran, and nothing of a name became an element. */
export async function expectHarmless(page: Page): Promise<void> {
  expect(await pwned(page)).toBeUndefined();
  expect(await page.locator('img').count()).toBe(0);
  expect(await page.locator('script').count()).toBe(3);
  expect(await page.locator('style').count()).toBe(1);
}

export function chooseView(page: Page, name: string): Promise<void> {
  return page.click(`#views button:text-is("${name}")`);
}
