// The report page as people see it: in a browser, from a file, with the mouse and the keyboard.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { buildCallTree } from '../../src/aggregate/call-tree.ts';
import { foldStacks } from '../../src/aggregate/fold.ts';
import { matchLabels, sumMatches } from '../../src/aggregate/match.ts';
import { defaultView, type View } from '../../src/formats/format.ts';
import { html } from '../../src/formats/html.ts';
import { matchColour } from '../../src/page/colours.ts';
import { ProfileBuilder } from '../../src/profile/builder.ts';
import { groupFrames } from '../../src/profile/labels.ts';
import type { Profile } from '../../src/profile/profile.ts';
import { compress } from '../../src/stream/compress.ts';
import { type OpenPage, useChromium } from '../helpers/chromium.ts';
import { runCli } from '../helpers/cli.ts';
import { describeWith } from '../helpers/describe-with.ts';
import { profileFrom } from '../helpers/profile-from.ts';
import { renderText } from '../helpers/rendered.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

/** Texts that break out of whatever is not careful: markup, replacement patterns, line ends, direction, terminals. */
const hostile = [
  '</script><script>window.pwned=1</script>',
  '<img src=x onerror="window.pwned=1">',
  '<!--<script>',
  '</title></style></textarea>-->',
  "$& $` $' $1 $$",
  'a\u2028b\u2029c',
  'gnp.\u202Eexe\u202C',
  `"double" 'single' \`back\``,
  'nul\0nul',
  '\x1b[31mred\x1b[0m \x1b]0;title\x07',
  '&lt;b&gt; &amp;amp; &#x41;',
  '__proto__',
  'constructor',
  'naïve 名前 🐍',
];

describeWith('chromium', 'report page', () => {
  const browser = useChromium();
  const folder = temporaryFolder();
  let pages = 0;

  /** A file of the page of a profile. */
  const write = async (profile: Profile, view: View = defaultView, change = (page: string) => page) => {
    pages += 1;
    const file = join(folder, `${pages}.html`);
    writeFileSync(file, change(await renderText(html, profile, view)));
    return file;
  };
  const openReport = async (file: string, options?: Parameters<typeof browser.open>[1]): Promise<OpenPage> => {
    const opened = await browser.open(file, options);
    await opened.page.waitForSelector('body[data-ready]');
    return opened;
  };
  const openProfile = async (profile: Profile, options?: Parameters<typeof browser.open>[1]) =>
    openReport(await write(profile), options);

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
        fileURLToPath(new URL('../../templates/report.html', import.meta.url)),
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

  describe('header', () => {
    it('shows host, duration, rate, workers and observed ticks', async () => {
      const builder = newBuilder({ host: 'web-7', rateHz: 20 });
      const first = builder.addWorker({ number: 3, address: '/tmp/tbsocket.3' });
      const second = builder.addWorker({ number: null, address: '@elsewhere' });
      builder.addSample(builder.thread(first, 'uWSGIWorker3Core1'), builder.stackOf([frame('run', 'x.py', 1)]), 30);
      builder.endDump({ worker: first, timeMs: 0, weight: 30, waitUs: 5 });
      builder.endDump({ worker: second, timeMs: 0, weight: 10, waitUs: 5 });
      builder.addEvent({ timeMs: 0, worker: second, kind: 'gap', count: 20, reason: 'late' });
      builder.end(1_500);
      const { page } = await openProfile(builder.view());
      expect(await readFacts(page)).toMatchObject({
        when: expect.stringContaining('(1970-01-01T00:16:40.000Z)'),
        where: 'web-7',
        'how long': '1.5 s',
        rate: '20 dumps/s per worker',
        workers: '2',
        observed: '40 of 60 ticks (66.7 %)',
        'recorded by': 'tbprof 0, from test',
      });
      expect(await page.locator('#workers li').allTextContents()).toEqual([
        'worker 3 1.0 of 2 cores busy',
        '@elsewhere idle',
      ]);
      expect(await page.locator('#warnings p').allTextContents()).toEqual(['33.3% of the ticks were not observed.']);
    });
  });

  describe('flame graph', () => {
    it('draws each frame as wide as its share', async () => {
      const { page } = await openProfile(small);
      expect((await readFrames(page)).map(brief)).toEqual([
        ['all workers', 0, near(0), near(1), false],
        ['a', 1, near(0), near(12 / 16), false],
        ['f', 1, near(12 / 16), near(4 / 16), false],
        ['b', 2, near(0), near(8 / 16), false],
        ['e', 2, near(8 / 16), near(4 / 16), false],
        ['c', 3, near(0), near(6 / 16), false],
        ['d', 3, near(6 / 16), near(2 / 16), false],
      ]);
    });

    it('zooms into the frame that is clicked, and back', async () => {
      const { page, expectNoTrouble } = await openProfile(small);
      const whole = await readFrames(page);
      const zoomed = [
        ['all workers', 0, near(0), near(1), true],
        ['a', 1, near(0), near(1), true],
        ['b', 2, near(0), near(1), false],
        ['c', 3, near(0), near(6 / 8), false],
        ['d', 3, near(6 / 8), near(2 / 8), false],
      ];
      expect(await page.isDisabled('#reset')).toBe(true);
      // Exactly this: d3-flame-graph's own zoom, run as well, would take the frame that stands in b's place now.
      await clickFrame(page, 'b');
      expect((await readFrames(page)).map(brief)).toEqual(zoomed);
      await page.click('#reset');
      expect(await readFrames(page)).toEqual(whole);
      expect(await page.isDisabled('#reset')).toBe(true);

      await clickFrame(page, 'b');
      expect((await readFrames(page)).map(brief)).toEqual(zoomed);
      await page.keyboard.press('Escape');
      expect(await readFrames(page)).toEqual(whole);

      await clickFrame(page, 'b');
      await clickFrame(page, 'c');
      expect((await readFrames(page)).map(brief)).toEqual([
        ['all workers', 0, near(0), near(1), true],
        ['a', 1, near(0), near(1), true],
        ['b', 2, near(0), near(1), true],
        ['c', 3, near(0), near(1), false],
      ]);
      await clickFrame(page, 'b'); // an ancestor
      expect((await readFrames(page)).map(brief)).toEqual(zoomed);
      await clickFrame(page, 'all workers');
      expect(await readFrames(page)).toEqual(whole);
      await expectNoTrouble();
    });

    it('shows after a zoom what was too narrow before', async () => {
      const lines = Array.from({ length: 100 }, (_, i) => `rare;leaf${i} 1`);
      const { page } = await openProfile(profileFrom(['hot 99900', ...lines]));
      expect((await readFrames(page)).map(({ label }) => label)).toEqual(['all workers', 'hot', 'rare']);
      await clickFrame(page, 'rare');
      expect(await readFrames(page)).toHaveLength(2 + 100);
    });

    it('is drawn anew, and stays zoomed, when the window changes its size', async () => {
      const { page } = await openProfile(small, { viewport: { width: 1_300, height: 900 } });
      const { available: wide } = await flameWidths(page);
      await clickFrame(page, 'b');
      const before = await readFrames(page);
      for (const width of [700, 1_500]) {
        await page.setViewportSize({ width, height: 900 });
        const resized = { drawn: wide + width - 1_300, available: wide + width - 1_300 };
        await expect.poll(() => flameWidths(page)).toEqual(resized);
        expect(await readFrames(page)).toEqual(
          before.map((frame) => ({ ...frame, left: near(frame.left), share: near(frame.share) })),
        );
        const overhang = await page.evaluate(() => {
          const { scrollWidth, clientWidth } = document.documentElement;
          return scrollWidth - clientWidth;
        });
        expect(overhang).toBeLessThanOrEqual(0);
      }
    });

    it('turns upside down and back', async () => {
      const { page } = await openProfile(small);
      const top = await readFrames(page);
      await page.click('#flip');
      const turned = await readFrames(page);
      const deepest = Math.max(...turned.map(({ row }) => row));
      const byLabel = new Map(turned.map((frame) => [frame.label, frame]));
      for (const frame of top) {
        expect(byLabel.get(frame.label)).toEqual({ ...frame, row: deepest - frame.row });
      }
      expect(turned).toHaveLength(top.length);
      await page.click('#flip');
      expect(await readFrames(page)).toEqual(top);
    });
  });

  describe('tooltip', () => {
    it('shows the weight of everything on the root frame', async () => {
      const profile = profileFrom(['a;b 7', 'a 4', '1/2|c 2'], { rateHz: 4 });
      const tree = treeOf(profile);
      expect(tree.total[0]).toBe(13); // else the next line compares nothing with nothing
      const { page } = await openProfile(profile);
      expect(await tooltipOf(page, 'all workers')).toEqual([
        'all workers',
        `total 3.25 s · ${tree.total[0]} ticks · 100.0 %`,
        `self 0 ms · 0 ticks · 0.0 %`,
      ]);
    });

    it('shows function, place, source text, and self and total in time, ticks and percent', async () => {
      const profile = profileFrom(['main;work@/srv/app/job.py:42 1', 'main;work@/srv/app/job.py:42;inner 29', 'x 10']);
      const { page } = await openProfile(profile);
      expect(await tooltipOf(page, 'work (/srv/app/job.py:42)')).toEqual([
        'work',
        '/srv/app/job.py:42',
        'source of work',
        'total 3.00 s · 30 ticks · 75.0 %',
        'self 100 ms · 1 tick · 2.5 %',
      ]);
      await page.mouse.move(5, 5);
      expect(await page.isVisible('#tooltip')).toBe(false);
    });

    it('says no more than holds for all that a frame stands for', async () => {
      const profile = profileFrom(['f@/srv/app/job.py:1 3', 'g@/srv/app/job.py:2 1']);
      const ofFile = await openReport(await write(profile, { by: 'file', threads: false }));
      expect((await tooltipOf(ofFile.page, '/srv/app/job.py')).slice(0, 2)).toEqual([
        '/srv/app/job.py',
        'total 400 ms · 4 ticks · 100.0 %',
      ]);
      const ofFunction = await openReport(await write(profile, { by: 'function', threads: false }));
      expect((await tooltipOf(ofFunction.page, 'f (/srv/app/job.py)')).slice(0, 3)).toEqual([
        'f',
        '/srv/app/job.py',
        'total 300 ms · 3 ticks · 75.0 %',
      ]);
    });

    it('stands every stack on its worker and thread where that was asked for', async () => {
      const profile = profileFrom(['0/1|a 3', '1/0|a 1']);
      const { page } = await openReport(await write(profile, { by: 'function', threads: true }));
      expect((await readFrames(page)).map(({ label, share }) => [label, share])).toEqual([
        ['all workers', near(1)],
        ['worker 1', near(0.75)],
        ['worker 2', near(0.25)],
        ['uWSGIWorker1Core1', near(0.75)],
        ['uWSGIWorker2Core0', near(0.25)],
        ['a (/app/main.py)', near(0.75)],
        ['a (/app/main.py)', near(0.25)],
      ]);
    });

    it('stays inside the window', async () => {
      const wide = `${'long_'.repeat(80)}name`;
      const { page } = await openProfile(profileFrom(['a 30', `b;${wide} 1`]), {
        viewport: { width: 600, height: 600 },
      });
      await tooltipOf(page, wide);
      const box = await page.locator('#tooltip').boundingBox();
      expect(box!.x).toBeGreaterThanOrEqual(0);
      expect(box!.y).toBeGreaterThanOrEqual(0);
      expect(box!.x + box!.width).toBeLessThanOrEqual(600);
      expect(box!.y + box!.height).toBeLessThanOrEqual(600);
    });
  });

  describe('search', () => {
    const profile = profileFrom([
      'a;foo;foo;foo 3', // counted once
      'a;foo;b 2',
      'a;b;foo( 5',
      'a;[x] 7',
      'a;back\\slash 11',
      'a;$& 13',
      'a;FOO 17',
      'plain@/lib/other.py:9 42',
    ]);
    const { labels } = groupFrames(profile, 'line');
    const tree = treeOf(profile);

    it.each([
      ['foo', 27], // whatever the case: 3 + 2 + 5 + 17
      ['foo(', 5],
      ['[', 7],
      ['\\', 11],
      ['$&', 13],
      ['other.py', 42],
      ['main.py', 58],
      ['.*', 0],
      ['nothing like it', 0],
      [' ', 100],
    ])('for %j finds %i of 100 ticks', async (text, ticks) => {
      expect(sumMatches(tree, matchLabels(labels, text), 0)).toBe(ticks);
      const { page, expectNoTrouble } = await openProfile(profile);
      await page.fill('#search', text);
      expect(await matched(page)).toBe(`matched ${ticks}.0 % (${ticks} ticks)`);
      await expectNoTrouble();
    });

    it('colours the frames that it finds, and no other', async () => {
      const { page } = await openProfile(profile);
      const before = await readFrames(page);
      expect(before.some(({ fill }) => fill === matchColour)).toBe(false);
      await page.fill('#search', 'foo');
      const found = (await readFrames(page)).map(({ label, fill }) => [label, fill === matchColour]);
      expect(found).toEqual(before.map(({ label }) => [label, label.toLowerCase().includes('foo')]));
      expect(found.filter(([, isMatch]) => isMatch)).toHaveLength(5);
      await page.fill('#search', '');
      expect(await readFrames(page)).toEqual(before);
      expect(await matched(page)).toBe('');
    });

    it('says what share of the zoomed frame it finds', async () => {
      const { page } = await openProfile(profile);
      await page.fill('#search', 'foo(');
      await clickFrame(page, 'b'); // the wider one: a;b
      expect(await matched(page)).toBe('matched 5.0 % (5 ticks), 100.0 % of the zoomed');
      await page.fill('#search', 'plain');
      expect(await matched(page)).toBe('matched 42.0 % (42 ticks), 0.0 % of the zoomed');
    });

    it('has keys: / goes to it, Escape empties it', async () => {
      const { page } = await openProfile(profile);
      const focused = () => page.evaluate(() => document.activeElement?.id);
      expect(await focused()).not.toBe('search');
      await page.keyboard.press('/');
      expect(await focused()).toBe('search');
      expect(await page.inputValue('#search')).toBe('');
      await page.keyboard.type('lib/oth'); // in it, / is a letter as any other
      expect(await matched(page)).toBe('matched 42.0 % (42 ticks)');
      await page.keyboard.press('Escape');
      expect(await page.inputValue('#search')).toBe('');
      expect(await matched(page)).toBe('');
    });

    it('counts frames that are too narrow to be drawn', async () => {
      const narrow = Array.from({ length: 5_000 }, (_, i) => `main;narrow_${String(i).padStart(4, '0')} 1`);
      const wide = profileFrom(['main;hot 5000', ...narrow]);
      const { page, expectNoTrouble } = await openProfile(wide);
      expect((await readFrames(page)).map(({ label }) => label)).toEqual(['all workers', 'main', 'hot']);
      await page.fill('#search', 'narrow_0');
      expect(await matched(page)).toBe('matched 10.0 % (1000 ticks)');
      expect((await readFrames(page)).some(({ fill }) => fill === matchColour)).toBe(false);
      await expectNoTrouble();
    });
  });

  describe('table of functions', () => {
    it('lists the hottest first and searches for the one that is clicked', async () => {
      const { page } = await openProfile(profileFrom(['a@/x.py:1;b@/x.py:2 5', 'a@/x.py:3 4', 'c@/y.py:1 1']));
      expect(await readTable(page)).toEqual([
        ['500 ms', '50.0 %', '500 ms', '50.0 %', 'b (/x.py)'],
        ['400 ms', '40.0 %', '900 ms', '90.0 %', 'a (/x.py)'], // of two lines
        ['100 ms', '10.0 %', '100 ms', '10.0 %', 'c (/y.py)'],
      ]);
      await page.click('#functions tr:nth-child(3) button');
      expect(await page.inputValue('#search')).toBe('c');
      expect(await matched(page)).toBe('matched 10.0 % (1 tick)');
    });
  });

  describe('hostile names', () => {
    const profile = hostileProfile();

    it('are shown as the text that they are', async () => {
      const file = await write(profile);
      expect(readFileSync(file, 'utf8')).not.toContain('<img src=x');
      const { page, expectNoTrouble } = await openReport(file);
      const { labels } = groupFrames(profile, 'line');

      const frames = await readFrames(page, { raw: true });
      expect(frames.map(({ label }) => label)).toEqual(['all workers', ...labels]);
      expect(frames.map(({ name }) => name)).toEqual(['all workers', ...labels]);
      const { labels: functions } = groupFrames(profile, 'function');
      expect((await readTable(page)).map((cells) => cells[4]).sort()).toEqual([...functions].sort());
      for (const [at, text] of hostile.entries()) {
        expect((await tooltipOf(page, labels[at]!)).slice(0, 3)).toEqual([
          text,
          `/${text}.py:${at + 1}`,
          `x = ${text}`,
        ]);
      }

      const facts = await readFacts(page);
      expect(facts.where).toBe(hostile.join(' '));
      expect(facts['recorded by']).toBe(`${hostile[0]}, from ${hostile[1]}`);
      const workers = await page
        .locator('#workers li')
        .evaluateAll((items) =>
          items.map((item) => [item.querySelector('b')!.textContent, (item as HTMLElement).title]),
        );
      expect(workers).toEqual(hostile.map((text) => [text, expect.stringContaining(`${text}: `)]));
      const warnings = await page.locator('#warnings p').allTextContents();
      const poisoned = warnings.find((text) => text.includes(': poisoned, and left alone: a bug of uWSGI'));
      for (const text of hostile) expect(poisoned).toContain(text);
      await expectHarmless(page);
      await expectNoTrouble();
    });

    it('can be zoomed into and searched for', async () => {
      const { page, expectNoTrouble } = await openProfile(profile);
      const { labels } = groupFrames(profile, 'line');
      for (const [at, text] of hostile.entries()) {
        await clickFrame(page, labels[at]!);
        await page.fill('#search', text);
        expect(await matched(page)).toBe('matched 100.0 % (14 ticks), 100.0 % of the zoomed');
      }
      await expectHarmless(page);
      await expectNoTrouble();
    });

    it('cannot leave the title', async () => {
      const builder = newBuilder({ host: hostile.join(' ') });
      builder.addWorker({ number: null, address: hostile[0]! });
      builder.end(0);
      const { page, expectNoTrouble } = await openProfile(builder.view());
      // HTML has no way to write NUL.
      const text = `tbprof: ${hostile.join(' ')}, ${hostile[0]}, 1970-01-01T00:16Z`.replace(/\0/g, '\uFFFD');
      expect(await page.textContent('title')).toBe(text);
      await expectHarmless(page);
      await expectNoTrouble();
    });
  });

  describe('extremes', () => {
    it('says that it is empty where there was no dump', async () => {
      const { page, expectNoTrouble } = await openProfile(profileFrom([]));
      expect(await page.locator('#warnings p').allTextContents()).toEqual([
        'Nothing was observed: there is not one dump in the recording.',
      ]);
      expect(await page.locator('#workers li').allTextContents()).toEqual(['worker 1 not observed']);
      expect((await readFacts(page)).observed).toBe('0 of 0 ticks (0 %)');
      expect((await readFrames(page)).map(({ label }) => label)).toEqual(['all workers']);
      expect(await page.textContent('#functions-note')).toBe('0 functions');
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
      expect(await page.locator('#warnings p').allTextContents()).toEqual([
        'No Python code was seen running: the workers were idle.',
      ]);
      expect(await page.locator('#workers li').allTextContents()).toEqual(['worker 1 idle']);
    });

    it('says that the recording was cut off', async () => {
      const builder = newBuilder({});
      const worker = builder.addWorker({ number: 1, address: 'a' });
      builder.addSample(builder.thread(worker, 't'), builder.stackOf([frame('f', 'x.py', 1)]), 5);
      builder.endDump({ worker, timeMs: 0, weight: 5, waitUs: 1 });
      const { page } = await openProfile(builder.view());
      expect(await page.locator('#warnings p').allTextContents()).toEqual([
        'The recording was cut off: its end is missing.',
      ]);
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
      expect(await page.locator('g.frame').count()).toBe(20_001);
      await page.fill('#search', 'f19999');
      expect(await matched(page)).toBe('matched 100.0 % (1 tick)');
      await clickFrame(page, 'f19999');
      expect(await page.locator('g.frame.fade').count()).toBe(20_000);
      await page.click('#reset');
      expect(await page.locator('g.frame.fade').count()).toBe(0);
      await expectNoTrouble();
    });

    it('shows 5 000 different stacks', async () => {
      const lines = Array.from({ length: 5_000 }, (_, i) => `a${i % 50};b${i % 500};c${i} ${i % 7 === 0 ? 31 : 1}`);
      const profile = profileFrom(lines);
      const tree = treeOf(profile);
      expect(tree.group.length).toBe(1 + 50 + 500 + 5_000);
      const { page, expectNoTrouble } = await openProfile(profile);
      // Those of at least a pixel, as counted here.
      const { drawn } = await flameWidths(page);
      const visible = tree.total.filter((ticks) => ticks >= tree.total[0]! / drawn);
      expect(visible.length).toBe(1 + 50 + 500 + 715);
      expect(await page.locator('g.frame').count()).toBe(visible.length);
      expect(await page.textContent('#functions-note')).toBe('the 20 hottest of 5550 functions');
      await expectNoTrouble();
    });
  });

  describe.each(['light', 'dark'] as const)('in %s colours', (colorScheme) => {
    it('has a readable label on every frame', async () => {
      const lines = Array.from({ length: 19 * 6 }, (_, i) => `main;in_module_${i}@/srv/m${i}.py:1 1`);
      const { page } = await openProfile(profileFrom([...lines, 'main;zoom;found 20']), { colorScheme });
      const plain = await readColours(page);
      expect(plain.paper > 0.5 ? 'light' : 'dark').toBe(colorScheme);
      expect(new Set(plain.frames.map(({ fill }) => fill)).size).toBeGreaterThan(40);
      expect(plain.frames.filter(({ contrast }) => contrast < 4.5)).toEqual([]);

      await clickFrame(page, 'zoom');
      await page.fill('#search', 'found');
      const zoomed = await readColours(page);
      expect(zoomed.frames).toHaveLength(4);
      expect(zoomed.frames.filter(({ contrast }) => contrast < 4.5)).toEqual([]);
      expect(zoomed.texts.filter(({ contrast }) => contrast < 4.5)).toEqual([]);
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
    const row = /self +total +function\n +(\d+) +([\d.]+)% +(\d+) +([\d.]+)% {2}(.*)\n/.exec(stderr);
    expect(row, stderr).not.toBeNull();
    const [, selfTicks, self, totalTicks, total, label] = row!;
    const rateHz = Number(/at ([\d.]+) dumps\/s/.exec(stderr)![1]);
    const { page, expectNoTrouble } = await openReport(file);
    const [first] = await readTable(page);
    expect(first).toEqual([
      timeText(Number(selfTicks), rateHz),
      `${self} %`,
      timeText(Number(totalTicks), rateHz),
      `${total} %`,
      label,
    ]);
    const ticks = /hottest functions \(ticks of (\d+);/.exec(stderr)![1];
    expect((await tooltipOf(page, 'all workers'))[1]).toContain(`· ${ticks} ticks ·`);
    await expectNoTrouble();
  });
});

function newBuilder(meta: Partial<ConstructorParameters<typeof ProfileBuilder>[0]>): ProfileBuilder {
  return new ProfileBuilder({
    startedEpochMs: 1_000_000,
    rateHz: 10,
    host: 'h',
    source: 'test',
    recorder: 'tbprof 0',
    ...meta,
  });
}

function frame(name: string, file: string, line: number) {
  return { function: name, file, line, source: '' };
}

/** Every text that a sampled program or its host chooses is hostile; one stack holds all names, so that all are drawn. */
function hostileProfile(): Profile {
  const builder = newBuilder({ host: hostile.join(' '), recorder: hostile[0]!, source: hostile[1]! });
  const frames = hostile.map((text, at) => ({
    function: text,
    file: `/${text}.py`,
    line: at + 1,
    source: `x = ${text}`,
  }));
  for (const text of hostile) {
    const worker = builder.addWorker({ number: null, address: text });
    builder.addSample(builder.thread(worker, text), builder.stackOf(frames), 1);
    builder.endDump({ worker, timeMs: 0, weight: 1, waitUs: 1 });
    builder.addEvent({ timeMs: 0, worker, kind: 'left', count: 1, reason: 'poisoned' });
  }
  builder.end(100);
  return builder.view();
}

function treeOf(profile: Profile) {
  return buildCallTree(profile.stacks, groupFrames(profile, 'line'), foldStacks(profile));
}

interface FrameOnPage {
  readonly name: string;
  /** Without the place that {@link profileFrom} gives to frames that name none. */
  readonly label: string;
  /** Counted from the top of the graph. */
  readonly row: number;
  /** Parts of the whole width. */
  readonly left: number;
  readonly share: number;
  readonly fade: boolean;
  readonly fill: string;
}

/** The frames, row by row, from left to right. */
async function readFrames(page: Page, { raw = false } = {}): Promise<FrameOnPage[]> {
  const frames = await page.locator('g.frame').evaluateAll((groups) => {
    const width = groups[0]!.closest('svg')!.clientWidth;
    const rect = (group: Element) => group.querySelector('rect')!;
    const tops = groups.map((group) => rect(group).getBoundingClientRect().top);
    const top = Math.min(...tops);
    return groups.map((group, at) => {
      const [, x] = /^translate\(([\d.e-]+),/.exec(group.getAttribute('transform')!)!;
      return {
        name: group.getAttribute('name')!,
        label: group.querySelector('.d3-flame-graph-label')!.textContent,
        row: Math.round((tops[at]! - top) / 18),
        left: Number(x) / width,
        share: Number(rect(group).getAttribute('width')) / width,
        fade: group.classList.contains('fade'),
        fill: rect(group).getAttribute('fill')!,
      };
    });
  });
  frames.sort((a, b) => a.row - b.row || a.left - b.left);
  return raw ? frames : frames.map((frame) => ({ ...frame, label: frame.label.replace(' (/app/main.py:1)', '') }));
}

function brief({ label, row, left, share, fade }: FrameOnPage) {
  return [label, row, left, share, fade];
}

/** Widths are sums of doubles. */
function near(value: number) {
  return expect.closeTo(value, 6);
}

/** The first frame of that name, with or without the place that {@link profileFrom} gives to it. */
async function findFrame(page: Page, name: string) {
  const names = await page.locator('g.frame').evaluateAll((all) => all.map((group) => group.getAttribute('name')));
  const at = names.findIndex((found) => found === name || found === `${name} (/app/main.py:1)`);
  if (at === -1) throw new Error(`no frame is called ${name}, only ${names.slice(0, 20).join(', ')}`);
  return page.locator('g.frame').nth(at).locator('rect');
}

async function clickFrame(page: Page, name: string): Promise<void> {
  await (await findFrame(page, name)).click();
}

/** The parts of the tooltip of a frame, as text. */
async function tooltipOf(page: Page, name: string): Promise<string[]> {
  await page.mouse.move(1, 1);
  await (await findFrame(page, name)).hover();
  await page.waitForSelector('#tooltip:not([hidden])');
  return page.locator('#tooltip > *').allTextContents();
}

async function readFacts(page: Page): Promise<Record<string, string>> {
  const texts = await page.locator('#facts > *').allTextContents();
  return Object.fromEntries(texts.flatMap((text, at) => (at % 2 === 0 ? [[text, texts[at + 1]!]] : [])));
}

function readTable(page: Page): Promise<string[][]> {
  return page
    .locator('#functions tr')
    .evaluateAll((rows) => rows.map((row) => [...row.children].map((cell) => cell.textContent)));
}

async function matched(page: Page): Promise<string> {
  return (await page.textContent('#matched')) ?? '';
}

function flameWidths(page: Page): Promise<{ drawn: number; available: number }> {
  return page.evaluate(() => ({
    drawn: Number(document.querySelector('#flame svg')!.getAttribute('width')),
    available: document.querySelector('#flame')!.clientWidth,
  }));
}

function pwned(page: Page): Promise<unknown> {
  return page.evaluate(() => (window as { pwned?: unknown }).pwned);
}

/** Nothing ran, and nothing of a name became an element. */
async function expectHarmless(page: Page): Promise<void> {
  expect(await pwned(page)).toBeUndefined();
  expect(await page.locator('img').count()).toBe(0);
  expect(await page.locator('script').count()).toBe(3);
  expect(await page.locator('style').count()).toBe(1);
}

/** Relative luminance of the paper and contrasts by https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio. */
function readColours(page: Page) {
  return page.evaluate(() => {
    type Rgb = readonly number[];
    const parse = (colour: string): Rgb => (colour.match(/[\d.]+/g) ?? []).slice(0, 3).map(Number);
    const blend = (over: Rgb, under: Rgb, opacity: number): Rgb =>
      over.map((part, at) => part * opacity + under[at]! * (1 - opacity));
    const luminance = (colour: Rgb) => {
      const [r, g, b] = colour.map((part) => (part <= 10.31 ? part / 3_294.6 : ((part / 255 + 0.055) / 1.055) ** 2.4));
      return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
    };
    const contrast = (a: Rgb, b: Rgb) => {
      const [dark, light] = [luminance(a), luminance(b)].sort((x, y) => x - y) as [number, number];
      return (light + 0.05) / (dark + 0.05);
    };
    const paper = parse(getComputedStyle(document.body).backgroundColor);
    const frames = [...document.querySelectorAll('g.frame')].map((group) => {
      const rect = getComputedStyle(group.querySelector('rect')!);
      const around = Number(getComputedStyle(group).opacity);
      const under = blend(parse(rect.fill), paper, Number(rect.opacity) * Number(rect.fillOpacity) * around);
      const ink = blend(parse(getComputedStyle(group.querySelector('.d3-flame-graph-label')!).color), under, around);
      return { name: group.getAttribute('name'), fill: rect.fill, contrast: contrast(ink, under) };
    });
    const texts = ['h1', '#facts dt', '#facts dd', '#matched', '#functions button', '#functions-note'].map((which) => ({
      which,
      contrast: contrast(parse(getComputedStyle(document.querySelector(which)!).color), paper),
    }));
    return { paper: luminance(paper), frames, texts };
  });
}

function timeText(ticks: number, rateHz: number): string {
  const ms = (1_000 * ticks) / rateHz;
  return ms >= 1_000 ? `${(ms / 1_000).toFixed(2)} s` : `${Math.round(ms)} ms`;
}
