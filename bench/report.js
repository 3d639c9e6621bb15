// The report page against other flame graphs of the same profile, in one run of one browser: file size, time to the first
// whole picture, to the picture after a zoom, to the answer of a search and, of ours, to that of filters (one worker; a
// focus on top of it; stacks split by thread besides), memory, elements; and how long the file takes to write, for those
// who do it outside of the page. What is measured in the page ends with two frames: 33 ms of it are the screen's.
//
//     npm run bench:report [-- stacks ... --renderers tbprof,speedscope]
//
// Without stacks: 1000 10000 100000 500000 real.
// Plain d3-flame-graph takes minutes and gigabytes at 500,000 stacks and is left out there; pictures of more than 10,000 are
// only written, not opened. flamegraph.pl and inferno-flamegraph take part where they can be had (peers.js).
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { openBrowser } from './report/browser.js';
import { drawn, renderers } from './report/renderers.js';
import { realProfile, syntheticProfile } from './report/trees.js';

const runs = 3;
const plainUpTo = 100_000;
/** Of 100,000 stacks a picture is 42 MB, which Chromium does not open, zoom and search within 100 s. */
const picturesUpTo = 10_000;
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { renderers: { type: 'string', default: renderers.map(({ key }) => key).join() } },
});
const sizes = positionals.length > 0 ? positionals : ['1000', '10000', '100000', '500000', 'real'];
const wanted = renderers.filter(({ key }) => values.renderers.split(',').includes(key));
const columns = ['write', 'file KB', 'load', 'zoom', 'search', 'filter', 'focus', 'split', 'heap MB', 'nodes'];

const folder = mkdtempSync(join(tmpdir(), 'tbprof-bench-'));
const browser = await openBrowser();
const found = new Map();
try {
  for (const size of sizes) await benchSize(size);
  sayRatios();
} finally {
  await browser.close();
  rmSync(folder, { recursive: true, force: true });
}

async function benchSize(size) {
  const profile = size === 'real' ? realProfile() : syntheticProfile(Number(size));
  if (profile === null) {
    console.log(`\n${size}: python3 is not there, which would have made it`);
    return;
  }
  const stacks = profile.stacks.parent.length;
  console.log(`\n${size === 'real' ? 'real calls of Python' : 'synthetic'}: ${stacks} stacks; medians of ${runs}, ms`);
  console.log(['', ...columns].map((name, at) => (at === 0 ? name.padEnd(34) : name.padStart(9))).join(''));
  for (const renderer of wanted) {
    if (renderer.name === 'd3-flame-graph' && stacks > plainUpTo) continue;
    const page = await drawn(renderer, profile, join(folder, `${size}-${renderer.key}`));
    if (page === null) {
      console.log(`${renderer.name.padEnd(34)}  not there`);
      continue;
    }
    const results = [];
    const opened = renderer.isSvg && stacks > picturesUpTo ? 0 : runs;
    for (let run = 0; run < opened; run++) results.push(await browser.measure(page, renderer));
    const row = { write: page.writeMs, 'file KB': page.bytes / 1_000, ...(opened > 0 && medians(results)) };
    const { bytes, templateBytes, treeBytes } = page;
    found.set(`${size} ${renderer.key}`, { ...row, stacks, bytes, templateBytes, treeBytes });
    console.log(`${renderer.name.padEnd(34)}${columns.map((name) => show(row[name])).join('')}`);
  }
}

function sayRatios() {
  const of = (size, key) => found.get(`${size} ${key}`);
  const [small, large] = [of('1000', 'tbprof'), of('500000', 'tbprof')];
  const peer = of('500000', 'speedscope');
  console.log('\nagainst the aims');
  for (const [key, row] of found) {
    if (!key.endsWith(' tbprof')) continue;
    const over = (bytes) => bytes / row.stacks;
    const size = key.split(' ')[0];
    say(`bytes a stack for the tree, ${size}`, over(row.treeBytes), 'at most 1.5');
    say(`bytes a stack over the template, ${size}`, over(row.bytes - row.templateBytes), 'with samples and names');
    say(`elements, ${size}`, row.nodes, 'under 6,000');
  }
  if (small && large) say('load at 500,000 stacks over that at 1,000', large.load / small.load, 'at most 3');
  if (!large) return;
  for (const key of ['flamegraph.pl', 'inferno']) {
    const other = of('500000', key);
    if (other) say(`writing by ${key} over ours, 500,000 stacks`, other.write / large.write, 'at least 1');
  }
  for (const name of ['filter', 'focus', 'split']) say(`${name} at 500,000 stacks, ms`, large[name], 'under 150');
  if (!peer) return;
  say('load of speedscope over ours', peer.load / large.load, 'at least 5');
  say('zoom of speedscope over ours', peer.zoom / large.zoom, `at least 5, or under 100 ms: ${large.zoom.toFixed(0)}`);
  say(
    'search of speedscope over ours',
    peer.search / large.search,
    `at least 5, or under 50 ms: ${large.search.toFixed(0)}`,
  );
}

function say(what, value, aim) {
  console.log(`  ${what}: ${Number.isFinite(value) ? value.toFixed(2) : 'not measured'} (${aim})`);
}

function medians(results) {
  const median = (name) => {
    const values = results.map((result) => result[name]).sort((a, b) => a - b);
    return values[Math.floor(values.length / 2)];
  };
  return Object.fromEntries(Object.keys(results[0]).map((name) => [name, median(name)]));
}

function show(value) {
  return (Number.isFinite(value) ? value.toFixed(value < 10 ? 1 : 0) : '-').padStart(9);
}
