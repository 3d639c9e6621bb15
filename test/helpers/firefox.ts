// Debian's own Firefox for tests, without a display. Playwright can only drive a Firefox of its own make.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, onTestFinished } from 'vitest';
import type { ReadablePage } from './readable-page.ts';
import { temporaryFolder } from './temporary-folder.ts';
import { BidiSession } from './webdriver-bidi.ts';

interface Place {
  readonly x: number;
  readonly y: number;
}

export interface FirefoxPage extends ReadablePage {
  /** In the middle of the first such element, or so far from its left and upper edge. */
  click(selector: string, at?: Place): Promise<void>;
  /** One key after the other: names as events have them. */
  press(...keys: readonly string[]): Promise<void>;
  reload(): Promise<void>;
  /** Errors, warnings (violations of the policy are among them), dialogs, and requests, so far. */
  trouble(): readonly string[];
  expectNoTrouble(): void;
}

/** Dark by the system's choice. Whatever it asks of the network goes to a port where nobody listens. */
const preferences = {
  'layout.css.prefers-color-scheme.content-override': 0,
  'network.proxy.type': 1,
  'network.proxy.socks': '127.0.0.1',
  'network.proxy.socks_port': 9,
  'network.proxy.socks_remote_dns': true,
  'browser.download.folderList': 2, // the folder that is named below, without asking
};

/** One browser for all tests of a file; each page is alone in a context that its test takes along. */
export function useFirefox() {
  const home = temporaryFolder();
  let browser: ChildProcess;
  let session: BidiSession;
  beforeAll(async () => {
    browser = start(home);
    session = await BidiSession.open(await addressOf(browser));
    await session.send('session.subscribe', {
      events: ['log.entryAdded', 'network.beforeRequestSent', 'browsingContext.userPromptOpened'],
    });
  });
  afterAll(async () => {
    if (browser.exitCode !== null) return;
    const ended = once(browser, 'exit');
    browser.kill();
    await ended;
  });
  return {
    /** `hash`: part of the address, after the `#`. */
    open: (file: string, hash = '') => openPage(session, `${pathToFileURL(file).href}${hash}`),
    /** A file that a page has offered and that somebody took, when it is whole. */
    downloaded: async (ending: string) => {
      const folder = join(home, 'downloads');
      const find = () => readdirSync(folder).find((name) => name.endsWith(ending));
      await expect.poll(find, { timeout: 30_000 }).toBeDefined();
      const file = join(folder, find()!);
      // It is empty, and has a second one beside it, while it is written.
      await expect.poll(() => !existsSync(`${file}.part`) && statSync(file).size > 0, { timeout: 30_000 }).toBe(true);
      return readFileSync(file);
    },
  };
}

function start(home: string): ChildProcess {
  const profile = join(home, 'profile');
  const downloads = join(home, 'downloads');
  mkdirSync(profile);
  mkdirSync(downloads);
  const lines = Object.entries({ ...preferences, 'browser.download.dir': downloads }).map(
    ([name, value]) => `user_pref("${name}", ${JSON.stringify(value)});\n`,
  );
  writeFileSync(join(profile, 'user.js'), lines.join(''));
  const args = ['--headless', '--no-remote', '--profile', profile, '--remote-debugging-port', '0'];
  // As root it starts only where the home is root's own.
  const env = { PATH: process.env.PATH, HOME: home, TMPDIR: home };
  return spawn('/usr/bin/firefox-esr', args, { env, stdio: ['ignore', 'ignore', 'pipe'] });
}

/** It says by itself where it listens. */
async function addressOf(browser: ChildProcess): Promise<string> {
  let said = '';
  for await (const piece of browser.stderr!.iterator({ destroyOnReturn: false })) {
    said += piece;
    const found = /WebDriver BiDi listening on (ws:\S+)/.exec(said);
    if (found) {
      browser.stderr!.resume();
      return found[1]!;
    }
  }
  throw new Error(`Firefox did not start: ${said}`);
}

/** https://w3c.github.io/webdriver/#keyboard-actions */
const keyCodes: Readonly<Record<string, string>> = {
  Escape: '\uE00C',
  Enter: '\uE007',
  ArrowLeft: '\uE012',
  ArrowUp: '\uE013',
  ArrowRight: '\uE014',
  ArrowDown: '\uE015',
};

async function openPage(session: BidiSession, url: string): Promise<FirefoxPage> {
  const { userContext } = (await session.send('browser.createUserContext')) as { userContext: string };
  onTestFinished(() => session.send('browser.removeUserContext', { userContext }) as Promise<void>);
  const created = await session.send('browsingContext.create', { type: 'tab', userContext });
  const { context } = created as { context: string };
  await session.send('browsingContext.setViewport', { context, viewport: { width: 1_300, height: 900 } });
  const found: string[] = [];
  session.onEvent((method, params) => {
    const trouble = describeTrouble(method, params as BidiEvent);
    if (trouble !== null && contextOf(params as BidiEvent) === context) found.push(trouble);
  });
  /** Whatever it gives travels as JSON. */
  const evaluate = async (expression: string): Promise<unknown> => {
    const answer = await session.send('script.evaluate', {
      expression: `(async () => JSON.stringify(await (${expression})))()`,
      target: { context },
      awaitPromise: true,
    });
    const { result, exceptionDetails } = answer as {
      result?: { value?: string };
      exceptionDetails?: { text: string };
    };
    if (exceptionDetails) throw new Error(exceptionDetails.text);
    return result?.value === undefined ? undefined : JSON.parse(result.value);
  };
  const ready = () => expect.poll(() => evaluate('document.body?.dataset.ready'), { timeout: 30_000 }).toBe('yes');
  await session.send('browsingContext.navigate', { context, url, wait: 'complete' });
  await ready();
  const act = (actions: object) => session.send('input.performActions', { context, actions: [actions] });
  return {
    $$eval: (selector, read) =>
      evaluate(`(${read})([...document.querySelectorAll(${JSON.stringify(selector)})])`) as Promise<never>,
    async click(selector, at) {
      const place = await evaluate(`(${findPlace})(${JSON.stringify([selector, at ?? null])})`);
      const button = { button: 0 };
      await act({
        type: 'pointer',
        id: 'mouse',
        actions: [
          { type: 'pointerMove', ...(place as Place) },
          { type: 'pointerDown', ...button },
          { type: 'pointerUp', ...button },
        ],
      });
    },
    async press(...keys) {
      const actions = keys.flatMap((key) =>
        ['keyDown', 'keyUp'].map((type) => ({ type, value: keyCodes[key] ?? key })),
      );
      await act({ type: 'key', id: 'keys', actions });
    },
    async reload() {
      await session.send('browsingContext.reload', { context, wait: 'complete' });
      await ready();
    },
    trouble: () => [...found],
    expectNoTrouble: () => expect(found).toEqual([]),
  };
}

/** Runs in the page. */
function findPlace([selector, at]: [string, Place | null]): Place {
  const found = document.querySelector(selector)!;
  found.scrollIntoView({ block: 'nearest' });
  const { left, top, width, height } = found.getBoundingClientRect();
  return { x: Math.floor(left + (at?.x ?? width / 2)), y: Math.floor(top + (at?.y ?? height / 2)) };
}

interface BidiEvent {
  readonly context?: string;
  readonly source?: { readonly context?: string };
  readonly level?: string;
  readonly text?: string;
  readonly message?: string;
  readonly request?: { readonly url: string };
}

function contextOf({ context, source }: BidiEvent): string | undefined {
  return context ?? source?.context;
}

function describeTrouble(method: string, { level, text, message, request }: BidiEvent): string | null {
  if (method === 'log.entryAdded') return level === 'error' || level === 'warn' ? `${level}: ${text}` : null;
  if (method === 'browsingContext.userPromptOpened') return `dialog: ${message}`;
  // Firefox draws its own parts with fonts that are in their addresses.
  return request && !/^(data|file):/.test(request.url) ? `request: ${request.url}` : null;
}
