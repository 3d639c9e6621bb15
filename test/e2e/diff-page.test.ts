// The page of a comparison: what it shows is what diffProfiles says.
import { describe, expect, it } from 'vitest';
import { type Change, diffProfiles, framesOfRow, type ProfileDiff } from '../../src/aggregate/diff.ts';
import { changeOfNode, type Width, widenTree } from '../../src/aggregate/diff-frames.ts';
import { printChange, printValue } from '../../src/formats/diff-words.ts';
import { changeColour, matchColours } from '../../src/profile/palette.ts';
import type { Profile } from '../../src/profile/profile.ts';
import { violations } from '../helpers/axe.ts';
import { describeWith } from '../helpers/describe-with.ts';
import { byFunction, chooseWidth, openTable, readChanges, useDiffPages } from '../helpers/diff-page.ts';
import { reachByTab } from '../helpers/keyboard.ts';
import { profileFrom } from '../helpers/profile-from.ts';
import {
  clickFrame,
  flameWidths,
  matched,
  near,
  pwned,
  readFrames,
  tooltipOf,
  warningsOf,
} from '../helpers/report-page.ts';
import { simulateRecording, type Work } from '../helpers/simulated-recording.ts';

/** Something grows, something shrinks, `legacy` goes and `fresh` comes. */
function simulated(seed: number, shift: number, own: string): Profile {
  const work = (path: readonly string[], share: number): Work => ({
    share,
    seconds: 0.05,
    path,
    leaves: ['leaf', 'other'],
  });
  const works = [
    work(['app', 'grows'], 0.2 + shift),
    work(['app', 'shrinks'], 0.4 - shift),
    work(['app', 'stays'], 0.3),
    work(['app', own], 0.1),
  ];
  return simulateRecording({ seed, work: works, rateHz: 20, workers: 4, threads: 2 });
}

const before = simulated(1, 0, 'legacy');
const after = simulated(2, 0.12, 'fresh');
const at = (name: string) => `${name} (/app/a.py)`;

/** The frames that a graph of that width should have, row by row: the start of the label, which may be cut, and the rest. */
function expectedFrames(diff: ProfileDiff, width: Width) {
  const { tree, nodeOf } = widenTree(diff, width);
  const places = [...tree.group.keys()].sort((a, b) => tree.depth[a]! - tree.depth[b]! || a - b);
  return places.map((place) => [
    place === 0 ? 'a' : diff.groups.labels[tree.group[place]!]![0],
    tree.depth[place]!,
    near(tree.total[place]! / tree.total[0]!),
    changeColour(changeOfNode(diff, nodeOf[place]!).total.change, 'light').fill,
  ]);
}

describeWith('chromium', 'page of a comparison', () => {
  const open = useDiffPages();

  describe('the graph', () => {
    const diff = diffProfiles(before, after, byFunction);

    it.each([
      ['After', 'after'],
      ['Before', 'before'],
      ['Both', 'both'],
    ] as const)('is as wide as %s, and coloured by change', async (button, width) => {
      const { page, expectNoTrouble } = await open(before, after);
      await chooseWidth(page, button);
      const frames = await readFrames(page);
      expect(frames.map(({ name, row, share, fill }) => [name[0], row, share, fill])).toEqual(
        expectedFrames(diff, width),
      );
      const names = frames.map(({ name }) => name.replace(' (/app/a.py)', ''));
      expect([names.includes('legacy'), names.includes('fresh')]).toEqual([width !== 'after', width !== 'before']);
      await expectNoTrouble();
    });

    it('tells before, after, change and chance under the pointer', async () => {
      const { page, expectNoTrouble } = await open(before, after);
      const row = diff.rows.find((one) => framesOfRow(diff, one)[0] === at('grows'))!;
      expect(row.total!.judgement!.marked).toBe(true);
      const total = row.total!;
      const margin = /±[\d.]+/.exec(printChange(total, 'share'))![0];
      const bare = printChange({ ...total, judgement: null }, 'share');
      const numbers = `${printValue(total.before, 'share')}→${printValue(total.after, 'share')}${bare}`;
      const text = (await tooltipOf(page, at('grows'))).join('\n');
      expect(text).toContain(`here, total${numbers}`);
      expect(text).toContain(`function, total${numbers}${margin}★ more than chance`);
      expect((await tooltipOf(page, at('fresh'))).join('\n')).toMatch(/^freshnew/);
      await expectNoTrouble();
    });

    it('can leave grey what may be chance', async () => {
      const { page } = await open(before, after);
      await page.click('#marked');
      const fills = new Map((await readFrames(page)).map(({ name, fill }) => [name, fill]));
      expect(fills.get(at('stays'))).toBe(changeColour(0, 'light').fill);
      expect(fills.get(at('grows'))).not.toBe(changeColour(0, 'light').fill);
    });

    it('zooms, keeps the zoom at another width, and steps back', async () => {
      const { page, expectNoTrouble } = await open(before, after);
      const shareOf = async (name: string) => (await readFrames(page)).find((frame) => frame.name === at(name))?.share;
      await clickFrame(page, at('grows'));
      expect(await shareOf('grows')).toBe(1);
      await chooseWidth(page, 'Before');
      expect(await shareOf('grows')).toBe(1);
      await page.keyboard.press('Escape');
      await clickFrame(page, at('legacy'));
      expect(await page.locator('.frame-bar').textContent()).toContain(`${at('legacy')}gone`);
      // It is not there after: its caller stands for it.
      await page.keyboard.press('b');
      await page.keyboard.press('b');
      expect(await page.getAttribute('#widths button:text-is("After")', 'aria-pressed')).toBe('true');
      expect(await shareOf('app')).toBe(1);
      await expectNoTrouble();
    });

    it('is searched, before and after', async () => {
      const { page } = await open(before, after);
      await page.keyboard.press('/');
      await page.keyboard.type('grows');
      const row = diff.rows.find((one) => framesOfRow(diff, one)[0] === at('grows'))!;
      const bare = printChange({ ...row.total!, judgement: null }, 'share');
      expect(await matched(page)).toBe(
        `matched ${printValue(row.total!.before, 'share')} → ${printValue(row.total!.after, 'share')} (${bare})`,
      );
      const found = (await readFrames(page)).filter(({ fill }) => fill === matchColours.light.fill);
      expect(found.map(({ name }) => name)).toEqual([at('grows')]);
      await page.keyboard.press('Enter');
      expect((await readFrames(page)).find(({ name }) => name === at('grows'))!.share).toBe(1);
    });

    it('follows the window, and the keyboard walks it', async () => {
      const { page, expectNoTrouble } = await open(before, after);
      await page.setViewportSize({ width: 700, height: 600 });
      await page.waitForFunction(() => document.querySelector('.chart svg')!.clientWidth < 700);
      const { drawn, available } = await flameWidths(page);
      expect(drawn).toBe(available);
      await page.focus('.chart');
      for (const key of ['ArrowDown', 'ArrowDown', 'ArrowRight']) await page.keyboard.press(key);
      expect(await page.textContent('#said')).toMatch(/^\w+ \(\/app\/a\.py\), \d+\.\d% → \d+\.\d% \([+-]?\d+\.\d\)$/);
      await expectNoTrouble();
    });
  });

  describe('the table', () => {
    it.each([
      { per: 'share', by: 'function', stacks: false },
      { per: 'second', by: 'line', stacks: false },
      { per: 'share', by: 'function', stacks: true },
    ] as const)('has the rows of diffProfiles, in its order: %o', async (options) => {
      const { page, expectNoTrouble } = await open(before, after, { options });
      await openTable(page);
      const diff = diffProfiles(before, after, options);
      const cells = (change: Change) => [
        printChange(change, options.per).replace(' ±', '±').replace(' *', '★'),
        printValue(change.before, options.per),
        printValue(change.after, options.per),
      ];
      const expected = diff.rows.map((row) => {
        const { before: was, after: is } = row.total ?? row.self;
        const fate = is === 0 ? 'gone' : was === 0 ? 'new' : '';
        const name = `${framesOfRow(diff, row).reverse().join(' < ')}${fate}`;
        return [...cells(row.self), ...(row.total ? cells(row.total) : []), name];
      });
      const shown = await readChanges(page);
      // What changed equally has no order of its own: numbers of functions differ in a page.
      expect(shown.toSorted()).toEqual(expected.toSorted());
      expect(shown.map(([change]) => change)).toEqual(expected.map(([change]) => change));
      expect(shown.some(([change, , , total]) => `${change}${total}`.includes('★'))).toBe(true);
      await expectNoTrouble();
    });

    it('compares anew, by file and per second', async () => {
      const { page } = await open(before, after);
      await openTable(page);
      await page.selectOption('#by', 'file');
      await page.selectOption('#per', 'second');
      const diff = diffProfiles(before, after, { by: 'file', per: 'second', stacks: false });
      expect((await readChanges(page)).map(([, , , , , , name]) => name)).toEqual(diff.groups.labels);
      expect((await readChanges(page))[0]![1]).toBe(printValue(diff.rows[0]!.self.before, 'second'));
    });

    it('sorts as one likes, and shows what is searched', async () => {
      const { page } = await open(before, after);
      await openTable(page);
      const totals = async () => (await readChanges(page)).map(([, , , total]) => Number.parseFloat(total!));
      await page.click('[data-column="total change"] button');
      expect(await totals()).toEqual((await totals()).toSorted((a, b) => b - a));
      await page.click('[data-column="total change"] button');
      expect(await totals()).toEqual((await totals()).toSorted((a, b) => a - b));
      await page.fill('#search', 'legacy');
      expect((await readChanges(page)).map((cells) => cells.at(-1))).toEqual([`${at('legacy')}gone`]);
      expect(await page.locator('.table-view .note').textContent()).toMatch(
        /^1 function of 8: 1 changed .* 1 gone, 0 new$/,
      );
    });

    it('leads to the graph, also to what is gone', async () => {
      const { page, expectNoTrouble } = await open(before, after);
      await openTable(page);
      await page.click(`table.changes button:text-is("${at('legacy')}")`);
      expect(await page.getAttribute('#widths button:text-is("Both")', 'aria-pressed')).toBe('true');
      const found = (await readFrames(page)).filter(({ fill }) => fill === matchColours.light.fill);
      expect(found.map(({ name }) => name.replace(' (/app/a.py)', ''))).toEqual(['legacy']);
      expect(await page.locator('.chart .cursor').isVisible()).toBe(true);
      await expectNoTrouble();
    });
  });

  describe('what it compares', () => {
    it('is told, with what changed most', async () => {
      const { page } = await open(before, after);
      expect(await page.textContent('#verdict')).toMatch(/^Changed \d+ functions changed by more than chance$/);
      expect(await page.locator('#sides dd').allTextContents()).toEqual([
        expect.stringMatching(/^monday\.html · 30\.0 s of 4 workers, 4800 ticks of samples at 20 Hz · h · 100\.0 %/),
        expect.stringMatching(/^tuesday\.html · /),
      ]);
      await page.locator('#hottest button').first().click();
      expect(await page.locator('.chart .cursor').isVisible()).toBe(true);
    });

    const one = profileFrom(['a;b 1']);
    it.each([
      ['nothing and nothing', profileFrom([]), profileFrom([]), 'of before: it has no samples', ['all workers']],
      ['nothing and one sample', profileFrom([]), one, 'of before: it has no samples', ['all workers', 'a', 'b']],
      ['one sample and nothing', one, profileFrom([]), 'of before: its samples have no time', ['all workers']],
      [
        'no common stack',
        one,
        profileFrom(['x;y 1', 'x 1']),
        'of before: its samples have no time',
        ['all workers', 'x', 'y'],
      ],
    ] as const)('may be %s', async (_, a, b, why, labels) => {
      const { page, expectNoTrouble } = await open(a, b);
      expect((await warningsOf(page))[0]).toContain(`What is chance cannot be told ${why}`);
      expect(await page.textContent('#verdict')).toBe('Not judged no change can be told from chance');
      expect((await readFrames(page)).map(({ label }) => label.replace(' (/app/main.py)', ''))).toEqual(labels);
      expect(await page.locator('.graph .note').isVisible()).toBe(labels.length === 1);
      for (const width of ['Before', 'Both'] as const) await chooseWidth(page, width);
      const all = new Set(['all workers', ...diffProfiles(a, b, byFunction).groups.labels]);
      expect(new Set((await readFrames(page)).map(({ name }) => name))).toEqual(all);
      await openTable(page);
      expect(await readChanges(page)).toHaveLength(all.size - 1);
      await expectNoTrouble();
    });

    it('may have hostile names', async () => {
      const hostile = [
        '</script><script>window.pwned=1</script>',
        '<img src=x onerror="window.pwned=1">',
        '__proto__',
        '&lt;b&gt;',
      ];
      const stack = hostile.map((name) => `${name}@/${name.replaceAll(';', '')}.py:1`.replaceAll(';', '')).join(';');
      const names = { before: hostile.join(' '), after: `${hostile[0]}</title>$&` };
      const { page, expectNoTrouble } = await open(profileFrom([`${stack} 3`]), profileFrom([`${stack};x 2`]), {
        names,
      });
      expect(await page.locator('#sides b').allTextContents()).toEqual([names.before, names.after]);
      expect(await page.textContent('title')).toBe(`tbprof: ${names.before} and ${names.after} compared`);
      const { labels } = diffProfiles(profileFrom([`${stack} 3`]), profileFrom([`${stack};x 2`]), byFunction).groups;
      expect((await readFrames(page)).map(({ name }) => name)).toEqual(['all workers', ...labels]);
      for (const label of labels) await tooltipOf(page, label);
      await openTable(page);
      expect((await readChanges(page)).map((cells) => cells.at(-1)!.replace(/new$/, '')).toSorted()).toEqual(
        [...labels].sort(),
      );
      expect(await pwned(page)).toBeUndefined();
      expect([await page.locator('img').count(), await page.locator('script').count()]).toEqual([0, 4]);
      await expectNoTrouble();
    });
  });

  describe.each(['light', 'dark'] as const)('in %s colours', (colorScheme) => {
    it('is for everybody', async () => {
      const { page, expectNoTrouble } = await open(before, after, { open: { colorScheme } });
      await page.click('#truth-details summary');
      await page.fill('#search', 'leaf');
      await clickFrame(page, at('grows'));
      expect(await violations(page)).toEqual([]);
      await openTable(page);
      expect(await violations(page)).toEqual([]);
      await page.click('#help-open');
      expect(await violations(page)).toEqual([]);
      await expectNoTrouble();
    });

    it('is for everybody where nothing can be judged', async () => {
      const { page } = await open(profileFrom([]), profileFrom(['a 1']), { open: { colorScheme } });
      expect(await violations(page)).toEqual([]);
    });
  });

  it('lets the keyboard reach every control', async () => {
    const { page } = await open(before, after);
    const { controls, reached } = await reachByTab(page);
    expect(reached).toBe(controls);
  });
});
