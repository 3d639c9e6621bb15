// What readers are used to: keys, buttons, links that bring back what was seen, dark and light, copies.
import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { describeWith } from '../../helpers/describe-with.ts';
import { profileFrom } from '../../helpers/profile-from.ts';
import { chooseView, clickFrame, matched, readFrames, scope, useReportPages } from '../../helpers/report-page.ts';

/**
 *   | a 12             | f 4 |
 *   | b 8       | e 4  |
 *   | c 6 | d 2 |
 */
const small = profileFrom(['a;b;c 6', 'a;b;d 2', 'a;e 4', '1/0|f 4']);

const hash = (page: Page) => page.evaluate(() => location.hash);
const cursor = async (page: Page) =>
  (await page.locator('.frame-bar b').allTextContents()).map((name) => name.replace(' (/app/main.py:1)', ''))[0];

describeWith('chromium', 'report page: habits', () => {
  const { write, openReport, openProfile } = useReportPages();

  it('a link brings back view, zoom, filters and search', async () => {
    const file = await write(small);
    const { page } = await openReport(file);
    await page.selectOption('#by', 'function');
    await page.click('#filter-open');
    await page.check('label:has-text("worker 1") input');
    await page.fill('#search', 'c');
    await page.locator('g.frame[name^="b ("] rect').click();
    const seen = await readFrames(page);
    const link = await hash(page);
    expect(link).toMatch(/by=function/);

    const { page: again, expectNoTrouble } = await openReport(file, { hash: link });
    expect(await readFrames(again)).toEqual(seen);
    expect(await matched(again)).toBe(await matched(page));
    expect(await scope(again)).toBe(await scope(page));
    expect(await again.inputValue('#search')).toBe('c');
    await expectNoTrouble();
  });

  it('the way back leads through what was seen', async () => {
    const { page } = await openProfile(small);
    const whole = await readFrames(page);
    await clickFrame(page, 'b');
    const zoomed = await readFrames(page);
    await chooseView(page, 'Functions');
    await page.goBack();
    await expect.poll(() => page.locator('.chart').count()).toBe(1);
    expect(await readFrames(page)).toEqual(zoomed);
    await page.goBack();
    await expect.poll(() => readFrames(page)).toEqual(whole);
    await page.goForward();
    await expect.poll(() => readFrames(page)).toEqual(zoomed);
  });

  it.each(['#view=nothing&by=?&zoom=99999&workers=77&threads=x&from=-1', '#zoom=1e99', '#%E0%A4%A', '#q=(&regex=1'])(
    'a link that makes no sense does no harm: %s',
    async (link) => {
      const { page, expectNoTrouble } = await openReport(await write(small), { hash: link });
      expect((await readFrames(page))[0]!.label).toBe('all workers');
      await expectNoTrouble();
    },
  );

  it('the arrow keys walk the frames, Enter zooms, Escape goes up, 0 to the root', async () => {
    const { page, expectNoTrouble } = await openProfile(small);
    await page.focus('.chart');
    const walk = async (...keys: string[]) => {
      for (const key of keys) await page.keyboard.press(key);
      return cursor(page);
    };
    expect(await walk('ArrowDown')).toBe('a');
    expect(await page.textContent('#said')).toBe('a (/app/main.py:1), 75.0 %');
    expect(await walk('ArrowRight')).toBe('f');
    expect(await walk('ArrowRight')).toBe('f');
    expect(await walk('ArrowLeft', 'ArrowDown')).toBe('b');
    expect(await walk('ArrowRight')).toBe('e');
    expect(await walk('ArrowUp')).toBe('a');
    expect(await walk('ArrowDown', 'Enter')).toBe('b');
    expect((await readFrames(page)).find(({ label }) => label === 'b')!.share).toBe(1);
    const zoomed = async () => {
      const frames = await readFrames(page);
      return [frames.filter(({ fade }) => fade).length, frames.find(({ fade }) => !fade)!.label];
    };
    expect(await zoomed()).toEqual([2, 'b']);
    expect(await walk('Escape')).toBe('b'); // the keyboard lets go of it, it stays as wide
    expect(await zoomed()).toEqual([2, 'b']);
    expect(await walk('Escape')).toBe('a');
    expect(await zoomed()).toEqual([1, 'a']);
    expect(await walk('Escape')).toBe(undefined);
    expect(await zoomed()).toEqual([0, 'all workers']);
    expect(await walk('Escape')).toBe(undefined);

    await clickFrame(page, 'c');
    expect(await zoomed()).toEqual([3, 'c']);
    expect(await walk('0')).toBe(undefined);
    expect(await zoomed()).toEqual([0, 'all workers']);
    await expectNoTrouble();
  });

  it('the arrow keys walk callers and callees, Enter puts a frame into the middle, c copies its name', async () => {
    const { page, expectNoTrouble } = await openProfile(profileFrom(['main;a;b;c 6', 'main;a;b;d 2', 'e;b;d 1']));
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    const copied = () => page.evaluate(() => navigator.clipboard.readText());
    await page.keyboard.press('3');
    await page.selectOption('.sandwich select', 'b (/app/main.py)');
    const callers = page.locator('.chart').nth(0);
    const callees = page.locator('.chart').nth(1);
    const subject = () => page.inputValue('.sandwich select');
    const said = () => page.textContent('#said');
    /** Where the keyboard is: row from the function in the middle, and part of the width. */
    const cursorIn = (chart: typeof callers) =>
      chart.evaluate((box) => {
        const { left, top, bottom, width } = box.getBoundingClientRect();
        const cursor = box.querySelector('.cursor')!.getBoundingClientRect();
        if (cursor.width === 0) return null;
        const px = box.classList.contains('root-below') ? bottom - cursor.bottom : cursor.top - top;
        return [
          Math.round(px / 18),
          Math.round(((cursor.left - left) / width) * 9),
          Math.round((cursor.width / width) * 9),
        ];
      });
    await callers.focus();
    await page.keyboard.press('ArrowUp');
    expect(await said()).toBe('a (/app/main.py), 88.9 %');
    expect(await cursorIn(callers)).toEqual([1, 0, 8]);
    expect(await cursorIn(callees)).toBe(null);
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('C');
    await expect.poll(copied).toBe('main (/app/main.py)\na (/app/main.py)\nb (/app/main.py)');
    await page.keyboard.press('Escape');
    expect(await cursorIn(callers)).toBe(null);

    await callees.focus();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowRight');
    expect(await cursorIn(callees)).toEqual([1, 6, 3]);
    await page.keyboard.press('c');
    await expect.poll(copied).toBe('d');
    await page.keyboard.press('C');
    await expect.poll(copied).toBe('b (/app/main.py)\nd (/app/main.py)');
    await page.keyboard.press('Enter');
    expect(await subject()).toBe('d (/app/main.py)');
    expect(await said()).toBe('d (/app/main.py) is in the middle');
    expect(await cursorIn(callees)).toBe(null);
    await page.goBack();
    await expect.poll(subject).toBe('b (/app/main.py)');
    await expectNoTrouble();
  });

  it('n and N go from match to match', async () => {
    const { page } = await openProfile(profileFrom(['a;x 5', 'b;x 4', 'c;d;x 3', 'y 2']));
    await page.fill('#search', 'x');
    expect(await page.textContent('#place')).toBe('– / 3');
    await page.keyboard.press('Escape');
    await page.fill('#search', 'x');
    await page.focus('.chart');
    const step = async (key: string) => {
      await page.keyboard.press(key);
      return `${await page.textContent('#place')} ${(await readFrames(page)).map(({ label }) => label).join(' ')}`;
    };
    expect(await step('n')).toBe('1 / 3 all workers a x');
    expect(await step('n')).toBe('2 / 3 all workers b x');
    expect(await step('n')).toBe('3 / 3 all workers c d x');
    expect(await step('n')).toBe('1 / 3 all workers a x');
    expect(await step('N')).toBe('3 / 3 all workers c d x');
  });

  it('the buttons beside the search do what the keys do, Enter in it goes on, with Shift back', async () => {
    const { page, expectNoTrouble } = await openProfile(profileFrom(['a;x 5', 'b;x1 4', 'c;d;xy 3', 'y 2']));
    const labels = async () => (await readFrames(page)).map(({ label }) => label).join(' ');
    const place = () => page.textContent('#place');
    await page.fill('#search', 'x.');
    expect(await matched(page)).toBe('matched 0.0 % (0 ticks)');
    expect(await page.isDisabled('#next')).toBe(true);
    await page.click('#regex');
    expect(await page.getAttribute('#regex', 'aria-pressed')).toBe('true');
    await expect.poll(() => hash(page)).toContain('regex=1');
    await page.fill('#search', '^x.$');
    expect(await matched(page)).toBe('matched 50.0 % (7 ticks)');
    expect(await place()).toBe('– / 2');
    await page.click('#next');
    expect([await place(), await labels()]).toEqual(['1 / 2', 'all workers b x1']);
    await page.click('#next');
    expect([await place(), await labels()]).toEqual(['2 / 2', 'all workers c d xy']);
    await page.click('#previous');
    expect([await place(), await labels()]).toEqual(['1 / 2', 'all workers b x1']);
    await page.focus('#search');
    await page.keyboard.press('Enter');
    expect([await place(), await labels()]).toEqual(['2 / 2', 'all workers c d xy']);
    await page.keyboard.press('Shift+Enter');
    expect([await place(), await labels()]).toEqual(['1 / 2', 'all workers b x1']);
    expect(await page.inputValue('#search')).toBe('^x.$');
    await page.click('#regex');
    expect(await matched(page)).toBe('matched 0.0 % (0 ticks), 0.0 % of the zoomed');
    await expectNoTrouble();
  });

  it('f opens and closes the filters, and the frames are walked while they are open', async () => {
    const { page, expectNoTrouble } = await openProfile(small);
    await page.keyboard.press('f');
    expect(await page.isVisible('#filters')).toBe(true);
    expect(await page.evaluate(() => document.activeElement!.closest('form')?.id)).toBe('filters');
    await page.keyboard.type('cf'); // into the field: no keys of the page
    expect(await page.isVisible('#filters')).toBe(true);
    await page.keyboard.press('Backspace');
    await page.keyboard.press('Backspace');
    await page.focus('.chart');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowRight');
    expect(await cursor(page)).toBe('f');
    await page.focus('#filters input[type=checkbox]'); // a box has no use for f, nor for Escape
    await page.keyboard.press('Escape');
    expect(await cursor(page)).toBe(undefined);
    await page.keyboard.press('f');
    expect(await page.isVisible('#filters')).toBe(false);
    await expectNoTrouble();
  });

  it('what is said of a frame leads to this function only, to its callers, and hides its module', async () => {
    const lib = '/usr/lib/python3/dist-packages/lib';
    const { page, expectNoTrouble } = await openProfile(
      profileFrom([`main;call@${lib}/x.py:1;deep@${lib}/y.py:2 6`, 'main;deep 2']),
    );
    const labels = async () => (await readFrames(page)).map(({ label }) => label);
    await clickFrame(page, 'deep (lib/y.py:2)');
    await page.click('.frame-bar >> text=Only this');
    expect(await labels()).toEqual(['all workers', 'deep (lib/y.py:2)']);
    expect(await scope(page)).toContain('(6 ticks of 8)');
    await page.click('#scope >> text=Clear filters');
    await clickFrame(page, 'deep (lib/y.py:2)');
    await page.click('.frame-bar >> text=Callers and callees');
    expect(await page.getAttribute('body', 'data-view')).toBe('sandwich');
    expect(await page.inputValue('.sandwich select')).toBe('deep (lib/y.py)');
    await page.keyboard.press('1');
    await clickFrame(page, 'call (lib/x.py:1)');
    await page.click('.frame-bar >> text=Hide module');
    expect(await labels()).toEqual(['all workers', 'main', 'lib', 'deep']);
    await expect.poll(() => hash(page)).toContain('hide=lib');
    await expectNoTrouble();
  });

  it('the numbers choose a view, ? lists the keys', async () => {
    const { page, expectNoTrouble } = await openProfile(small);
    for (const [at, view] of ['flame', 'bottom-up', 'sandwich', 'functions', 'timeline', 'source'].entries()) {
      await page.keyboard.press(String(at + 1));
      expect(await page.getAttribute('body', 'data-view')).toBe(view);
    }
    await page.keyboard.press('?');
    expect(await page.isVisible('#help')).toBe(true);
    expect(await page.locator('#help dt').count()).toBeGreaterThan(8);
    await page.keyboard.press('Escape');
    expect(await page.isVisible('#help')).toBe(false);
    await expectNoTrouble();
  });

  it('is as dark as the system, until the reader chooses, and remembers that', async () => {
    const file = await write(small);
    const { page } = await openReport(file, { colorScheme: 'dark' });
    const paper = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const dark = await paper();
    const darkFill = (await readFrames(page))[1]!.fill;
    await page.click('#theme');
    expect(await paper()).not.toBe(dark);
    expect((await readFrames(page))[1]!.fill).not.toBe(darkFill);
    const light = await paper();
    await page.reload();
    await page.waitForSelector('body[data-ready]');
    expect(await paper()).toBe(light);
    await page.keyboard.press('t');
    expect(await paper()).toBe(dark);
  });

  it('copies the name and the stack of a frame', async () => {
    const { page } = await openProfile(small);
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    const copied = () => page.evaluate(() => navigator.clipboard.readText());
    await clickFrame(page, 'c');
    await page.click('text=Copy name');
    await expect.poll(copied).toBe('c');
    await page.click('text=Copy stack');
    await expect.poll(copied).toBe(['a', 'b', 'c'].map((name) => `${name} (/app/main.py:1)`).join('\n'));
    await page.focus('.chart');
    await page.keyboard.press('c');
    await expect.poll(copied).toBe('c');
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('C');
    await expect.poll(copied).toBe(['a', 'b'].map((name) => `${name} (/app/main.py:1)`).join('\n'));
  });
});
