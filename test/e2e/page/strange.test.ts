// Empty and strange recordings: every view says so, or shows them, and nothing breaks.
import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { renderCollapsed } from '../../../src/formats/collapsed.ts';
import { describeWith } from '../../helpers/describe-with.ts';
import { coloursOfPng, download, sizeOfPng } from '../../helpers/download.ts';
import { profileFrom } from '../../helpers/profile-from.ts';
import {
  brief,
  chooseView,
  clickFrame,
  flameWidths,
  frame,
  matched,
  near,
  newBuilder,
  readFacts,
  readFrames,
  readTable,
  useReportPages,
  warningsOf,
} from '../../helpers/report-page.ts';
import { treeOf } from '../../helpers/tree-of.ts';

/** How many pixels of text are in a row of a picture. */
async function inkIn(page: Page, png: Buffer, row: number): Promise<number> {
  const places = Array.from({ length: 300 * 18 }, (_, at) => [at % 300, row * 18 + Math.floor(at / 300)] as const);
  return (await coloursOfPng(page, png, places)).filter((colour) => colour !== '#ffffff').length;
}

describeWith('chromium', 'report page of a strange recording', () => {
  const { openProfile } = useReportPages();

  it('is empty in every view and file where there was no dump', async () => {
    const profile = profileFrom([]);
    const { page, expectNoTrouble } = await openProfile(profile);
    const said: Record<string, [where: string, what: string]> = {
      'Bottom-up': ['g.frame[name="all workers"] title, g.frame .d3-flame-graph-label', 'all workers'],
      'Callers and callees': ['.sandwich > .note', 'There is no function to show.'],
      Functions: ['.table-view .note', '0 functions'],
      Source: ['.source-view .note', 'There is no source to show.'],
    };
    for (const [view, [where, what]] of Object.entries(said)) {
      await chooseView(page, view);
      expect(await page.locator(where).last().textContent(), view).toContain(what);
    }
    await chooseView(page, 'Timeline');
    expect(await page.getAttribute('.lanes', 'aria-label')).toMatch(/0 % busy, 0 % idle, 0 % unobserved/);
    expect(await page.isDisabled('#download-list >> text=SVG')).toBe(true);
    expect(sizeOfPng((await download(page, 'PNG of what is shown')).bytes).kind).toBe('PNG');
    await chooseView(page, 'Flame graph');
    expect((await download(page, 'Collapsed stacks')).bytes.toString()).toBe('');
    expect(JSON.parse((await download(page, 'speedscope')).bytes.toString()).shared.frames).toEqual([]);
    expect((await download(page, 'SVG')).bytes.toString().match(/<title>/g)).toHaveLength(1);
    expect(sizeOfPng((await download(page, 'PNG')).bytes).height).toBe(18);
    await expectNoTrouble();
  });

  it('says that it is empty where there was no dump', async () => {
    const { page, expectNoTrouble } = await openProfile(profileFrom([]));
    expect(await warningsOf(page)).toEqual(['Nothing was observed: there is not one dump in the recording.']);
    expect(await page.textContent('#verdict .badge')).toBe('Incomplete');
    expect(await page.locator('#workers td').first().textContent()).toBe('not observed');
    expect((await readFacts(page)).observed).toBe('0 of 0 ticks (0 %)');
    expect((await readFrames(page)).map(({ label }) => label)).toEqual(['all workers']);
    await page.fill('#search', 'a');
    expect(await matched(page)).toBe('matched 0 % (0 ticks)');
    await clickFrame(page, 'all workers');
    await expectNoTrouble();
  });

  it('says that the workers were idle where no dump held a stack', async () => {
    const builder = newBuilder({});
    const worker = builder.addWorker({ number: 1, address: 'a' });
    builder.endDump({ worker, timeMs: 0, weight: 5, waitUs: 1 });
    builder.end(500);
    const { page } = await openProfile(builder.view());
    expect(await warningsOf(page)).toEqual(['No Python code was seen running: the workers were idle.']);
    expect(await page.locator('#workers td').first().textContent()).toBe('idle');
  });

  it('claims nothing of counts that have no time', async () => {
    const builder = newBuilder({ measure: 'count', source: 'collapsed', startedEpochMs: 0, host: '' });
    const worker = builder.addWorker({ number: null, address: 'x.folded' });
    builder.addSample(builder.thread(worker, 'all'), builder.stackOf([frame('f', 'x.py', 1)]), 5);
    builder.endDump({ worker, timeMs: 0, weight: 5, waitUs: -1 });
    builder.end(0);
    const { page, expectNoTrouble } = await openProfile(builder.view());
    expect(await page.textContent('#verdict')).toBe(
      'Counts from collapsed: without time; how much was observed is not known',
    );
    expect(Object.keys(await readFacts(page))).toEqual(['workers', 'recorded by']);
    await chooseView(page, 'Timeline');
    expect(await page.textContent('.timeline > :not([hidden])')).toBe('There is no time in these counts.');
    await chooseView(page, 'Functions');
    expect((await readTable(page))[0]!.slice(0, 3)).toEqual(['100.0 %5', '100.0 %5', '5']);
    await expectNoTrouble();
  });

  it('says nothing of a time and a place that are not known', async () => {
    const builder = newBuilder({ source: 'speedscope', startedEpochMs: 0, host: '' });
    const worker = builder.addWorker({ number: null, address: 'x.speedscope.json' });
    builder.addSample(builder.thread(worker, 'all'), builder.stackOf([frame('f', 'x.py', 1)]), 5);
    builder.endDump({ worker, timeMs: 0, weight: 5, waitUs: -1 });
    builder.end(500);
    const { page } = await openProfile(builder.view());
    expect(await page.textContent('#verdict')).toBe('Complete 0.5 s · 1 worker · 100.0 % of the ticks observed');
    const facts = Object.keys(await readFacts(page));
    expect(facts).not.toContain('when');
    expect(facts).not.toContain('where');
    expect((await download(page, 'Collapsed stacks')).name).toBe('tbprof.collapsed');
    const { bytes } = await download(page, 'SVG');
    expect(bytes.toString()).toContain('>tbprof: x.speedscope.json, 5 ticks</text>');
  });

  it('says that the recording was cut off', async () => {
    const builder = newBuilder({});
    const worker = builder.addWorker({ number: 1, address: 'a' });
    builder.addSample(builder.thread(worker, 't'), builder.stackOf([frame('f', 'x.py', 1)]), 5);
    builder.endDump({ worker, timeMs: 0, weight: 5, waitUs: 1 });
    const { page } = await openProfile(builder.view());
    expect(await warningsOf(page)).toEqual(['The recording was cut off: its end is missing.']);
    expect((await readFacts(page))['how long']).toBe('cut off');
  });

  it('shows a single sample', async () => {
    const { page, expectNoTrouble } = await openProfile(profileFrom(['only 1']));
    expect((await readFrames(page)).map(brief)).toEqual([
      ['all workers', 0, near(0), near(1), false],
      ['only', 1, near(0), near(1), false],
    ]);
    await expectNoTrouble();
  });

  it('shows a stack of 20 000 frames', async () => {
    const names = Array.from({ length: 20_000 }, (_, i) => `f${i}`);
    const { page, expectNoTrouble } = await openProfile(profileFrom([`${names.join(';')} 1`]));
    const nodes = () => page.evaluate(() => document.querySelectorAll('*').length);
    expect(await page.locator('.chart').evaluate((chart) => chart.clientHeight)).toBe(18 * 20_001);
    expect(await nodes()).toBeLessThan(6_000);
    await page.fill('#search', 'f19999');
    expect(await matched(page)).toBe('matched 100.0 % (1 tick)');
    // Down there is no element, but a frame that can be pointed at and clicked.
    await page.evaluate(() => window.scrollTo(0, document.documentElement.scrollHeight));
    const chart = page.locator('.chart');
    await chart.hover({ position: { x: 200, y: 18 * 20_000 + 9 } });
    expect(await page.textContent('#tooltip .name')).toBe('f19999');
    await page.mouse.down();
    await page.mouse.up();
    expect(await page.textContent('.frame-bar b')).toBe('f19999 (/app/main.py:1)');
    expect(await nodes()).toBeLessThan(6_000);
    await page.click('#reset');
    expect(await page.locator('g.frame.fade').count()).toBe(0);
    await expectNoTrouble();
  });

  it('shows a stack of 20 000 frames in every view, and gives it as a file', async () => {
    const names = Array.from({ length: 20_000 }, (_, i) => `f${i}`);
    const profile = profileFrom([`${names.join(';')} 1`]);
    const { page, expectNoTrouble } = await openProfile(profile);
    const heights = () => page.locator('.chart').evaluateAll((all) => all.map((chart) => chart.clientHeight / 18));
    const check: Record<string, () => Promise<void>> = {
      'Bottom-up': async () => expect(await heights()).toEqual([20_001]),
      'Callers and callees': async () => expect(await heights()).toEqual([20_000, 1]),
      Functions: async () => expect(await page.textContent('.table-view .note')).toBe('1 to 100 of 20000 functions'),
      Timeline: async () => expect(await page.getAttribute('.lanes', 'aria-label')).toContain('100 % busy'),
      Source: async () => expect(await page.locator('table.source tbody tr').count()).toBe(1),
    };
    for (const [view, look] of Object.entries(check)) {
      await chooseView(page, view);
      await look();
      expect(await page.evaluate(() => document.querySelectorAll('*').length), view).toBeLessThan(6_000);
    }
    const view = { by: 'line', threads: false } as const;
    expect((await download(page, 'Collapsed stacks')).bytes.toString()).toBe(renderCollapsed(profile, view));
    const { profiles, shared } = JSON.parse((await download(page, 'speedscope')).bytes.toString());
    expect([shared.frames.length, profiles[0].samples[0].length]).toEqual([20_000, 20_000]);
    await expectNoTrouble();
  });

  it('gives pictures of a stack of 20 000 frames that say what they leave out', async () => {
    const names = Array.from({ length: 20_000 }, (_, i) => `f${i}`);
    const { page, expectNoTrouble } = await openProfile(profileFrom([`${names.join(';')} 1`]));
    const png = () => page.textContent('#download-list button:last-child');
    expect(await png()).toBe('PNG of the graph: 887 of 20,001 rows');
    const fillOf = (row: number, chart = 0) =>
      page.$$eval(
        '.chart',
        (all, [at, which]) => {
          const shown = all[which!]!.querySelectorAll('g.frame');
          const tops = [...shown].sort((a, b) => a.getBoundingClientRect().top - b.getBoundingClientRect().top);
          return tops.at(at!)!.querySelector('rect')!.getAttribute('fill')!;
        },
        [row, chart],
      );
    const flame = (await download(page, 'PNG')).bytes;
    const { width, height } = sizeOfPng(flame);
    expect(height).toBe(888 * 18);
    const right = width - 5;
    expect(
      await coloursOfPng(page, flame, [
        [right, 9],
        [right, 3 * 18 + 9],
        [right, 887 * 18 + 9],
      ]),
    ).toEqual([await fillOf(0), await fillOf(3), '#ffffff']);
    expect(await inkIn(page, flame, 887)).toBeGreaterThan(100);

    // Of both charts what is next to the function.
    await chooseView(page, 'Callers and callees');
    await page.evaluate(() => {
      location.hash = '#view=sandwich&function=f9000+(/app/main.py)';
    });
    await page.waitForFunction(() =>
      document.querySelector<HTMLSelectElement>('.sandwich select')!.value.startsWith('f9000'),
    );
    expect(await png()).toBe('PNG of the graph: 886 of 20,001 rows');
    const both = (await download(page, 'PNG')).bytes;
    expect(sizeOfPng(both).height).toBe(888 * 18);
    expect(
      await coloursOfPng(page, both, [
        [right, 443 * 18 + 9],
        [right, 444 * 18 + 9],
        [right, 9],
        [right, 887 * 18 + 9],
      ]),
    ).toEqual([await fillOf(-1), await fillOf(0, 1), '#ffffff', '#ffffff']);
    expect(await inkIn(page, both, 0)).toBeGreaterThan(100);
    expect(await inkIn(page, both, 887)).toBeGreaterThan(100);
    const svg = (await download(page, 'SVG')).bytes.toString();
    expect(svg.match(/<title>/g)).toHaveLength(20_001);
    await expectNoTrouble();
  });

  it('shows 10 000 threads', async () => {
    const lines = Array.from({ length: 10_000 }, (_, i) => `${i % 50}/${i}|main;f${i % 7} 1`);
    const { page, expectNoTrouble } = await openProfile(profileFrom(lines));
    const nodes = () => page.evaluate(() => document.querySelectorAll('*').length);
    await page.click('#filter-open');
    await page.selectOption('#split', 'thread');
    for (const view of ['Flame graph', 'Bottom-up', 'Callers and callees', 'Functions', 'Timeline', 'Source']) {
      await chooseView(page, view);
      expect(await nodes(), view).toBeLessThan(6_000);
    }
    await chooseView(page, 'Timeline');
    expect(await page.textContent('.timeline > .note:not(.legend, [hidden])')).toContain('9940 least busy threads');
    await expectNoTrouble();
  });

  it('shows a name of 100 kB', async () => {
    const name = 'x'.repeat(100_000);
    const { page, expectNoTrouble } = await openProfile(profileFrom([`${name};b 3`, `c@/${name}.py:1 1`]));
    for (const view of ['Bottom-up', 'Callers and callees', 'Functions', 'Timeline', 'Source', 'Flame graph']) {
      await chooseView(page, view);
      expect(await page.evaluate(() => document.body.scrollHeight), view).toBeLessThan(3_000);
    }
    await page.fill('#search', 'xxxx');
    expect(await matched(page)).toBe('matched 100.0 % (4 ticks)');
    await page.locator('g.frame rect').nth(1).click();
    expect((await page.textContent('.frame-bar b'))!.length).toBeLessThan(100);
    await expectNoTrouble();
  });

  it('shows 5 000 different stacks', async () => {
    const lines = Array.from({ length: 5_000 }, (_, i) => `a${i % 50};b${i % 500};c${i} ${i % 7 === 0 ? 31 : 1}`);
    const profile = profileFrom(lines);
    const { tree } = treeOf(profile);
    expect(tree.group.length).toBe(1 + 50 + 500 + 5_000);
    const { page, expectNoTrouble } = await openProfile(profile);
    // Those that are wide enough, as counted here; the rest is on the canvas.
    const { drawn } = await flameWidths(page);
    const visible = tree.total.filter((ticks) => ticks >= (8 * tree.total[0]!) / drawn);
    expect(await page.locator('g.frame').count()).toBe(visible.length);
    await chooseView(page, 'Functions');
    expect(await page.textContent('.table-view .note')).toBe('1 to 100 of 5550 functions');
    await expectNoTrouble();
  });
});
