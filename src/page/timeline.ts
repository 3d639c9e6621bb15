// When what was running: activity of all workers, of each, and of the busiest threads, and the moments of the second.
// What is chosen in it filters every view.
import { foldThreads } from '../aggregate/fold.ts';
import { measureHeatMap } from '../aggregate/heat-map.ts';
import { type Lane, measureTimeline, type Timeline } from '../aggregate/timeline.ts';
import { coreOf, type FrameGroups, groupFrames, labelThread, labelWorker } from '../profile/labels.ts';
import type { Profile } from '../profile/profile.ts';
import { makeBrush, type Range } from './brush.ts';
import { colourOfStyle, element } from './dom.ts';
import { drawHeatMap } from './heat-map.ts';
import { groupColours } from './labels.ts';
import { countText } from './numbers.ts';
import { createRangeFields } from './range-fields.ts';
import { cutMiddle } from './shorten.ts';
import { remember } from './shown.ts';
import { paintLane, prepareCanvas } from './timeline-canvas.ts';
import { hideTooltip, showTooltip } from './tooltip.ts';
import type { Page, Scene, View } from './view.ts';

/** Rows; there may be thousands of workers and threads. */
const mostWorkers = 40;
const mostThreads = 60;

/** A bucket is at least so wide. */
const leastBucketPx = 3;

const heights = { fleet: 56, worker: 26, thread: 14 } as const;
const gapPx = 6;

interface Row {
  readonly label: string;
  readonly lane: Lane;
  readonly kind: keyof typeof heights;
  readonly topPx: number;
}

/** All that is drawn of a profile, computed once for a width. */
interface Measured {
  readonly timeline: Timeline;
  readonly modules: FrameGroups;
  readonly rows: readonly Row[];
  readonly heightPx: number;
  readonly left: string;
}

export function createTimeline(page: Page): View {
  const labels = element('div', 'lane-labels');
  const canvas = element('canvas', '') as HTMLCanvasElement;
  const chosen = element('div', 'brush');
  const surface = element('div', 'lanes', canvas, chosen);
  const axis = element('div', 'axis');
  const legend = element('p', 'legend note');
  const note = element('p', 'note');
  const heat = element('div', 'heat-box');
  const fields = createRangeFields((range) => choose(range));
  surface.setAttribute('role', 'img');
  const timeless = element('p', 'note', 'There is no time in these counts.');
  const box = element(
    'section',
    'timeline',
    timeless,
    element('div', 'lane-grid', labels, surface, element('span', ''), axis),
    fields.element,
    legend,
    note,
    element('h2', '', 'Moments of the second'),
    heat,
  );
  let measured: Measured | null = null;
  const measure = remember(measureRows);
  const msPerPx = () => (measured!.timeline.bucketMs * measured!.timeline.buckets) / Math.max(1, surface.clientWidth);
  const choose = (range: Range | null) => {
    if (range === null) page.apply({ filters: { fromMs: null, toMs: null }, cursor: null });
    else page.apply({ filters: snap(range, measured!.timeline.bucketMs), cursor: null });
  };
  const showRange = (range: Range | null) => {
    chosen.hidden = range === null;
    if (range === null) return;
    chosen.style.left = `${range.fromMs / msPerPx()}px`;
    chosen.style.width = `${Math.max(1, (range.toMs - range.fromMs) / msPerPx())}px`;
  };
  makeBrush(surface, {
    timeAt: (event) => Math.max(0, (event.clientX - surface.getBoundingClientRect().left) * msPerPx()),
    onMove: showRange,
    onChoose: choose,
  });
  surface.addEventListener('mousemove', (event) => {
    if (event.buttons === 0 && measured !== null) pointAt(event, { surface, measured, msPerPx: msPerPx() });
  });
  surface.addEventListener('mouseleave', hideTooltip);

  return {
    element: box,
    draw(next) {
      const { state, theme } = next;
      hideTooltip();
      const profile = next.overTime();
      const isTimeless = profile.meta.measure === 'count';
      showOnly(box, (part) => (part === timeless) === isTimeless);
      if (isTimeless) return;
      const widthPx = surface.clientWidth;
      measured = measure(profile, Math.max(10, Math.floor(widthPx / leastBucketPx)));
      const { timeline, modules, rows, heightPx } = measured;
      labels.replaceChildren(...rows.map((row) => drawLabel(row)));
      const colours = groupColours(profile, modules, theme);
      const unknown = colourOfStyle('--line');
      const ofTime = {
        part: (part: number) => colours[part]?.fill ?? unknown,
        idle: colourOfStyle('--panel'),
        unobserved: colourOfStyle('--unseen'),
      };
      const context = prepareCanvas(canvas, widthPx, heightPx);
      for (const { lane, topPx, kind } of rows) {
        paintLane(
          context,
          { lane, topPx, heightPx: heights[kind] },
          { bucketPx: widthPx / timeline.buckets, colours: ofTime },
        );
      }
      const { fromMs, toMs } = state.filters;
      const endMs = timeline.bucketMs * timeline.buckets;
      const range = { fromMs: fromMs ?? 0, toMs: Math.min(toMs ?? endMs, endMs) };
      showRange(fromMs === null && toMs === null ? null : range);
      fields.draw(range, { endMs, stepMs: timeline.bucketMs });
      axis.replaceChildren(...drawAxis(endMs));
      legend.replaceChildren(...drawLegend(measured, (part) => ofTime.part(part)));
      const blurred = timeline.isBlurred ? '; dumps were merged, so moments within them are not known' : '';
      note.textContent = `${describeBucket(timeline.bucketMs)} each; drag to look at a stretch of time, click to take that back${blurred}${measured.left}`;
      surface.setAttribute('aria-label', describe(measured));
      const stacks = state.search === '' ? undefined : markStacks(profile, next);
      const map = measureHeatMap(profile, {
        mostColumns: Math.max(10, Math.floor(widthPx / 4)),
        mostRows: 50,
        ...(stacks && { stacks }),
      });
      drawHeatMap(heat, map, { search: stacks ? state.search : '', onChoose: choose });
    },
  };
}

/** Stacks that hold what the search finds; groups are those of the frames, which filters of time leave as they are. */
function markStacks({ stacks }: Profile, { shown, found, state }: Scene): Uint8Array | undefined {
  if (state.split !== 'none' || stacks !== shown.profile.stacks) return undefined;
  const holds = new Uint8Array(stacks.frame.length);
  for (let stack = 0; stack < holds.length; stack++) {
    const parent = stacks.parent[stack]!;
    const isFound = found.groups[shown.groups.groupOf[stacks.frame[stack]!]!] === 1;
    holds[stack] = isFound || (parent !== -1 && holds[parent] === 1) ? 1 : 0;
  }
  return holds;
}

function measureRows(profile: Profile, mostBuckets: number): Measured {
  const modules = groupFrames(profile, 'module');
  const partOf = profile.stacks.frame.map((frame) => modules.groupOf[frame]!);
  const weights = foldThreads(profile);
  const threads = [...weights.keys()]
    .filter((thread) => weights[thread]! > 0)
    .sort((a, b) => weights[b]! - weights[a]!);
  const shownThreads = threads.slice(0, mostThreads);
  const timeline = measureTimeline(profile, { mostBuckets, threads: shownThreads, partOf });
  const rows: Row[] = [];
  let topPx = 0;
  const add = (label: string, lane: Lane, kind: Row['kind']) => {
    rows.push({ label, lane, kind, topPx });
    topPx += heights[kind] + gapPx;
  };
  add('all workers', timeline.fleet, 'fleet');
  for (const [worker, lane] of timeline.workers.slice(0, mostWorkers).entries()) {
    if (isEmpty(lane)) continue; // filtered away
    add(labelWorker(profile, worker), lane, 'worker');
    for (const [at, thread] of shownThreads.entries()) {
      if (profile.threads[thread]!.worker === worker) add(nameThread(profile, thread), timeline.threads[at]!, 'thread');
    }
  }
  const missing = [
    ...(timeline.workers.length > mostWorkers ? [countText(timeline.workers.length - mostWorkers, 'worker')] : []),
    ...(threads.length > mostThreads ? [`the ${threads.length - mostThreads} least busy threads`] : []),
  ];
  const left = missing.length === 0 ? '' : `; not shown: ${missing.join(' and ')}`;
  return { timeline, modules, rows, heightPx: topPx, left };
}

function showOnly(box: HTMLElement, isShown: (part: Element) => boolean): void {
  for (const part of box.children) (part as HTMLElement).hidden = !isShown(part);
}

function isEmpty({ busy, idle, unobserved }: Lane): boolean {
  return [busy, idle, unobserved].every((ticks) => ticks.every((tick) => tick === 0));
}

/** Below its worker, a core is known by its number. */
function nameThread(profile: Profile, thread: number): string {
  const core = coreOf(profile.threads[thread]!.name);
  return core === null ? labelThread(profile, thread) : `core ${core}`;
}

function drawLabel({ label, kind }: Row): HTMLElement {
  const made = element('div', kind, element('bdi', '', cutMiddle(label, 40)));
  made.style.height = `${heights[kind] + gapPx}px`;
  made.title = cutMiddle(label, 300);
  return made;
}

/** Whole buckets, since the picture knows no less. */
function snap({ fromMs, toMs }: Range, bucketMs: number): Range {
  const from = Math.floor(fromMs / bucketMs) * bucketMs;
  return { fromMs: from, toMs: Math.max(from + bucketMs, Math.ceil(toMs / bucketMs) * bucketMs) };
}

function describeBucket(ms: number): string {
  return ms >= 1_000 ? `${ms / 1_000} s` : `${ms} ms`;
}

function drawAxis(endMs: number): HTMLElement[] {
  const marks = 5;
  return Array.from({ length: marks }, (_, at) =>
    element('span', '', `${((endMs * at) / (marks - 1) / 1_000).toFixed(1)} s`),
  );
}

/** The modules that are on top most often. */
function drawLegend({ timeline, modules }: Measured, colour: (part: number) => string): HTMLElement[] {
  const buckets = new Map<number, number>();
  for (const part of timeline.fleet.top) if (part !== -1) buckets.set(part, (buckets.get(part) ?? 0) + 1);
  const names = [...buckets].sort((a, b) => b[1] - a[1]).slice(0, 6);
  const entry = (className: string, background: string, text: string) => {
    const swatch = element('i', `swatch ${className}`);
    if (background !== '') swatch.style.background = background;
    return element('span', '', swatch, text);
  };
  return [
    ...names.map(([part]) => entry('', colour(part), cutMiddle(modules.labels[part]!, 40))),
    entry('idle', '', 'idle'),
    entry('unseen-swatch', '', 'unobserved'),
  ];
}

function describe({ timeline: { fleet, buckets, bucketMs } }: Measured): string {
  const sum = (ticks: Float64Array) => ticks.reduce((all, tick) => all + tick, 0);
  const [busy, idle, unobserved] = [sum(fleet.busy), sum(fleet.idle), sum(fleet.unobserved)];
  const all = Math.max(1, busy + idle + unobserved);
  const percent = (ticks: number) => `${((100 * ticks) / all).toFixed(0)} %`;
  const seconds = ((buckets * bucketMs) / 1_000).toFixed(1);
  return `timeline of ${seconds} seconds: ${percent(busy)} busy, ${percent(idle)} idle, ${percent(unobserved)} unobserved; the sliders below choose a stretch of time`;
}

function pointAt(
  event: MouseEvent,
  { surface, measured, msPerPx }: { surface: HTMLElement; measured: Measured; msPerPx: number },
): void {
  const { left, top } = surface.getBoundingClientRect();
  const { timeline, modules, rows } = measured;
  const bucket = Math.floor(((event.clientX - left) * msPerPx) / timeline.bucketMs);
  const row = rows.findLast(({ topPx }) => topPx <= event.clientY - top);
  if (!row || bucket < 0 || bucket >= timeline.buckets) {
    hideTooltip();
    return;
  }
  const { busy, idle, unobserved, top: topPart } = row.lane;
  const part = topPart[bucket]!;
  const from = (bucket * timeline.bucketMs) / 1_000;
  showTooltip(
    [
      element('div', 'name', cutMiddle(row.label, 200)),
      element('div', 'file', `${from.toFixed(2)} s to ${(from + timeline.bucketMs / 1_000).toFixed(2)} s`),
      element('div', '', `busy ${busy[bucket]}, idle ${idle[bucket]}, unobserved ${unobserved[bucket]} ticks`),
      ...(part === -1 ? [] : [element('div', '', `mostly ${cutMiddle(modules.labels[part]!, 200)}`)]),
    ],
    event,
  );
}
