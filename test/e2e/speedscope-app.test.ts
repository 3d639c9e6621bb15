// Speedscope files in the real speedscope application: imported by it, shown by it, and exported again. The same where
// the application is in the page.
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { defaultView, type View } from '../../src/formats/format.ts';
import { buildSpeedscope, type SpeedscopeFile, speedscope } from '../../src/formats/speedscope.ts';
import { speedscopeHtml } from '../../src/formats/speedscope-html.ts';
import { groupings } from '../../src/profile/labels.ts';
import type { Profile } from '../../src/profile/profile.ts';
import { type OpenPage, useChromium } from '../helpers/chromium.ts';
import { runCli } from '../helpers/cli.ts';
import { describeWith } from '../helpers/describe-with.ts';
import { profileFrom } from '../helpers/profile-from.ts';
import { renderText } from '../helpers/rendered.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

const app = createRequire(import.meta.url).resolve('speedscope/dist/release/index.html');
const appFolder = new URL('.', pathToFileURL(app)).href;

type Frame = SpeedscopeFile['shared']['frames'][number];

/** What speedscope exports: the whole group, each profile as events. */
interface ExportedFile {
  readonly name: string;
  readonly exporter: string;
  readonly activeProfileIndex: number;
  readonly shared: { readonly frames: readonly Frame[] };
  readonly profiles: readonly {
    readonly type: 'evented';
    readonly name: string;
    readonly unit: string;
    readonly startValue: number;
    readonly endValue: number;
    readonly events: readonly { readonly type: 'O' | 'C'; readonly frame: number; readonly at: number }[];
  }[];
}

interface Run {
  /** Function, file and line of each frame, root first: exports number frames anew. */
  readonly stack: string;
  readonly weight: number;
}

describeWith('chromium', 'speedscope application', () => {
  const browser = useChromium();
  const folder = temporaryFolder();

  const importInto = async (file: string): Promise<OpenPage> => {
    const opened = await browser.open(app, {
      hash: '#view=left-heavy',
      mayRequest: (url) => url.startsWith(appFolder),
    });
    await opened.page.setInputFiles('input#file', file);
    await opened.page.waitForFunction(
      () => document.title.endsWith(' - speedscope') || document.body.textContent.includes('Something went wrong'),
    );
    return opened;
  };

  const expectRoundTrip = async (text: string) => {
    const written = JSON.parse(text) as SpeedscopeFile;
    const file = join(folder, 'x.speedscope.json');
    writeFileSync(file, text);
    const { page, expectNoTrouble } = await importInto(file);
    expect(await page.title()).toBe(`${written.name} - speedscope`);
    // The title alone would also be there if no profile was shown.
    expect(await shownProfile(page)).toBe(`all workers (1/${written.profiles.length})`);

    const exported = await exportAgain(page);
    expect(exported.name).toBe(written.name);
    expect(exported.activeProfileIndex).toBe(0);
    expect(exported.exporter).toMatch(/^speedscope@/); // it is not our own file that came back
    expect(exported.profiles.map(({ name, unit, endValue }) => ({ name, unit, endValue }))).toEqual(
      written.profiles.map(({ name, unit, endValue }) => ({ name, unit, endValue })),
    );
    for (const [at, profile] of written.profiles.entries()) {
      expect(runsOfEvents(exported, at), profile.name).toEqual(runsOfSamples(written, at));
    }
    await expectNoTrouble();
    return { page, written };
  };

  const render = (profile: Profile, view?: View) => renderText(speedscope, profile, view);

  const profile = profileFrom(
    [
      '0/0|main;handle;query 3',
      '1/0|main;handle;query 5',
      '0/0|main;handle;query 2', // a repeated run
      '0/1|main;fib;fib;fib;fib 4', // recursion
      '0/1|main;fib;fib 2',
      '0/1|main;fib;fib;fib 1',
      '0/0|main;handle 1', // the caller itself, then back in
      '0/0|main;handle;query 1',
      '1/2|main@/srv/a.py:1;main@/srv/a.py:2;main@/srv/b.py:1 6', // one name, other places
      '1/2|naïve@/srv/ñ.py:7;名前@/srv/名前.py:8;🐍 2',
      '1/2|</script><script>alert(1)</script>;<img src=x onerror=alert(1)>;$&;__proto__;constructor 3',
      '1/2|_RLock.acquire;_Zope;__Zwei 2', // looked at as mangled names of C++ and Rust
      '1/2|a\u2028b;gnp.\u202Eexe;"q" \\ \x1b[31m;nul\0 4',
    ],
    { rateHz: 30 },
  );

  it('takes in every stack and every weight of every profile', async () => {
    const { written } = await expectRoundTrip(await render(profile));
    expect(written.profiles.map(({ name }) => name)).toEqual([
      'all workers',
      'uWSGIWorker2Core2',
      'uWSGIWorker1Core0',
      'uWSGIWorker1Core1',
      'uWSGIWorker2Core0',
    ]);
    expect(runsOfSamples(written, 2).map(({ weight }) => weight)).toEqual([166_667, 33_333, 33_333]);
  });

  it.each(groupings)('takes them in by %s', async (by) => {
    await expectRoundTrip(await render(profile, { by, threads: false }));
  });

  it('goes on to the profile of each thread', async () => {
    const { page, written } = await expectRoundTrip(await render(profile));
    for (const [at, { name }] of [...written.profiles.entries()].slice(1)) {
      await page.keyboard.press('n');
      await expect.poll(() => shownProfile(page)).toBe(`${name} (${at + 1}/${written.profiles.length})`);
    }
  });

  it('takes in what the command line recorded', async () => {
    const page = join(folder, 'demo.html');
    const file = join(folder, 'demo.speedscope.json');
    const { exitCode, stderr } = await runCli(['demo', '-d', '1s', '-o', page, '-o', file]);
    expect(exitCode, stderr).toBe(0);
    const text = readFileSync(file, 'utf8');
    const { written } = await expectRoundTrip(text);
    expect(written.profiles.length).toBe(1 + 2 * 4); // two played workers of four cores
    const ticks = Number(/hottest functions \(ticks of (\d+);/.exec(stderr)![1]);
    const rateHz = Number(/at ([\d.]+) dumps\/s/.exec(stderr)![1]);
    expect(written.profiles[0]!.endValue).toBe(Math.round((ticks * 1e6) / rateHz));
  });

  it('would not take in a file whose weights do not fit: the tests above can fail', async () => {
    const broken = JSON.parse(await render(profile)) as { profiles: { weights: number[] }[] };
    broken.profiles[1]!.weights.pop();
    const file = join(folder, 'broken.speedscope.json');
    writeFileSync(file, JSON.stringify(broken));
    const { page } = await importInto(file);
    expect(await page.textContent('body')).toContain('Something went wrong');
    expect(await page.title()).not.toMatch(/ - speedscope$/);
  });
});

describeWith('chromium', 'speedscope in a page', () => {
  const browser = useChromium();
  const folder = temporaryFolder();

  const open = async (file: string) => {
    const opened = await browser.open(file, { mayRequest: (url) => /^(data|blob):/.test(url) });
    await opened.page.waitForFunction(() => document.title.endsWith(' - speedscope'));
    return opened;
  };

  it('shows the profile that is in it, from a folder with nothing else, and asks for nothing', async () => {
    const profile = profileFrom(['0/0|main;</script><b>;query 3', '1/0|main;名前 5', '0/1|main;fib;fib 4'], {
      rateHz: 30,
    });
    const file = join(folder, 'x.speedscope.html');
    writeFileSync(file, await renderText(speedscopeHtml, profile));
    const { page, expectNoTrouble } = await open(file);
    const written = buildSpeedscope(profile, defaultView);
    await expect.poll(() => shownProfile(page)).toBe(`all workers (1/${written.profiles.length})`);
    const exported = await exportAgain(page);
    for (const [at, { name }] of written.profiles.entries()) {
      expect(runsOfEvents(exported, at), name).toEqual(runsOfSamples(written, at));
    }
    await expectNoTrouble();
  });

  it('comes as a template that shows its own demo, with the licences of what is in it', async () => {
    const { page, expectNoTrouble } = await open(
      fileURLToPath(new URL('../../templates/speedscope.html', import.meta.url)),
    );
    await expect.poll(() => shownProfile(page)).toBe('all workers (1/2)');
    const licences = await page.textContent('#licences');
    expect(licences).toContain('Copyright (c) 2018 Jamie Wong');
    expect(licences).toContain('SIL OPEN FONT LICENSE Version 1.1');
    await expectNoTrouble();
  });
});

/** The middle of the toolbar: name of the profile and its number. */
async function shownProfile(page: Page): Promise<string> {
  const text = (await page.textContent('body')) ?? '';
  return /Sandwich(.*? \(\d+\/\d+\))/s.exec(text)?.[1] ?? text;
}

async function exportAgain(page: Page): Promise<ExportedFile> {
  const download = page.waitForEvent('download');
  await page.keyboard.press('Control+s');
  return JSON.parse(readFileSync(await (await download).path(), 'utf8')) as ExportedFile;
}

function runsOfSamples({ shared, profiles }: SpeedscopeFile, at: number): Run[] {
  const { samples, weights } = profiles[at]!;
  return joinEqual(samples.map((stack, i) => ({ stack: describeStack(stack, shared.frames), weight: weights[i]! })));
}

function runsOfEvents({ shared, profiles }: ExportedFile, at: number): Run[] {
  const runs: Run[] = [];
  const open: number[] = [];
  let since = 0;
  for (const { type, frame, at: time } of profiles[at]!.events) {
    if (time > since) runs.push({ stack: describeStack(open, shared.frames), weight: time - since });
    since = time;
    if (type === 'O') open.push(frame);
    else expect(open.pop()).toBe(frame);
  }
  expect(open).toEqual([]);
  return joinEqual(runs);
}

function describeStack(stack: readonly number[], frames: readonly Frame[]): string {
  return JSON.stringify(stack.map((frame) => [frames[frame]!.name, frames[frame]!.file, frames[frame]!.line]));
}

/** Equal neighbours become one run, as speedscope has it. */
function joinEqual(runs: readonly Run[]): Run[] {
  const joined: Run[] = [];
  for (const run of runs) {
    const last = joined.at(-1);
    if (last?.stack === run.stack) joined[joined.length - 1] = { ...last, weight: last.weight + run.weight };
    else joined.push(run);
  }
  return joined;
}
