// The page as a file: alone, silent, closed to everything from outside, and honest where it is damaged.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { defaultView } from '../../../src/formats/format.ts';
import { html } from '../../../src/formats/html.ts';
import { compress } from '../../../src/stream/compress.ts';
import { runCli } from '../../helpers/cli.ts';
import { describeWith } from '../../helpers/describe-with.ts';
import { profileFrom } from '../../helpers/profile-from.ts';
import { renderText } from '../../helpers/rendered.ts';
import { chooseView, near, pwned, readFrames, readTable, useReportPages } from '../../helpers/report-page.ts';

describeWith('chromium', 'report page as a file', () => {
  const { browser, folder, write, openReport, openProfile } = useReportPages();

  /**
   *   | a 12             | f 4 |
   *   | b 8       | e 4  |
   *   | c 6 | d 2 |
   */
  const small = profileFrom(['a;b;c 6', 'a;b;d 2', 'a;e 4', 'f 4']);

  describe('the browser of these tests', () => {
    it('notices errors, warnings, dialogs and requests', async () => {
      const file = join(folder, 'noisy.html');
      writeFileSync(
        file,
        `<img src="beside.png"><script>console.error('E'); console.warn('W'); alert('A');
        fetch('http://127.0.0.1:9/').catch(() => {}); setTimeout(() => { document.title = 'done'; throw new Error('T'); });
        </script>`,
      );
      const { page, trouble, expectNoTrouble } = await browser.open(file);
      await expect.poll(() => page.title()).toBe('done');
      const found = (await trouble()).join('\n');
      for (const part of ['error: E', 'warning: W', 'dialog: A', 'uncaught: T', '/beside.png', '127.0.0.1:9']) {
        expect(found).toContain(part);
      }
      await expect(expectNoTrouble()).rejects.toThrow();
    });
  });

  describe('file', () => {
    it('is all that is asked for, and nothing is logged', async () => {
      const { expectNoTrouble } = await openProfile(small);
      await expectNoTrouble();
    });

    it('forbids all but its own script and style', async () => {
      const { page, trouble } = await openProfile(small);
      const policy = await page.getAttribute('meta[http-equiv="Content-Security-Policy"]', 'content');
      const directives = new Map(policy!.split('; ').map((part) => part.split(/ (.*)/s) as [string, string]));
      expect([...directives.keys()].sort()).toEqual([
        'base-uri',
        'default-src',
        'form-action',
        'script-src',
        'style-src',
      ]);
      expect(directives.get('default-src')).toBe("'none'");
      expect(directives.get('base-uri')).toBe("'none'");
      expect(directives.get('form-action')).toBe("'none'");
      expect(directives.get('script-src')).toMatch(/^'sha256-[\w+/]{43}='$/);
      expect(directives.get('style-src')).toMatch(/^'sha256-[\w+/]{43}='$/);

      // What would get past the escaping still could not run.
      await page.evaluate(() => {
        const script = document.createElement('script');
        script.textContent = 'window.pwned = 1';
        document.body.append(script);
        const markup = document.createElement('div');
        markup.innerHTML = '<img src="x" onerror="window.pwned = 1">';
        document.body.append(markup);
      });
      await expect.poll(async () => (await trouble()).filter((line) => /Content Security/.test(line)).length).toBe(3);
      expect(await pwned(page)).toBeUndefined();
    });

    it('comes as a template that shows its own demo', async () => {
      const { page, expectNoTrouble } = await openReport(
        fileURLToPath(new URL('../../../templates/report.html', import.meta.url)),
      );
      const frames = await readFrames(page);
      expect(frames.map(({ label }) => label)).toEqual([
        'all workers',
        'application (/srv/demo/app.py:5)',
        'page (/srv/demo/app.py:9)',
        'query (/srv/demo/app.py:14)',
      ]);
      expect(frames.map(({ share }) => share)).toEqual([1, 1, 1, 0.7].map(near));
      expect(await page.title()).toContain('demo');
      await expectNoTrouble();
    });
  });

  describe('damaged page', () => {
    it.each([
      ['no base64', async () => '*** not base64 ***'],
      ['nothing', async () => ''],
      ['bytes that are not compressed', async () => 'AAAAAAAA'],
      ['half of the bytes', async (payload: string) => payload.slice(0, 4 * Math.floor(payload.length / 8))],
      ['text that is no recording', () => compress('{"hello":"world"}\n')],
      ['a recording of a later version', () => compress('{"tbprof":99}\n')],
    ])('with %s in place of the recording says so', async (_name, damage) => {
      const good = await renderText(html, small);
      const payload = /id="stream">([^<]*)</.exec(good)![1]!;
      const bad = await damage(payload);
      const file = await write(small, defaultView, (page) => page.replace(payload, () => bad));
      const { page, expectNoTrouble } = await browser.open(file);
      await expect
        .poll(() => page.locator('#warnings p').allTextContents())
        .toEqual([expect.stringMatching(/^This report cannot be shown: \S/)]);
      expect(await page.locator('g.frame').count()).toBe(0);
      await expectNoTrouble();
    });
  });

  it('agrees with what the command line printed', async () => {
    const file = join(folder, 'demo.html');
    const { exitCode, stderr } = await runCli(['demo', '-d', '1s', '-o', file]);
    expect(exitCode, stderr).toBe(0);
    const rows = [...stderr.matchAll(/^ +(\d+) +([\d.]+)% +(\d+) +([\d.]+)% {2}(.*)$/gm)].map(
      ([, self, selfShare, total, totalShare, label]) => ({ self, selfShare, total, totalShare, label }),
    );
    expect(rows.length, stderr).toBeGreaterThan(5);
    const { page, expectNoTrouble } = await openReport(file);
    await chooseView(page, 'Functions');
    const percent = (cell: string) => cell.split(' %')[0];
    const shown = (await readTable(page)).map(([self, total, ticks, label]) =>
      [percent(self!), percent(total!), ticks, label].join(' '),
    );
    // Rows of equal weight come in any order: the last of those printed may be one of several.
    const printed = rows.map(({ selfShare, totalShare, total, label }) =>
      [selfShare, totalShare, total, label].join(' '),
    );
    expect(shown).toEqual(expect.arrayContaining(printed));
    const selves = (all: readonly string[]) => all.slice(0, rows.length).map((row) => row.split(' ')[0]);
    expect(selves(shown)).toEqual(selves(printed));
    await expectNoTrouble();
  });
});
