// What can be taken from the page: files, pictures, paper.
import { expect, it } from 'vitest';
import { renderCollapsed } from '../../../src/formats/collapsed.ts';
import { buildSpeedscope } from '../../../src/formats/speedscope.ts';
import { applyFilters } from '../../../src/page/shown.ts';
import { noFilters, viewNames } from '../../../src/page/state.ts';
import { describeWith } from '../../helpers/describe-with.ts';
import { coloursOfPng, download, parseSvg, sizeOfPng } from '../../helpers/download.ts';
import { readOnPaper, widthsOnPaper } from '../../helpers/paper.ts';
import { profileFrom } from '../../helpers/profile-from.ts';
import { readFrames, useReportPages } from '../../helpers/report-page.ts';

/** All that is painted of a view, and in which colours. Runs in the page. */
const readPainted = () => ({
  paper: getComputedStyle(document.body).backgroundColor,
  ink: getComputedStyle(document.body).color,
  frames: [...document.querySelectorAll('g.frame rect')].map(
    (rect) => `${getComputedStyle(rect).fill} ${rect.clientWidth}`,
  ),
  canvases: [...document.querySelectorAll<HTMLCanvasElement>('#view canvas')].map((canvas) => canvas.toDataURL()),
  widths: [...document.querySelectorAll('#view, .chart, .functions, .lane-grid')].map(({ clientWidth }) => clientWidth),
  lanes: document.querySelector('.lanes canvas')?.clientWidth,
  texts: document.getElementById('view')!.innerText,
});

/**
 *   | a 12             | f 4 |
 *   | b 8       | e 4  |
 *   | c 6 | d 2 |
 */
const small = profileFrom(['a;b;c 6', 'a;b;d 2', 'a;e 4', '1/0|f 4']);

describeWith('chromium', 'report page: what can be saved', () => {
  const { write, openReport, openProfile } = useReportPages();

  it('gives what is shown as collapsed stacks and for speedscope', async () => {
    const { page } = await openReport(await write(small), { hash: '#workers=0&by=function' });
    const { profile } = applyFilters(small, { ...noFilters, workers: [0] });
    const view = { by: 'function', threads: false } as const;
    const collapsed = await download(page, 'Collapsed stacks');
    expect(collapsed.name).toBe('tbprof-h-1970-01-01-00-16-40.collapsed');
    expect(collapsed.bytes.toString()).toBe(renderCollapsed(profile, view));
    const speedscope = JSON.parse((await download(page, 'speedscope')).bytes.toString());
    const { profiles, shared } = buildSpeedscope(profile, view);
    expect(speedscope.profiles[0].endValue).toBe(profiles[0]!.endValue);
    expect(speedscope.shared.frames.map(({ name }: { name: string }) => name).sort()).toEqual(
      shared.frames.map(({ name }) => name).sort(),
    );
  });

  it('gives the graph as a picture', async () => {
    const { page, expectNoTrouble } = await openProfile(profileFrom(['a<b;"c"\u0001&d 3', 'a<b;e 1']));
    const svg = (await download(page, 'SVG')).bytes.toString();
    const parsed = await parseSvg(page, svg);
    const width = await page.locator('.chart').evaluate((chart) => chart.clientWidth);
    expect(parsed).toEqual({
      errors: 0,
      titles: [
        'all workers: 400 ms, 4 ticks, 100.0 %',
        'a<b (/app/main.py:1): 400 ms, 4 ticks, 100.0 %',
        '"c"\ufffd&d (/app/main.py:1): 300 ms, 3 ticks, 75.0 %',
        'e (/app/main.py:1): 100 ms, 1 tick, 25.0 %',
      ],
      widths: [width, width, Math.round((width * 3) / 4), Math.round(width / 4)],
    });
    const png = await download(page, 'PNG');
    expect(sizeOfPng(png.bytes)).toEqual({ kind: 'PNG', width, height: 3 * 18 });
    // Each frame in its colour, right of its name, and paper where there is none.
    const frames = await readFrames(page);
    const places = frames.map(({ row, left, share }) => [(left + share) * width - 5, 18 * row + 9] as const);
    expect(new Set(frames.map(({ fill }) => fill)).size).toBeGreaterThan(2);
    expect(await coloursOfPng(page, png.bytes, places)).toEqual(frames.map(({ fill }) => fill));
    await expectNoTrouble();
  });

  it('gives both charts of callers and callees as one picture', async () => {
    const { page } = await openReport(await write(profileFrom(['main;a;b;c 6', 'e;b;d 2'])), {
      hash: '#view=sandwich',
    });
    await page.selectOption('.sandwich select', 'b (/app/main.py)');
    const [callers, callees] = [await readFrames(page), await readFrames(page, { chart: 1 })];
    const { bytes } = await download(page, 'PNG');
    const { width, height } = sizeOfPng(bytes);
    expect(height).toBe(18 * (3 + 2));
    const of = (frames: typeof callers, top: number) =>
      frames.map(({ row, left, share }) => [(left + share) * width - 5, top + 18 * row + 9] as const);
    const colours = await coloursOfPng(page, bytes, [...of(callers, 0), ...of(callees, 3 * 18)]);
    expect(colours).toEqual([...callers, ...callees].map(({ fill }) => fill));
  });

  it('prints what is seen, without its controls', async () => {
    const { page } = await openProfile(small);
    await page.emulateMedia({ media: 'print' });
    expect(await page.isVisible('#toolbar')).toBe(false);
    expect(await page.isVisible('#verdict')).toBe(true);
    expect(await page.isVisible('.chart')).toBe(true);
  });

  it('is laid out for the width of the paper while it is printed', async () => {
    const { page } = await openProfile(small);
    for (const width of [1_400, 600]) {
      await page.setViewportSize({ width, height: 700 });
      const before = await page.evaluate(() => document.querySelector('.chart')!.clientWidth);
      const { chart, root } = await widthsOnPaper(page);
      expect(chart).not.toBe(before);
      expect(chart).toBeLessThanOrEqual(1_046);
      expect(chart).toBeGreaterThan(950);
      expect(root).toBeCloseTo(chart, -1);
      await page.waitForFunction((px) => document.querySelector('.chart')!.clientWidth === px, before);
    }
  });

  it.each(viewNames)('prints the view %s as by day, also in the dark, to the width of the paper', async (view) => {
    const file = await write(
      profileFrom(Array.from({ length: 130 }, (_, at) => `1/${at % 3}|a;b${at}@/srv/x.py:${at} 1`)),
    );
    const hash = `#view=${view}`;
    const { page: day } = await openReport(file, { hash });
    const { page: night, expectNoTrouble } = await openReport(file, { hash, colorScheme: 'dark' });
    const before = await night.evaluate(readPainted);
    const printed = await readOnPaper(night, readPainted);
    expect(printed).toEqual(await readOnPaper(day, readPainted));
    expect(printed.paper).toBe('rgb(255, 255, 255)');
    expect(printed.paper).not.toBe(before.paper);
    expect(new Set(printed.widths)).toEqual(new Set([1_046]));
    if (view === 'timeline') expect([printed.lanes, printed.canvases.length]).toEqual([1_046 - 180, 2]);
    if (view === 'functions') expect(printed.texts).toContain('1 to 100 of 131 functions');
    expect(await night.evaluate(readPainted)).toEqual(before);
    await expectNoTrouble();
  });
});
