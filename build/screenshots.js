// Pictures of the report page, to be looked at: the six views by day and by night, of one recording of the demo. The best
// one goes into the README.
//
//     npm run screenshots [folder]        Chromium is asked of CHROMIUM, or is where Debian has it
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';

const root = join(import.meta.dirname, '..');
const folder = process.argv[2] ?? mkdtempSync(join(tmpdir(), 'tbprof-screenshots-'));
mkdirSync(folder, { recursive: true });
const report = join(folder, 'demo.html');
execFileSync(process.execPath, [join(root, 'dist/cli.js'), 'demo', '-d', '12s', '-q', '-o', report], {
  stdio: 'inherit',
});

const shots = [
  ['flame', ''],
  ['flame-filtered', '#q=all&hide=tinyweb&workers=0'],
  ['bottom-up', '#view=bottom-up&by=function'],
  ['sandwich', '#view=sandwich&function=all+(tinydb/query.py)'],
  ['functions', '#view=functions'],
  ['timeline', '#view=timeline'],
  ['source', '#view=source&file=/srv/shop/views.py'],
];
const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] });
try {
  for (const colorScheme of ['light', 'dark']) {
    const context = await browser.newContext({ colorScheme, viewport: { width: 1_280, height: 470 } });
    for (const [name, hash] of shots) await take(await context.newPage(), { name: `${name}-${colorScheme}`, hash });
    await context.close();
  }
} finally {
  await browser.close();
}

async function take(page, { name, hash }) {
  await page.goto(`${pathToFileURL(report).href}${hash}`);
  await page.waitForSelector('body[data-ready]');
  const path = name === 'flame-light' ? join(root, 'docs/report.png') : join(folder, `${name}.png`);
  await page.screenshot({ path, fullPage: true });
  console.log(path);
  await page.close();
}
