// Compiles src/ into dist/ and bundles the report page into templates/. With --clean, nothing old stays in dist/.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { build } from 'esbuild';

const root = join(import.meta.dirname, '..');
const tsc = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin/tsc');

// Only for packing: a build beside a running test must not take its files away.
if (process.argv.includes('--clean')) rmSync(join(root, 'dist'), { recursive: true, force: true });
for (const project of ['.', 'src/page']) {
  execFileSync(process.execPath, [tsc, '-p', project], { cwd: root, stdio: 'inherit' });
}
chmodSync(join(root, 'dist/cli.js'), 0o755);
mkdirSync(join(root, 'templates'), { recursive: true });
writeFileSync(join(root, 'templates/report.html'), await buildPage());

async function buildPage() {
  const style = `\n${await bundle('src/page/report.css')}`;
  const script = `\n${notices()}${await bundle('src/page/main.ts')}`;
  const policy = [
    "default-src 'none'",
    `script-src ${hashOf(script)}`,
    `style-src ${hashOf(style)}`,
    "base-uri 'none'",
    "form-action 'none'",
  ];
  const parts = { CSP: policy.join('; '), STYLE: style, DEMO: await demoStream(), SCRIPT: script };
  const page = readFileSync(join(root, 'src/page/report.html'), 'utf8');
  // With a function: the bundle contains `$&`, which a replacement string would give a meaning.
  return page.replace(/\b(CSP|STYLE|DEMO|SCRIPT)\b/g, (slot) => parts[slot]);
}

async function bundle(entry) {
  const { outputFiles } = await build({
    entryPoints: [join(root, entry)],
    bundle: true,
    minify: true,
    write: false,
    format: 'iife',
    target: 'es2022',
    alias: { 'd3-transition': join(root, 'src/page/no-transition.ts') },
    loader: { '.css': entry.endsWith('.css') ? 'css' : 'empty' },
    legalComments: 'none',
    charset: 'ascii',
  });
  const text = outputFiles[0].text;
  if (/<\/(script|style)|<!--/i.test(text)) throw new Error(`${entry} would end its own element`);
  return text;
}

/** The licences of what is bundled ask for their notice; minifying drops the comments. */
function notices() {
  const packages = { 'd3-flame-graph': 'Apache-2.0, Martin Spier', d3: 'ISC, Mike Bostock' };
  return Object.entries(packages)
    .map(([name, licence]) => `/* contains ${name} (${licence}) */\n`)
    .join('');
}

function hashOf(text) {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}

/** Three frames, so that the template can be opened by itself. */
async function demoStream() {
  const { ProfileBuilder } = await import('../dist/profile/builder.js');
  const { printStream } = await import('../dist/stream/encode.js');
  const { compress } = await import('../dist/stream/compress.js');
  const builder = new ProfileBuilder({
    startedEpochMs: Date.UTC(2026, 0, 1),
    rateHz: 20,
    host: 'demo',
    source: 'a demo',
    recorder: 'tbprof',
  });
  const frame = (name, line, source) => ({ function: name, file: '/srv/demo/app.py', line, source });
  const worker = builder.addWorker({ number: 1, address: '/tmp/tbsocket.1' });
  const thread = builder.thread(worker, 'uWSGIWorker1Core0');
  const frames = [
    frame('application', 5, 'return page(environ)'),
    frame('page', 9, 'rows = query()'),
    frame('query', 14, 'time.sleep(0.1)'),
  ];
  for (const [depth, weight] of [
    [3, 14],
    [2, 6],
  ]) {
    builder.addSample(thread, builder.stackOf(frames.slice(0, depth)), weight);
    builder.endDump({ worker, timeMs: 0, weight, waitUs: -1 });
  }
  builder.end(1_000);
  return compress(printStream(builder.view()));
}
