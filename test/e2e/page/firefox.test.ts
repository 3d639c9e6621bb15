// The pages in Debian's own Firefox: from a file, under their policy, with hostile names, and with Node's numbers.
import { expect, it } from 'vitest';
import type { CallTree } from '../../../src/aggregate/call-tree.ts';
import { diffProfiles } from '../../../src/aggregate/diff.ts';
import { listFunctions } from '../../../src/aggregate/functions.ts';
import { sumMatches } from '../../../src/aggregate/match.ts';
import { renderCollapsed } from '../../../src/formats/collapsed.ts';
import { defaultView } from '../../../src/formats/format.ts';
import { buildSpeedscope } from '../../../src/formats/speedscope.ts';
import { share } from '../../../src/page/numbers.ts';
import { applyFilters } from '../../../src/page/shown.ts';
import { noFilters, viewNames } from '../../../src/page/state.ts';
import type { Profile } from '../../../src/profile/profile.ts';
import { describeWith } from '../../helpers/describe-with.ts';
import { byFunction, readChanges, useDiffFiles } from '../../helpers/diff-page.ts';
import { sizeOfPng } from '../../helpers/download.ts';
import { type FirefoxPage, useFirefox } from '../../helpers/firefox.ts';
import { hostile } from '../../helpers/hostile.ts';
import { brief, matched, near, newBuilder, readFrames, readTable, useReportFiles } from '../../helpers/report-page.ts';
import { treeOf } from '../../helpers/tree-of.ts';

/** Two workers; below one caller every hostile name, each with a weight of its own, so that no two frames are as wide. */
function hostileProfile(weightOf = (at: number) => at + 1): Profile {
  const builder = newBuilder({ host: hostile.join(' '), recorder: hostile[0]!, source: hostile[1]! });
  const frame = (text: string, line: number) => ({ function: text, file: `/${text}.py`, line, source: `x = ${text}` });
  const workers = hostile.slice(0, 2).map((text) => builder.addWorker({ number: null, address: text }));
  for (const [at, text] of hostile.entries()) {
    const worker = workers[at % 2]!;
    const stack = builder.stackOf([frame(hostile[0]!, 1), frame(text, at + 2), frame('leaf', at + 2)]);
    builder.addSample(builder.thread(worker, text), stack, weightOf(at));
    builder.endDump({ worker, timeMs: 1_000 * at, weight: weightOf(at), waitUs: 1 });
  }
  builder.end(1_000 * hostile.length);
  return builder.view();
}

/** Row, left, width and whether it is faded, of the frames of a graph that is zoomed into a node. */
function expectedFrames(tree: CallTree, zoom = 0) {
  const above = (node: number) => node < zoom && tree.end[node]! > zoom;
  const nodes = [...tree.group.keys()].filter((node) => above(node) || (node >= zoom && node < tree.end[zoom]!));
  const left = new Map<number, number>();
  const rights = new Map<number, number>();
  for (const node of nodes.filter((one) => one >= zoom)) {
    left.set(node, node === zoom ? 0 : (rights.get(tree.parent[node]!) ?? left.get(tree.parent[node]!)!));
    rights.set(tree.parent[node]!, left.get(node)! + tree.total[node]! / tree.total[zoom]!);
  }
  return nodes
    .toSorted((a, b) => tree.depth[a]! - tree.depth[b]! || a - b)
    .map((node) => [
      tree.depth[node]!,
      near(left.get(node) ?? 0),
      near(node < zoom ? 1 : tree.total[node]! / tree.total[zoom]!),
      node < zoom,
    ]);
}

/** Without their labels, which are cut: each frame has a width of its own. */
async function drawn(page: FirefoxPage) {
  return (await readFrames(page)).map((frame) => brief(frame).slice(1));
}

async function clickFrame(page: FirefoxPage, node: number): Promise<void> {
  const { left, share, row } = (await readFrames(page)).find((frame) => frame.node === node)!;
  const widthPx = await page.$$eval('.chart', ([chart]) => chart!.clientWidth);
  await page.click('.chart', { x: widthPx * (left + share / 2), y: 18 * row + 9 });
}

const secondWorker = '#filters input[value="1"]';
/** Of colours: more than paper, ink and a line. */
const lots = expect.toSatisfy((count: number) => count > 3);
const textOf = (page: FirefoxPage, selector: string) => page.$$eval(selector, ([one]) => one!.textContent);
const hashOf = (page: FirefoxPage) => page.$$eval('html', () => location.hash);

describeWith('firefox', 'pages in Firefox', () => {
  const firefox = useFirefox();
  const { write } = useReportFiles();
  const writeDiff = useDiffFiles();
  const profile = hostileProfile();
  const { groups, tree } = treeOf(profile);
  const wanted = hostile[5]!;
  const node = [...tree.group.keys()].find((one) => one > 0 && groups.labels[tree.group[one]!]!.startsWith(wanted))!;
  const label = groups.labels[tree.group[node]!]!;

  it('draw, zoom, search and filter as Node counts', async () => {
    const page = await firefox.open(await write(profile));
    expect(await drawn(page)).toEqual(expectedFrames(tree));
    await clickFrame(page, node);
    expect(await drawn(page)).toEqual(expectedFrames(tree, node));
    expect(await textOf(page, '.frame-bar b')).toBe(label);
    await page.press('Escape');
    expect(await drawn(page)).toEqual(expectedFrames(tree, tree.parent[node]!));
    await page.press('0');
    expect(await drawn(page)).toEqual(expectedFrames(tree));

    await page.press('/', ...wanted);
    const found = new Uint8Array(groups.labels.map((text) => (text.includes(wanted) ? 1 : 0)));
    const ticks = sumMatches(tree, found, 0);
    expect(await matched(page)).toBe(`matched ${share(ticks, tree.total[0]!)} (${ticks} ticks)`);
    await page.press('Escape');

    await page.click('#filter-open');
    await page.click(secondWorker);
    const left = treeOf(applyFilters(profile, { ...noFilters, workers: [1] }).profile);
    expect(await drawn(page)).toEqual(expectedFrames(left.tree));
    page.expectNoTrouble();
  });

  it('are walked by the keyboard', async () => {
    const page = await firefox.open(await write(profile));
    await page.$$eval('.chart', ([chart]) => chart!.focus());
    await page.press('ArrowDown', 'ArrowDown', 'ArrowRight', 'Enter');
    const second = tree.end[2]!;
    expect(await drawn(page)).toEqual(expectedFrames(tree, second));
    expect(await textOf(page, '.frame-bar b')).toBe(groups.labels[tree.group[second]!]);
    await page.press('Escape', 'Escape');
    expect(await drawn(page)).toEqual(expectedFrames(tree, tree.parent[second]!));
    await page.press('Escape');
    expect(await drawn(page)).toEqual(expectedFrames(tree));
    page.expectNoTrouble();
  });

  it('are walked by the keyboard from callers to callees', async () => {
    const page = await firefox.open(await write(profile), '#view=sandwich');
    const { groups: functions } = treeOf(profile, 'function');
    const subject = () => page.$$eval('.sandwich select', ([one]) => (one as HTMLSelectElement).value);
    const label = (name: string) => functions.labels.find((text) => text.startsWith(name))!;
    expect(await subject()).toMatch(/^leaf/);
    await page.$$eval('.chart', ([chart]) => chart!.focus());
    await page.press('ArrowUp', 'Enter');
    expect((await subject()).startsWith('leaf')).toBe(false);
    const [first] = (await readFrames(page, { chart: 1, raw: true })).filter(({ row }) => row === 1);
    expect(first!.label).toMatch(/^leaf/);
    await page.$$eval('.chart', ([, chart]) => chart!.focus());
    await page.press('ArrowDown', 'Enter');
    expect(await subject()).toBe(label('leaf'));
    page.expectNoTrouble();
  });

  it('show every view, under their policy, and nothing of a name becomes markup', async () => {
    const page = await firefox.open(await write(profile));
    const { groups: functions, tree: ofFunctions } = treeOf(profile, 'function');
    const rows = listFunctions(ofFunctions).map(({ group, self, total }) => [
      share(self, ofFunctions.total[0]!),
      share(total, ofFunctions.total[0]!),
      String(total),
      functions.labels[group]!,
    ]);
    /** What is drawn in each: frames, painted canvases, rows. */
    const content: Record<(typeof viewNames)[number], () => Promise<unknown>> = {
      flame: async () => expect(await readFrames(page)).toHaveLength(tree.group.length),
      'bottom-up': async () => expect((await readFrames(page)).length).toBeGreaterThan(hostile.length),
      sandwich: async () => expect((await readFrames(page, { chart: 1 })).length).toBeGreaterThan(0),
      functions: async () => {
        const cells = (await readTable(page)).map((row) => row.map((cell) => cell.replace(/ %.*/, ' %')).slice(0, 4));
        // What weighs the same has no order of its own: numbers of functions differ in a page.
        expect(cells.toSorted()).toEqual(rows.toSorted());
        expect(cells.map(([self]) => self)).toEqual(rows.map(([self]) => self));
      },
      timeline: async () => expect(await countColours(page)).toEqual([lots, lots]),
      source: async () => expect(await textOf(page, 'table.source code')).toContain('x = '),
    };
    for (const [at, view] of viewNames.entries()) {
      await page.press(String(at + 1));
      expect(await page.$$eval('body', ([body]) => body!.dataset.view)).toBe(view);
      await content[view]();
      const harm = await page.$$eval('img, #view script, #view style', (all) => all.length);
      expect([harm, await page.$$eval('html', () => 'pwned' in window)]).toEqual([0, false]);
    }
    page.expectNoTrouble();
  });

  it('are brought back by a link', async () => {
    const file = await write(profile);
    const page = await firefox.open(file);
    await page.click('#filter-open');
    await page.click(secondWorker);
    await page.press('/', 'l', 'e', 'a', 'f');
    await clickFrame(page, 2);
    const [seen, link] = [await readFrames(page), await hashOf(page)];
    expect(seen.some(({ fade }) => fade)).toBe(true);
    const again = await firefox.open(file, link);
    expect(await readFrames(again)).toEqual(seen);
    expect(await matched(again)).toBe(await matched(page));
    again.expectNoTrouble();
  });

  it('are watched: what is against the policy is trouble', async () => {
    const forbidden = '<script>window.pwned = 1</script><img src="http://127.0.0.1:9/">';
    const page = await firefox.open(
      await write(profile, defaultView, (text) => text.replace('<main', `${forbidden}$&`)),
    );
    await expect.poll(page.trouble).toHaveLength(2);
    expect(page.trouble().toSorted()).toEqual([
      expect.stringMatching(/^error: Content-Security-Policy: .*inline script/),
      expect.stringMatching(/^error: Content-Security-Policy: .*img-src/),
    ]);
  });

  it('can be saved: stacks, speedscope, SVG and PNG', async () => {
    const page = await firefox.open(await write(profile));
    const view = { by: 'line', threads: false } as const;
    const take = async (text: string) => {
      await page.click('#downloads summary');
      const at = await page.$$eval('#download-list button', (all) => all.map((one) => one.textContent));
      await page.click(`#download-list button:nth-child(${1 + at.findIndex((one) => one.startsWith(text))})`);
    };
    await take('Collapsed');
    // The page has its functions in another order than the recording.
    const lines = (text: string) => text.trim().split('\n').toSorted();
    const collapsed = await firefox.downloaded('.collapsed');
    expect(lines(collapsed.toString())).toEqual(lines(renderCollapsed(profile, view)));
    await take('speedscope');
    const { profiles } = JSON.parse((await firefox.downloaded('.speedscope.json')).toString());
    expect(profiles[0].endValue).toBe(buildSpeedscope(profile, view).profiles[0]!.endValue);
    await take('SVG');
    const svg = (await firefox.downloaded('.svg')).toString();
    expect(svg.match(/<title>/g)).toHaveLength(tree.group.length);
    await take('PNG');
    const width = await page.$$eval('.chart', ([chart]) => chart!.clientWidth);
    const rows = 1 + Math.max(...tree.depth);
    expect(sizeOfPng(await firefox.downloaded('.png'))).toEqual({ kind: 'PNG', width, height: 18 * rows });
    page.expectNoTrouble();
  });

  it('are as dark as the system, until the reader chooses', async () => {
    const page = await firefox.open(await write(profile));
    const paper = () => page.$$eval('body', ([body]) => getComputedStyle(body!).backgroundColor);
    const dark = await paper();
    await page.press('t');
    const light = await paper();
    expect(light).not.toBe(dark);
    await page.reload();
    expect(await paper()).toBe(light);
    await page.click('#theme');
    expect(await paper()).toBe(dark);
    page.expectNoTrouble();
  });

  it('compare two recordings', async () => {
    const after = hostileProfile((at) => 20 - at);
    const names = { before: hostile[0]!, after: hostile[1]! };
    const file = await writeDiff(profile, after, { names });
    const page = await firefox.open(file);
    const diff = diffProfiles(profile, after, byFunction);
    const { tree: ofAfter } = treeOf(after, 'function');
    expect(await drawn(page)).toEqual(expectedFrames(ofAfter));
    await page.press('b', '/', 'l', 'e', 'a', 'f');
    await page.click('.chart', { x: 20, y: 2 * 18 + 9 });
    const again = await firefox.open(file, await hashOf(page));
    expect((await readFrames(again)).some(({ fade }) => fade)).toBe(true);
    expect(await readFrames(again)).toEqual(await readFrames(page));
    expect(await matched(again)).toBe(await matched(page));
    await page.press('Escape', 'Escape', 'Escape');
    await page.press('2');
    expect((await readChanges(page)).map((cells) => cells.at(-1)).toSorted()).toEqual(diff.groups.labels.toSorted());
    expect(await page.$$eval('#sides b', (all) => all.map((one) => one.textContent))).toEqual(Object.values(names));
    page.expectNoTrouble();
    again.expectNoTrouble();
  });
});

/** Of each canvas that is seen. */
function countColours(page: FirefoxPage): Promise<number[]> {
  return page.$$eval('#view canvas', (all) =>
    (all as HTMLCanvasElement[])
      .filter((canvas) => canvas.offsetParent !== null)
      .map((canvas) => {
        const { data } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height);
        return new Set(new Uint32Array(data.buffer)).size;
      }),
  );
}
