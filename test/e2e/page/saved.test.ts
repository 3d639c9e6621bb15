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

  it('gives a view without charts as a picture of itself: the timeline', async () => {
    const { page, expectNoTrouble } = await openReport(await write(small), { hash: '#view=timeline' });
    expect(await page.isDisabled('#download-list >> text=SVG')).toBe(true);
    const { bytes } = await download(page, 'PNG of what is shown');
    const places = await page.evaluate(() => {
      const box = document.querySelector('.timeline')!.getBoundingClientRect();
      const middle = (selector: string, x: number) => {
        const { left, top, width, height } = document.querySelector(selector)!.getBoundingClientRect();
        return [left - box.left + 12 + width * x, top - box.top + 12 + height / 2] as const;
      };
      return {
        size: [Math.ceil(box.width + 24), Math.ceil(box.height + 24)],
        swatch: middle('.legend .swatch', 0.5),
        lane: middle('.lanes', 0.5),
        slider: middle('.range-fields input', 0.1),
        label: document.querySelector('.lane-labels')!.getBoundingClientRect().height,
      };
    });
    const { width, height } = sizeOfPng(bytes);
    expect([width, height]).toEqual(places.size);
    const swatch = await page
      .locator('.legend .swatch')
      .first()
      .evaluate((one) => getComputedStyle(one).backgroundColor);
    const colour = `#${swatch
      .match(/\d+/g)!
      .map((part) => Number(part).toString(16).padStart(2, '0'))
      .join('')}`;
    const [seenSwatch, seenSlider] = await coloursOfPng(page, bytes, [places.swatch, places.slider]);
    expect(seenSwatch).toBe(colour);
    expect(seenSlider).toBe('#ffffff');
    // Names stand left of the lanes, dark on white; every lane has some colour.
    const column = (x: number) => Array.from({ length: Math.floor(places.label) }, (_, y) => [x, 12 + y] as const);
    const names = await coloursOfPng(page, bytes, Array.from({ length: 60 }, (_, x) => column(12 + x)).flat());
    expect(names.filter((one) => Number.parseInt(one.slice(1, 3), 16) < 0x60).length).toBeGreaterThan(50);
    expect(new Set(await coloursOfPng(page, bytes, column(places.lane[0]))).size).toBeGreaterThan(1);
    await expectNoTrouble();
  });

  it('gives tables as pictures of themselves, with what is marked in them', async () => {
    const { page, expectNoTrouble } = await openReport(await write(small), { hash: '#view=functions' });
    const { bytes } = await download(page, 'PNG of what is shown');
    const boxes = await page.evaluate(() => {
      const { left, top, width, height } = document.querySelector('.table-view')!.getBoundingClientRect();
      const bar = document.querySelector('tbody .bar')!.getBoundingClientRect();
      const name = document.querySelector('tbody td button')!.getBoundingClientRect();
      const from = (box: DOMRect) => [box.left - left + 12, box.top - top + 12, box.width, box.height] as const;
      return { size: [Math.ceil(width + 24), Math.ceil(height + 24)], bar: from(bar), name: from(name) };
    });
    const { width, height } = sizeOfPng(bytes);
    expect([width, height]).toEqual(boxes.size);
    const [x, y, wide, high] = boxes.bar;
    const [bar] = await coloursOfPng(page, bytes, [[x + wide / 2, y + high / 2]]);
    expect(bar).not.toBe('#ffffff');
    const [left, top, nameWidth, nameHeight] = boxes.name;
    const inName = Array.from({ length: Math.floor(nameWidth) * Math.floor(nameHeight) }, (_, at) => {
      return [left + (at % Math.floor(nameWidth)), top + Math.floor(at / Math.floor(nameWidth))] as const;
    });
    expect(new Set(await coloursOfPng(page, bytes, inName)).size).toBeGreaterThan(4);
    await expectNoTrouble();
  });

  it.each(['', '#root=bottom'])(
    'prints of a chart that no paper holds what is next to the root, and says so',
    async (hash) => {
      const names = Array.from({ length: 3_000 }, (_, at) => `f${at}`);
      const { page } = await openReport(await write(profileFrom([`${names.join(';')} 1`])), { hash });
      const read = () => {
        const chart = document.querySelector<HTMLElement>('.chart')!;
        const root = [...chart.querySelectorAll('g.frame rect')].find((rect) =>
          rect.parentElement!.textContent?.startsWith('all'),
        );
        const { top, bottom } = chart.getBoundingClientRect();
        const at = root!.getBoundingClientRect();
        const canvas = chart.querySelector('canvas')!;
        return {
          height: chart.clientHeight,
          canvas: [canvas.offsetTop, canvas.clientHeight],
          root: [Math.round(at.top - top), Math.round(bottom - at.bottom)].map((px) => px < 18),
          says: getComputedStyle(chart, '::after').content,
        };
      };
      const before = await page.evaluate(read);
      const { height, canvas, root, says } = await readOnPaper(page, read);
      expect(before.height).toBe(3_001 * 18);
      expect(says).toBe('"2,114 more rows are left out; the SVG file has all 3,001"');
      expect(height).toBe(888 * 18);
      const isUp = hash !== '';
      expect({ canvas, root }).toEqual({ canvas: [isUp ? 18 : 0, 887 * 18], root: [!isUp, isUp] });
      const after = await page.evaluate(read);
      expect([after.height, after.says]).toEqual([before.height, 'none']);
    },
  );

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
