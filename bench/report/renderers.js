// How each renderer gets its file, and how one knows that it has drawn, zooms and searches.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { buildCallTree } from '../../dist/aggregate/call-tree.js';
import { compactProfile } from '../../dist/aggregate/compact.js';
import { foldStacks } from '../../dist/aggregate/fold.js';
import { groupFrames } from '../../dist/profile/labels.js';
import { compress } from '../../dist/stream/compress.js';
import { printPacked } from '../../dist/stream/encode.js';
import { findPeer } from '../peers.js';
import { formatNamed } from './formats.js';

const require = createRequire(import.meta.url);
const root = new URL('../..', import.meta.url).pathname;
const template = (name) => readFileSync(join(root, 'templates', name), 'utf8');
const view = { by: 'line', threads: false };

/** What is searched for: some of the frames of all profiles. */
const searched = { synthetic: 'function_12', real: 'visit_' };

export const renderers = [
  {
    key: 'tbprof',
    name: 'tbprof',
    draw: async (profile, folder) => {
      const file = join(folder, 'report.html');
      const begun = performance.now();
      const page = await render(profile, 'html');
      const writeMs = performance.now() - begun;
      writeFileSync(file, page);
      return {
        file,
        writeMs,
        templateBytes: statSync(join(root, 'templates/report.html')).size,
        treeBytes: await bytesOfTree(profile),
      };
    },
    isDrawn: () => document.body.dataset.ready === 'yes' && document.querySelector('g.frame') !== null,
    zoom: clickFrame,
    search: typeInto,
    // The first box that is no pattern is the busiest worker; the samples of the others go.
    filter: () => {
      const box = document.querySelector('#filters fieldset:not(.patterns) input[type=checkbox]');
      box?.click();
      return box !== null;
    },
    focus: (text) => {
      const input = document.querySelector('#filters input[name=focus]');
      input.value = text;
      input.dispatchEvent(new Event('change', { bubbles: true }));
    },
    split: () => {
      const select = document.getElementById('split');
      select.value = 'thread';
      select.dispatchEvent(new Event('change', { bubbles: true }));
    },
  },
  { key: 'd3', name: 'd3-flame-graph', ...d3Page('') },
  { key: 'd3-min', name: 'd3-flame-graph, minFrameSize(1)', ...d3Page('.minFrameSize(1)') },
  {
    key: 'speedscope',
    name: 'speedscope',
    draw: async (profile, folder) => {
      const json = await render(profile, 'speedscope');
      const file = join(folder, 'profile.js');
      writeFileSync(file, `speedscope.loadFileFromBase64("p", "${Buffer.from(json).toString('base64')}")`);
      const app = pathToFileURL(require.resolve('speedscope/dist/release/index.html')).href;
      return { file, url: `${app}#view=left-heavy&localProfilePath=${file}` };
    },
    isDrawn: () => / - speedscope$/.test(document.title) && document.querySelector('canvas') !== null,
    zoom: () => {
      const box = document.querySelector('canvas').getBoundingClientRect();
      const at = { bubbles: true, cancelable: true, clientX: box.left + 60, clientY: box.top + box.height / 2 };
      const target = document.elementFromPoint(at.clientX, at.clientY);
      for (const type of ['mousemove', 'mousedown', 'mouseup', 'click', 'dblclick']) {
        target.dispatchEvent(new MouseEvent(type, at));
      }
    },
    search: async (text) => {
      if (!document.querySelector('input[type=text]')) {
        window.dispatchEvent(new KeyboardEvent('keydown', { key: 'f', ctrlKey: true, bubbles: true }));
        await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
      }
      const input = document.querySelector('input[type=text]');
      if (!input) return false;
      input.value = text;
      input.dispatchEvent(new Event('input', { bubbles: true }));
    },
  },
  { key: 'flamegraph.pl', name: 'flamegraph.pl', ...svgFile('flamegraph.pl') },
  { key: 'inferno', name: 'inferno-flamegraph', ...svgFile('inferno-flamegraph') },
];

/** What a page carries of the shape of the stacks: neither names nor samples. */
async function bytesOfTree(profile) {
  const lines = [...printPacked(compactProfile(profile))].filter((line) => line.startsWith('{"stacks":'));
  return (await compress(lines)).length;
}

/** Writes the renderer's file; null where the renderer is not there. */
export async function drawn(renderer, profile, folder) {
  mkdirSync(folder, { recursive: true });
  const page = await renderer.draw(profile, folder);
  if (page === null) return null;
  const text = profile.meta.host === 'bench' && profile.samples.stack.length > 0 ? searchFor(profile) : '';
  return { url: pathToFileURL(page.file).href, ...page, bytes: statSync(page.file).size, text };
}

function searchFor({ strings }) {
  return strings.some((string) => string.includes(searched.synthetic)) ? searched.synthetic : searched.real;
}

async function render(profile, name) {
  const pieces = [];
  for await (const piece of formatNamed(name).render(profile, view, { template })) pieces.push(Buffer.from(piece));
  return Buffer.concat(pieces);
}

/** A page as d3-flame-graph's own examples have it, with its search field, and nothing else. */
function d3Page(options) {
  return {
    draw: async (profile, folder) => {
      const groups = groupFrames(profile, 'line');
      const tree = buildCallTree(profile.stacks, groups, foldStacks(profile));
      const nodes = Array.from(tree.group, (group, node) => ({
        name: node === 0 ? 'all' : groups.labels[group],
        value: tree.total[node],
        children: [],
      }));
      for (let node = 1; node < nodes.length; node++) nodes[tree.parent[node]].children.push(nodes[node]);
      const script = await bundle(`
        import flamegraph from 'd3-flame-graph';
        import { select } from 'd3-selection';
        const data = JSON.parse(document.getElementById('data').textContent);
        const chart = flamegraph().width(document.body.clientWidth).cellHeight(18).inverted(true)${options};
        select('#chart').datum(data).call(chart);
        document.getElementById('search').addEventListener('input', (event) => chart.search(event.target.value));
        document.body.dataset.ready = 'yes';`);
      const file = join(folder, 'page.html');
      writeFileSync(
        file,
        `<!doctype html><meta charset="utf-8"><input id="search"><div id="chart"></div><script type="application/json" id="data">${JSON.stringify(nodes[0])}</script><script>${script}</script>`,
      );
      return { file };
    },
    isDrawn: () => document.body.dataset.ready === 'yes',
    zoom: clickFrame,
    search: typeInto,
  };
}

async function bundle(contents) {
  const options = { bundle: true, minify: true, write: false, format: 'iife', loader: { '.css': 'empty' } };
  const { outputFiles } = await build({ stdin: { contents, resolveDir: root }, ...options });
  return outputFiles[0].text;
}

function svgFile(program) {
  return {
    isSvg: true,
    draw: async (profile, folder) => {
      const command = findPeer(program);
      if (command === null) return null;
      const file = join(folder, 'graph.svg');
      const input = await render(profile, 'collapsed');
      const begun = performance.now();
      const picture = execFileSync(command, { input, maxBuffer: 2 ** 30, stdio: ['pipe', 'pipe', 'ignore'] });
      const writeMs = performance.now() - begun;
      writeFileSync(file, picture);
      return { file, writeMs };
    },
    isDrawn: () => document.readyState === 'complete',
    zoom: clickFrame,
    search: (text) => {
      if (typeof window.search !== 'function') return false;
      window.search(text);
    },
  };
}

// What follows runs in the page.

/** Clicks the widest frame in the middle of those that are there, from the root outwards. */
function clickFrame() {
  const found = [...document.querySelectorAll('g.frame rect, g#frames rect, #frames rect')]
    .map((rect) => ({ rect, box: rect.getBoundingClientRect() }))
    .filter(({ box }) => box.width > 0 && box.top >= 0 && box.bottom <= window.innerHeight);
  const rows = [...new Set(found.map(({ box }) => Math.round(box.top)))].sort((a, b) => a - b);
  const middle = rows[Math.floor(rows.length / 2)];
  const row = found.filter(({ box }) => Math.round(box.top) === middle).sort((a, b) => b.box.width - a.box.width);
  if (row.length === 0) return false;
  const { rect, box } = row[0];
  const at = { bubbles: true, cancelable: true, clientX: box.left + box.width / 2, clientY: box.top + box.height / 2 };
  const target = document.elementFromPoint(at.clientX, at.clientY) ?? rect;
  return () => {
    for (const type of ['pointerdown', 'mousedown', 'pointerup', 'mouseup', 'click']) {
      target.dispatchEvent(new MouseEvent(type, at));
    }
  };
}

function typeInto(text) {
  const input = document.getElementById('search');
  input.value = text;
  input.dispatchEvent(new Event('input', { bubbles: true }));
}
