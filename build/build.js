// Compiles src/ into dist/ and bundles the pages into templates/. With --clean, nothing old stays in dist/.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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
writeFileSync(
  join(root, 'templates/report.html'),
  await buildPage({ page: 'report.html', style: 'report.css', script: 'main.ts' }),
);
writeFileSync(
  join(root, 'templates/diff.html'),
  await buildPage({ page: 'diff.html', style: 'diff/diff.css', script: 'diff/main.ts' }),
);
writeFileSync(join(root, 'templates/speedscope.html'), await buildSpeedscope());
writeFileSync(join(root, 'templates/flame-svg.js'), await bundle('src/page/flame-svg.ts'));

/** Of files of src/page/. */
async function buildPage(files) {
  const style = `\n${await bundle(`src/page/${files.style}`)}`;
  const script = `\n${notices()}${await bundle(`src/page/${files.script}`)}`;
  const policy = [
    "default-src 'none'",
    `script-src ${hashOf(script)}`,
    `style-src ${hashOf(style)}`,
    "base-uri 'none'",
    "form-action 'none'",
  ];
  const parts = {
    CSP: policy.join('; '),
    STYLE: style,
    DEMO: await compressDemo((profile, { printStream }) => printStream(profile)),
    SCRIPT: script,
  };
  const page = readPage(files.page);
  // With a function: the bundle contains `$&`, which a replacement string would give a meaning.
  return page.replace(/\b(CSP|STYLE|DEMO|SCRIPT)\b/g, (slot) => parts[slot]);
}

/** The application as its package has it, without what only other formats need (a wasm module, an example). */
async function buildSpeedscope() {
  const folder = dirname(createRequire(import.meta.url).resolve('speedscope/package.json'));
  const release = join(folder, 'dist/release');
  const found = (pattern) =>
    join(
      release,
      readdirSync(release).find((name) => pattern.test(name)),
    );
  const asData = (file, type) => `data:${type};base64,${readFileSync(file, 'base64')}`;
  const app = readFileSync(found(/^speedscope-.*\.js$/), 'utf8');
  const font = found(/\.woff2$/);
  const style = readFileSync(found(/^speedscope-.*\.css$/), 'utf8').replace(
    /url\([^)]*\.woff2[^)]*\)/,
    () => `url(${asData(font, 'font/woff2')})`,
  );
  const script = `\n${await bundle('src/page/speedscope-load.ts')}`;
  const licences = [
    `speedscope (https://github.com/jlfwong/speedscope)\n\n${readFileSync(join(folder, 'LICENSE'), 'utf8')}`,
    `Source Code Pro\n\n${readFileSync(join(release, 'source-code-pro.LICENSE.md'), 'utf8')}`,
  ].join('\n');
  for (const text of [app, style, licences]) {
    if (/<\/(script|style)|<!--/i.test(text)) throw new Error('a part of speedscope would end its own element');
  }
  const policy = [
    "default-src 'none'",
    `script-src ${hashOf(app)} ${hashOf(script)} 'wasm-unsafe-eval'`, // it compiles a demangler
    "style-src 'unsafe-inline'", // it makes its styles while it runs
    'font-src data:',
    'img-src data: blob:',
    "base-uri 'none'",
    "form-action 'none'",
  ];
  const demo = await compressDemo((profile, { defaultView, speedscope }) => speedscope.render(profile, defaultView));
  const parts = {
    CSP: policy.join('; '),
    ICON: asData(found(/^favicon-32x32-.*\.png$/), 'image/png'),
    STYLE: style,
    LICENCES: `\n${licences}`,
    DEMO: demo,
    APP: app,
    SCRIPT: script,
  };
  const page = readPage('speedscope.html');
  return page.replace(/\b(CSP|ICON|STYLE|LICENCES|DEMO|APP|SCRIPT)\b/g, (slot) => parts[slot]);
}

/** With the parts that pages share. */
function readPage(name) {
  const read = (file) => readFileSync(join(root, 'src/page', file), 'utf8');
  return read(name).replace(/<!-- (parts\/[\w-]+\.html) -->\n/g, (_, part) => read(part));
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

/** Three frames, so that the templates can be opened by themselves, printed as the page wants them. */
async function compressDemo(print) {
  const { ProfileBuilder } = await import('../dist/profile/builder.js');
  const { printStream } = await import('../dist/stream/encode.js');
  const { compress } = await import('../dist/stream/compress.js');
  const { defaultView } = await import('../dist/formats/format.js');
  const { speedscope } = await import('../dist/formats/speedscope.js');
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
  return compress(print(builder.view(), { printStream, defaultView, speedscope }));
}
