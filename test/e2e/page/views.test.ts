// The views besides the flame graph: their numbers are those that Node counts of the same recording.
import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { buildBottomUp } from '../../../src/aggregate/bottom-up.ts';
import type { CallTree } from '../../../src/aggregate/call-tree.ts';
import { foldStacks } from '../../../src/aggregate/fold.ts';
import { buildSandwich } from '../../../src/aggregate/sandwich.ts';
import { listSourceFiles } from '../../../src/aggregate/source-lines.ts';
import { aboveRoot } from '../../../src/page/trees.ts';
import type { Profile } from '../../../src/profile/profile.ts';
import { describeWith } from '../../helpers/describe-with.ts';
import { profileFrom } from '../../helpers/profile-from.ts';
import {
  chooseView,
  clickFrame,
  frame,
  newBuilder,
  readFrames,
  scope,
  useReportPages,
} from '../../helpers/report-page.ts';
import { treeOf } from '../../helpers/tree-of.ts';

const recording = profileFrom(
  [
    '0/0|main@/srv/app.py:1;get@/srv/app.py:5;query@/srv/db.py:7 30',
    '0/1|main@/srv/app.py:1;post@/srv/app.py:9;query@/srv/db.py:7;query@/srv/db.py:8 20', // recursion
    '1/0|main@/srv/app.py:2;get@/srv/app.py:5;render@/srv/html.py:3 40',
    '1/0|query@/srv/db.py:7;render@/srv/html.py:4 10',
  ],
  { durationMs: 10_000 },
);

/** Ten seconds, of each of which a thread was busy from 300 to 500 ms. */
function busyAFifth(): Profile {
  const builder = newBuilder({ rateHz: 100 });
  const worker = builder.addWorker({ number: 1, address: '/tmp/tbsocket.1' });
  const thread = builder.thread(worker, 'uWSGIWorker1Core0');
  const stack = builder.stackOf([frame('poll', '/srv/poll.py', 3)]);
  for (let timeMs = 0; timeMs < 10_000; timeMs += 10) {
    if (timeMs % 1_000 >= 300 && timeMs % 1_000 < 500) builder.addSample(thread, stack, 1);
    builder.endDump({ worker, timeMs, weight: 1, waitUs: 1 });
  }
  builder.end(10_000);
  return builder.view();
}

/** Label, row and ticks of every frame, in one order. */
function expected(tree: CallTree, labels: readonly string[]) {
  return sorted(
    [...tree.group.keys()].map((node) => ({
      label: tree.group[node] === -1 ? 'all workers' : labels[tree.group[node]!]!,
      row: tree.depth[node]!,
      ticks: tree.total[node]!,
    })),
  );
}

function sorted<Row extends { label: string; row: number; ticks: number }>(rows: readonly Row[]): Row[] {
  return rows.toSorted((a, b) => a.row - b.row || b.ticks - a.ticks || (a.label < b.label ? -1 : 1));
}

async function drawn(page: Page, ticks: number, { chart = 0, rootBelow = false } = {}) {
  const frames = await readFrames(page, { raw: true, chart });
  const last = Math.max(...frames.map(({ row }) => row));
  return sorted(
    frames.map(({ label, row, share }) => ({
      label,
      row: rootBelow ? last - row : row,
      ticks: Math.round(share * ticks),
    })),
  );
}

describeWith('chromium', 'report page: other views', () => {
  const { openProfile } = useReportPages();

  it('bottom-up shows who called what was hot', async () => {
    const { page, expectNoTrouble } = await openProfile(recording, { viewport: { width: 2_000, height: 900 } });
    await chooseView(page, 'Bottom-up');
    const { groups, tree } = treeOf(recording);
    expect(await drawn(page, 100)).toEqual(expected(buildBottomUp(tree, { minTicks: 0 }), groups.labels));
    await page.selectOption('#by', 'function');
    const { groups: functions, tree: ofFunctions } = treeOf(recording, 'function');
    expect(await drawn(page, 100)).toEqual(expected(buildBottomUp(ofFunctions, { minTicks: 0 }), functions.labels));
    await clickFrame(page, 'query (/srv/db.py)');
    expect((await readFrames(page)).filter(({ fade }) => !fade)[0]).toMatchObject({
      label: 'query (/srv/db.py)',
      share: 1,
    });
    await expectNoTrouble();
  });

  it('a function stands between its callers and what it called, recursion counted once', async () => {
    const { page, expectNoTrouble } = await openProfile(recording, { viewport: { width: 2_000, height: 900 } });
    await chooseView(page, 'Callers and callees');
    await page.selectOption('.sandwich select', 'query (/srv/db.py)');
    const { groups, tree } = treeOf(recording, 'function');
    const { callers, callees } = buildSandwich(tree, groups.labels.indexOf('query (/srv/db.py)'), 0);
    expect(callees.total[0]).toBe(60);
    expect(await page.textContent('.sandwich .soft')).toContain('total 6.00 s, 60.0 % (60 ticks)');
    expect(await drawn(page, 60, { rootBelow: true })).toEqual(expected(aboveRoot(callers)!, groups.labels));
    expect(await drawn(page, 60, { chart: 1 })).toEqual(expected(aboveRoot(callees)!, groups.labels));
    // A caller that is clicked is the next in the middle.
    await clickFrame(page, 'post (/srv/app.py)');
    expect(await page.inputValue('.sandwich select')).toBe('post (/srv/app.py)');
    expect(await page.textContent('.sandwich .soft')).toContain('20.0 % (20 ticks)');
    await expectNoTrouble();
  });

  it('source shows the lines that were seen with their text and weight', async () => {
    const { page, expectNoTrouble } = await openProfile(recording);
    await chooseView(page, 'Source');
    const cells = () =>
      page
        .locator('table.source tbody tr')
        .evaluateAll((rows) =>
          rows.map((row) =>
            [...row.children].map((cell) =>
              cell.firstChild?.nodeName === '#text' ? cell.firstChild.textContent : cell.textContent,
            ),
          ),
        );
    const files = listSourceFiles(recording, foldStacks(recording));
    for (const { file, lines } of files) {
      await page.selectOption('.source-view select', recording.strings[file]!);
      const percent = (ticks: number) => (ticks === 0 ? '' : `${ticks.toFixed(1)} %`);
      expect(await cells()).toEqual(
        lines.map(({ line, text, self, total }) => [percent(self), percent(total), String(line), text]),
      );
    }
    expect(files[0]!.self).toBe(50);
    // From a line into the graph, and from a frame to its source.
    await page.selectOption('.source-view select', '/srv/db.py');
    await page.click('table.source button:text-is("7")');
    expect(await page.textContent('#matched')).toBe('matched 60.0 % (60 ticks)');
    await clickFrame(page, 'render (/srv/html.py:3)');
    await page.click('.frame-bar >> text=Source');
    expect(await page.inputValue('.source-view select')).toBe('/srv/html.py');
    await expectNoTrouble();
  });

  it('what is chosen on the timeline filters every view', async () => {
    const { page, expectNoTrouble } = await openProfile(recording);
    await chooseView(page, 'Timeline');
    expect(await page.locator('.lane-labels bdi').allTextContents()).toEqual([
      'all workers',
      'worker 1',
      'core 0',
      'core 1',
      'worker 2',
      'core 0',
    ]);
    expect(await page.getAttribute('.lanes', 'aria-label')).toMatch(/^timeline of 10.0 seconds: /);
    const { x, y, width } = (await page.locator('.lanes').boundingBox())!;
    await page.mouse.move(x + 0.004 * width, y + 20);
    await page.waitForSelector('#tooltip:not([hidden])');
    expect(await page.textContent('#tooltip')).toMatch(/all workers.*busy 1, .*mostly \/srv\/db.py/);
    await page.mouse.down();
    await page.mouse.move(x + 0.4 * width, y + 20, { steps: 4 });
    await page.mouse.up();
    const left = await scope(page);
    expect(left).toMatch(/^shown 50.0 % of the whole \(50 ticks of 100\)$/);
    await chooseView(page, 'Flame graph');
    expect((await readFrames(page)).some(({ label }) => label.startsWith('render'))).toBe(false);
    await chooseView(page, 'Timeline');
    expect(await page.isVisible('.lanes .brush')).toBe(true);
    await page.locator('.lanes').click({ position: { x: 0.6 * width, y: 20 } }); // it has moved: the filters are told above it
    expect(await page.isVisible('#scope')).toBe(false);
    await expectNoTrouble();
  });

  it('a stretch of time is chosen with the keyboard too', async () => {
    const { page, expectNoTrouble } = await openProfile(recording);
    await chooseView(page, 'Timeline');
    const slider = (name: string) => page.getByRole('slider', { name });
    const endMs = Number(await slider('to').inputValue());
    await slider('from').press('ArrowRight');
    const stepMs = Number(await slider('from').getAttribute('step'));
    expect(await page.evaluate(() => location.hash)).toContain(`from=${stepMs}`);
    expect(await page.evaluate(() => document.activeElement?.getAttribute('name'))).toBe('brush-from');
    await slider('to').press('Home');
    expect(await page.evaluate(() => location.hash)).toContain(`to=${stepMs}`);
    expect(await page.isVisible('.lanes .brush')).toBe(true);
    await slider('to').press('End');
    await slider('from').press('Home');
    expect(await page.evaluate(() => location.hash)).not.toContain('from=');
    expect(Number(await slider('to').inputValue())).toBe(endMs);
    await expectNoTrouble();
  });

  it('the heat map is as hot as the moments were, and can be brushed by the second', async () => {
    const { page, expectNoTrouble } = await openProfile(busyAFifth());
    await chooseView(page, 'Timeline');
    const map = page.locator('.heat-map');
    const { x, y, width, height } = (await map.boundingBox())!;
    /** In each second, from its beginning: 1 where it is hot, 0 where it is cold. */
    const seconds = await map.locator('canvas').evaluate((canvas) => {
      const { width: w, height: h } = canvas as HTMLCanvasElement;
      const { data } = (canvas as HTMLCanvasElement).getContext('2d')!.getImageData(0, 0, w, h);
      const colourAt = (second: number, moment: number) => {
        const at = 4 * (Math.floor(((moment + 0.4) * h) / 50) * w + Math.floor(((second + 0.4) * w) / 10));
        return [...data.slice(at, at + 4)].join(' ');
      };
      const colourOf = (name: string) => {
        const probe = document.createElement('i');
        probe.style.color = `var(${name})`;
        document.body.append(probe);
        const [, ...parts] = /(\d+), (\d+), (\d+)/.exec(getComputedStyle(probe).color)!;
        return `${parts.join(' ')} 255`;
      };
      const heat = new Map([
        [colourOf('--hot'), 1],
        [colourOf('--panel'), 0],
      ]);
      return Array.from({ length: 10 }, (_, second) =>
        Array.from({ length: 50 }, (_, moment) => heat.get(colourAt(second, moment)) ?? colourAt(second, moment)),
      );
    });
    // Busy from 300 ms on for 200 ms, in rows of 20 ms.
    const second = [...Array(15).fill(0), ...Array(10).fill(1), ...Array(25).fill(0)];
    expect(seconds).toEqual(Array(10).fill(second));
    await page.mouse.move(x + 0.05 * width, y + height / 2);
    await page.mouse.down();
    await page.mouse.move(x + 0.25 * width, y + height / 2, { steps: 3 });
    await page.mouse.up();
    expect(await page.locator('#scope .chip').allTextContents()).toEqual(['0.00 s to 3.00 s ×']);
    await expectNoTrouble();
  });
});
