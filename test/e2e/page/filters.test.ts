// Filters: what is left is what Node's own filters leave of the same recording.
import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { applyFilters } from '../../../src/page/shown.ts';
import { splitStacks } from '../../../src/page/split.ts';
import { type Filters, noFilters, type Split } from '../../../src/page/state.ts';
import { type Grouping, groupings } from '../../../src/profile/labels.ts';
import type { Profile } from '../../../src/profile/profile.ts';
import { describeWith } from '../../helpers/describe-with.ts';
import { profileFrom } from '../../helpers/profile-from.ts';
import {
  chooseView,
  frame,
  newBuilder,
  readFrames,
  readTable,
  scope,
  useReportPages,
} from '../../helpers/report-page.ts';
import { treeOf } from '../../helpers/tree-of.ts';

const django = '/usr/lib/python3/dist-packages/django';
const recording = profileFrom([
  `0/0|application@/srv/wsgi.py:3;__call__@${django}/wsgi.py:9;get@${django}/base.py:130;orders@/srv/views.py:7;all@${django}/db.py:5 30`,
  `0/1|application@/srv/wsgi.py:3;__call__@${django}/wsgi.py:9;get@${django}/base.py:130;product@/srv/views.py:20 20`,
  `1/0|application@/srv/wsgi.py:3;__call__@${django}/wsgi.py:9;get@${django}/base.py:131;orders@/srv/views.py:9;dump@/usr/lib/python3.11/json/x.py:1 25`,
  `1/1|loop@/srv/cron.py:1;sleep@/srv/cron.py:2 25`,
]);

/** What the page draws: label, row and share of each frame, as Node counts them. */
function expected(profile: Profile, by: Grouping) {
  const { groups, tree } = treeOf(profile, by);
  return [...tree.group.keys()]
    .map((node) => ({
      label: node === 0 ? 'all workers' : groups.labels[tree.group[node]!]!,
      row: tree.depth[node]!,
      ticks: tree.total[node]!,
    }))
    .sort((a, b) => a.row - b.row || b.ticks - a.ticks || (a.label < b.label ? -1 : 1));
}

async function drawn(page: Page, ticks: number) {
  const frames = await readFrames(page, { raw: true });
  const all = frames.map(({ label, row, share }) => ({ label, row, ticks: Math.round(share * ticks) }));
  return all.sort((a, b) => a.row - b.row || b.ticks - a.ticks || (a.label < b.label ? -1 : 1));
}

const row = (name: string, rows: readonly { readonly name: string }[]) => rows.findIndex((one) => one.name === name);

describeWith('chromium', 'report page: filters', () => {
  const { openProfile } = useReportPages();

  const openFilters = async () => {
    const opened = await openProfile(recording, { viewport: { width: 2_000, height: 900 } });
    await opened.page.click('#filter-open');
    return opened;
  };

  const check = async (page: Page, filters: Partial<Filters>) => {
    const { profile } = applyFilters(recording, { ...noFilters, ...filters });
    const { tree } = treeOf(profile);
    expect(await drawn(page, tree.total[0]!)).toEqual(expected(profile, 'line'));
    const share = `shown ${tree.total[0]!.toFixed(1)} % of the whole (${tree.total[0]} ticks of 100)`;
    expect(await scope(page)).toBe(share);
    await chooseView(page, 'Functions');
    expect(await readTable(page)).toHaveLength(new Set(treeOf(profile, 'function').tree.group).size - 1);
    await chooseView(page, 'Flame graph');
  };

  it.each<[string, (page: Page) => Promise<unknown>, Partial<Filters>]>([
    ['a worker', (page) => page.check('label:has-text("worker 2") input'), { workers: [1] }],
    [
      'threads',
      async (page) => {
        await page.check('label:has-text("uWSGIWorker1Core1") input');
        await page.check('label:has-text("uWSGIWorker2Core0") input');
      },
      {
        threads: ['uWSGIWorker1Core1', 'uWSGIWorker2Core0'].map((name) => row(name, recording.threads)),
      },
    ],
    [
      'a stretch of time',
      async (page) => {
        await page.fill('[name=from]', '3');
        await page.fill('[name=to]', '7.5');
        await page.keyboard.press('Enter');
      },
      { fromMs: 3_000, toMs: 7_500 },
    ],
    [
      'what a function calls',
      (page) => page.fill('[name=focus]', 'orders').then(() => page.keyboard.press('Enter')),
      { focus: 'orders' },
    ],
    [
      'stacks with a frame',
      (page) => page.fill('[name=include]', 'CRON').then(() => page.keyboard.press('Enter')),
      { include: 'CRON' },
    ],
    [
      'stacks without a frame, by an expression',
      (page) => page.fill('[name=exclude]', '/^(all|loop)$/').then(() => page.keyboard.press('Enter')),
      { exclude: '/^(all|loop)$/' },
    ],
    ['a library in one frame', (page) => page.check('label:has-text("django") input'), { hide: ['django'] }],
    ['application code', (page) => page.check('[name=app]'), { appOnly: true }],
  ])('shows only %s', async (_name, choose, filters) => {
    const { page, expectNoTrouble } = await openFilters();
    await choose(page);
    await check(page, filters);
    expect(await page.locator('#scope .chip').count()).toBe(1);
    await page.click('#scope .chip');
    expect(await page.isVisible('#scope')).toBe(false);
    expect(await drawn(page, 100)).toEqual(expected(recording, 'line'));
    await expectNoTrouble();
  });

  it('can be combined and cleared', async () => {
    const { page } = await openFilters();
    await page.check('label:has-text("worker 1") input');
    await page.check('[name=app]');
    await check(page, { workers: [0], appOnly: true });
    await page.click('text=Clear filters');
    expect(await drawn(page, 100)).toEqual(expected(recording, 'line'));
  });

  it('say so where nothing is left, and where an expression is none', async () => {
    const { page, expectNoTrouble } = await openFilters();
    await page.fill('[name=include]', 'nothing like it');
    await page.keyboard.press('Enter');
    expect(await page.textContent('#scope .empty')).toBe('Nothing passes the filters.');
    expect(await scope(page)).toBe('shown 0.0 % of the whole (0 ticks of 100)');
    for (const view of ['Bottom-up', 'Callers and callees', 'Functions', 'Timeline', 'Source'])
      await chooseView(page, view);
    await page.fill('[name=include]', '/(/');
    await page.keyboard.press('Enter');
    expect(await page.textContent('#scope .problem')).toMatch(/^include: .*expression/i);
    expect(await scope(page)).toBe('shown 100.0 % of the whole (100 ticks of 100)');
    await expectNoTrouble();
  });

  it('keep the frame that is zoomed into', async () => {
    const { page } = await openFilters();
    await page.locator('g.frame[name^="orders (/srv/views.py:7)"] rect').click();
    await page.check('label:has-text("worker 1") input');
    const zoomed = (await readFrames(page)).filter(({ fade }) => !fade);
    expect(zoomed.map(({ label, share }) => [label.split(' ')[0], share])).toEqual([
      ['orders', 1],
      ['all', 1],
    ]);
  });

  it.each(groupings)('frames are gathered by %s', async (by) => {
    const { page } = await openProfile(recording, { viewport: { width: 2_000, height: 900 } });
    await page.selectOption('#by', by);
    expect(await drawn(page, 100)).toEqual(expected(recording, by));
  });

  it.each<Split>(['worker', 'thread', 'endpoint'])('stacks stand on their %s', async (split) => {
    const { page, expectNoTrouble } = await openProfile(recording, { viewport: { width: 2_000, height: 900 } });
    await page.selectOption('#split', split);
    const profile = splitStacks(recording, split);
    expect(await drawn(page, 100)).toEqual(expected(profile, 'line'));
    if (split === 'endpoint') {
      const roots = (await drawn(page, 100)).filter(({ row: at }) => at === 1);
      expect(roots).toEqual([
        { label: 'orders (/srv/views.py)', row: 1, ticks: 55 },
        { label: 'loop (/srv/cron.py)', row: 1, ticks: 25 },
        { label: 'product (/srv/views.py)', row: 1, ticks: 20 },
      ]);
    }
    await expectNoTrouble();
  });

  it('time of the processor is counted where the source tells it, and not offered elsewhere', async () => {
    const builder = newBuilder({ rateHz: 10 });
    const worker = builder.addWorker({ number: 1, address: 'a' });
    const thread = builder.thread(worker, 't');
    builder.addSample(thread, builder.stackOf([frame('waits', 'x.py', 1)]), 30, 0);
    builder.addSample(thread, builder.stackOf([frame('computes', 'x.py', 2)]), 10, 750_000);
    builder.endDump({ worker, timeMs: 0, weight: 40, waitUs: 1 });
    builder.end(4_000);
    const { page, expectNoTrouble } = await openProfile(builder.view());
    expect(await page.textContent('#hottest')).toContain('75.0 % waits');
    await page.selectOption('#measure', 'cpu');
    expect((await readFrames(page)).map(({ label }) => label)).toEqual(['all workers', 'computes (x.py:2)']);
    await chooseView(page, 'Functions');
    expect((await readTable(page))[0]!.slice(0, 2)).toEqual(['100.0 %750 ms', '100.0 %750 ms']);
    await expectNoTrouble();
    const { page: wall } = await openProfile(recording);
    expect(await wall.isVisible('#measure')).toBe(false);
  });
});
