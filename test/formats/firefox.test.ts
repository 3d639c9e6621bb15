// Firefox Profiler files: their own arithmetic for any profile, and the profiler's own code as their reader.
import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { measureCoverage } from '../../src/aggregate/coverage.ts';
import { foldThreads } from '../../src/aggregate/fold.ts';
import { firefox } from '../../src/formats/firefox.ts';
import { idle, timelinesOf, unobserved } from '../../src/formats/timeline.ts';
import type { Profile } from '../../src/profile/profile.ts';
import { anyProfile } from '../helpers/any-profile.ts';
import { loadInFirefox } from '../helpers/firefox-profiler.ts';
import { profileFrom } from '../helpers/profile-from.ts';
import { renderBytes, renderText } from '../helpers/rendered.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);

interface Table {
  readonly length: number;
}

interface FirefoxThread {
  readonly pid: string;
  readonly name: string;
  readonly samples: Table & { readonly time: number[]; readonly stack: (number | null)[]; readonly weight: number[] };
  readonly stackTable: Table & {
    readonly prefix: (number | null)[];
    readonly frame: number[];
    readonly category: number[];
  };
  readonly frameTable: Table & {
    readonly func: number[];
    readonly line: (number | null)[];
    readonly subcategory: number[];
  };
  readonly funcTable: Table & { readonly name: number[]; readonly fileName: (number | null)[] };
  readonly markers: Table & {
    readonly name: number[];
    readonly startTime: number[];
    readonly endTime: (number | null)[];
  };
  readonly stringArray: string[];
}

interface FirefoxFile {
  readonly meta: { readonly interval: number; readonly categories: { name: string; subcategories: string[] }[] };
  readonly threads: FirefoxThread[];
}

const parse = async (profile: Profile) => JSON.parse(await renderText(firefox, profile)) as FirefoxFile;

/** Root first; `-` where nothing was observed. */
function stackNames(thread: FirefoxThread, stack: number | null): string {
  const { stackTable, frameTable, funcTable, stringArray } = thread;
  const names: string[] = [];
  for (let at = stack; at !== null; at = stackTable.prefix[at]!) {
    names.unshift(stringArray[funcTable.name[frameTable.func[stackTable.frame[at]!]!]!]!);
  }
  return names.join(';') || '-';
}

const rowsOf = (thread: FirefoxThread) =>
  thread.samples.stack.map((stack, row) => [
    thread.samples.time[row],
    stackNames(thread, stack),
    thread.samples.weight[row],
  ]);

describe('the time line of a thread', () => {
  it('has real times, idle cores, and what nobody observed', async () => {
    const profile = profileFrom(['0/0|a;b 2', '0/1|c 1', '0/0|a;b 1'], { rateHz: 10 });
    const events = [{ timeMs: 150, worker: 0, kind: 'gap' as const, count: 3, reason: 'late' }];
    const { threads } = await parse({ ...profile, events });
    expect(threads.map(({ name, pid }) => [name, pid])).toEqual([
      ['uWSGIWorker1Core0', 'worker-1'],
      ['uWSGIWorker1Core1', 'worker-1'],
    ]);
    expect(rowsOf(threads[0]!)).toEqual([
      [0, 'a;b', 2],
      [150, '-', 3],
      [200, '(idle)', 1],
      [300, 'a;b', 1],
    ]);
    expect(rowsOf(threads[1]!)).toEqual([
      [0, '(idle)', 2],
      [150, '-', 3],
      [200, 'c', 1],
      [300, '(idle)', 1],
    ]);
    const { markers, stringArray } = threads[0]!;
    expect(markers.name.map((name) => stringArray[name])).toEqual(['gap']);
    expect([markers.startTime, markers.endTime]).toEqual([[150], [450]]);
  });

  it('goes forward, and adds up to the ticks of threads and cores, whatever the profile and however few rows', () => {
    fc.assert(
      fc.property(anyProfile, fc.constantFrom(1, 5, 1_000), (profile, maxRows) => {
        const timelines = timelinesOf(profile, maxRows);
        const ticksOf = (wanted: (stack: number) => boolean) =>
          timelines.map(({ stack, ticks }) => sum(ticks.filter((_, row) => wanted(stack[row]!))));
        for (const { timeMs } of timelines) expect(timeMs).toEqual([...timeMs].sort((a, b) => a - b));
        expect(ticksOf((stack) => stack >= 0)).toEqual([...foldThreads(profile)]);
        // A core that a worker has, and that was never seen in it, has no thread.
        const coverage = measureCoverage(profile);
        const idleTicks = ticksOf((stack) => stack === idle);
        for (const [thread, { worker }] of profile.threads.entries()) {
          const busy = [...foldThreads(profile)][thread]!;
          const doubled = busy > coverage.workers[worker]!.observed;
          if (!doubled) expect(idleTicks[thread]).toBeGreaterThanOrEqual(coverage.workers[worker]!.observed - busy);
        }
        const gaps = profile.threads.map(({ worker }) => coverage.workers[worker]!.unobserved);
        expect(ticksOf((stack) => stack === unobserved)).toEqual(gaps);
      }),
    );
  });

  it('has not more samples than the profiler can take', async () => {
    const lines = Array.from({ length: 3_000 }, (_, at) => `f${at % 3} 1`);
    const rows = timelinesOf(profileFrom(lines), 200)[0]!;
    expect(rows.stack.length).toBeLessThanOrEqual(200);
    expect(sum(rows.ticks)).toBe(3_000);
  });
});

describe('a Firefox Profiler file', () => {
  it('names nothing that is not there, and each thing once', async () => {
    const law = fc.asyncProperty(anyProfile, async (profile) => {
      const { meta, threads } = await parse(profile);
      expect(new Set(threads.map(({ pid }) => pid)).size).toBe(profile.workers.length);
      for (const thread of threads) {
        const { samples, stackTable, frameTable, funcTable, stringArray } = thread;
        const within = (table: Table) => (index: number | null) =>
          index === null || (index >= 0 && index < table.length);
        expect(samples.stack.every(within(stackTable))).toBe(true);
        expect(stackTable.prefix.every((prefix, at) => prefix === null || (prefix >= 0 && prefix < at))).toBe(true);
        expect(stackTable.frame.every(within(frameTable))).toBe(true);
        expect(frameTable.func.every(within(funcTable))).toBe(true);
        expect([...funcTable.name, ...funcTable.fileName].every(within(stringArray))).toBe(true);
        expect(new Set(stringArray).size).toBe(stringArray.length);
        for (const [at, category] of stackTable.category.entries()) {
          const subcategory = frameTable.subcategory[stackTable.frame[at]!]!;
          expect(meta.categories[category]!.subcategories[subcategory]).toBeTypeOf('string');
        }
      }
    });
    await fc.assert(law, { numRuns: 50 });
  });
});

interface CallNode {
  readonly name: string;
  readonly totalSamples: number;
  readonly selfSamples: number;
  readonly children: readonly CallNode[];
}

interface Answer {
  readonly threads: readonly {
    threadHandle: string;
    name: string;
    processName: string;
    pid: string;
    markerCount: number;
  }[];
  readonly regularCallTree: CallNode;
  readonly categoryBreakdown: { readonly categories: readonly { name: string; samples: number }[] };
  readonly flatMarkers: readonly { readonly name: string }[];
}

/** `root;leaf` and the samples that ended there, of those that have some. */
function selfOf({ name, selfSamples, children }: CallNode, path = ''): [string, number][] {
  const here = path === '' ? name : `${path};${name}`;
  const below = children.flatMap((child) => selfOf(child, name === '<root>' ? '' : here));
  return selfSamples > 0 ? [[here, selfSamples], ...below] : below;
}

describe('the Firefox Profiler', () => {
  const folder = temporaryFolder();
  const load = async (profile: Profile) => {
    const file = join(mkdtempSync(join(folder, 'f-')), 'x.firefox.json');
    writeFileSync(file, await renderBytes(firefox, profile));
    return loadInFirefox<Answer>(file);
  };

  it('reads every process, thread, stack and tick', async () => {
    const django = '/usr/lib/python3/dist-packages/django';
    const recorded = profileFrom(
      [
        `0/0|main;handle@${django}/base.py:7;query@/usr/lib/python3.11/socket.py:5 3`,
        '1/0|main;</script>;名前 5',
        '0/1|main;fib;fib;fib 2',
        '0/1|main;fib;fib 1',
      ],
      { rateHz: 20 },
    );
    const events = [{ timeMs: 100, worker: 0, kind: 'gap' as const, count: 3, reason: 'late' }];
    const ask = await load({ ...recorded, events });
    const { threads } = await ask('thread', 'list');
    const of = ({ name, processName, pid, markerCount }: Answer['threads'][number]) => [
      name,
      processName,
      pid,
      markerCount,
    ];
    expect(threads.map(of)).toEqual([
      ['uWSGIWorker1Core0', 'worker 1', 'worker-1', 1],
      ['uWSGIWorker1Core1', 'worker 1', 'worker-1', 0],
      ['uWSGIWorker2Core0', 'worker 2', 'worker-2', 0],
    ]);
    const treeOf = async (thread: string) => {
      const answer = await ask('thread', 'samples-top-down', '--include-idle', '--thread', thread);
      return selfOf(answer.regularCallTree).sort();
    };
    expect(await treeOf('t-0')).toEqual([
      ['(idle)', 3],
      ['main;handle;query', 3],
    ]);
    expect(await treeOf('t-1')).toEqual([
      ['(idle)', 3],
      ['main;fib;fib', 1],
      ['main;fib;fib;fib', 2],
    ]);
    expect(await treeOf('t-2')).toEqual([['main;</script>;名前', 5]]);
    const { categoryBreakdown } = await ask('thread', 'samples', '--include-idle', '--thread', 't-0');
    const categories = categoryBreakdown.categories.map(({ name, samples }) => [name, samples]);
    expect(categories.sort()).toEqual([
      ['Idle', expect.any(Number)],
      ['Standard library', expect.any(Number)],
    ]);
    const { flatMarkers } = await ask('thread', 'markers', '--list', '--thread', 't-0');
    expect(flatMarkers.map(({ name }) => name)).toEqual(['gap']);
  });

  it('reads a profile without a sample, and a deep one', async () => {
    const empty = await load(profileFrom([]));
    expect((await empty('thread', 'list')).threads).toHaveLength(1);
    const frames = Array.from({ length: 2_000 }, (_, at) => `f${at % 5}`).join(';');
    const deep = await load(profileFrom([`${frames} 7`]));
    const { regularCallTree } = await deep('thread', 'samples-top-down', '--thread', 't-0');
    expect(regularCallTree.totalSamples).toBe(7);
  });
});
