// pprof files: read by the package that also wrote them, for any profile; and by Go's own pprof.
import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { Profile as Message } from 'pprof-format';
import { beforeAll, describe, expect, it } from 'vitest';
import { foldThreads } from '../../src/aggregate/fold.ts';
import type { View } from '../../src/formats/format.ts';
import { pprof } from '../../src/formats/pprof.ts';
import { labelThread } from '../../src/profile/labels.ts';
import type { Profile } from '../../src/profile/profile.ts';
import { anyProfile } from '../helpers/any-profile.ts';
import { describeWith } from '../helpers/describe-with.ts';
import { goPprof } from '../helpers/go.ts';
import { profileFrom } from '../helpers/profile-from.ts';
import { renderBytes } from '../helpers/rendered.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

const sum = (numbers: Iterable<number | bigint>) => [...numbers].reduce<number>((total, one) => total + Number(one), 0);

async function decode(profile: Profile, view?: View) {
  const message = Message.decode(gunzipSync(await renderBytes(pprof, profile, view)));
  const text = (at: number | bigint) => message.stringTable.strings[Number(at)]!;
  const functions = new Map(message.function.map((one) => [one.id, one]));
  const frames = new Map(
    message.location.map(({ id, line: [line] }) => {
      const { name, filename } = functions.get(line!.functionId)!;
      return [id, { name: text(name), file: text(filename), line: Number(line!.line) }];
    }),
  );
  const samples = message.sample.map(({ locationId, value, label }) => ({
    stack: locationId.map((id) => frames.get(id)!).reverse(),
    value: value.map(Number),
    labels: Object.fromEntries(label.map(({ key, str }) => [text(key), text(str)])),
  }));
  const types = message.sampleType.map(({ type, unit }) => `${text(type)}/${text(unit)}`);
  return { message, text, samples, types };
}

describe('pprof', () => {
  it('has stacks leaf first, ticks and nanoseconds, and where and when', async () => {
    const profile = profileFrom(['1/2|main;handle@/srv/a.py:7 3'], { rateHz: 30 });
    const { message, text, samples, types } = await decode(profile);
    expect(types).toEqual(['samples/count', 'wall/nanoseconds']);
    expect(text(message.defaultSampleType)).toBe('wall');
    expect([message.timeNanos, message.durationNanos, message.period].map(Number)).toEqual([1e12, 1e9, 33_333_333]);
    expect(samples).toEqual([
      {
        stack: [
          { name: 'main', file: '/app/main.py', line: 1 },
          { name: 'handle', file: '/srv/a.py', line: 7 },
        ],
        value: [3, 100_000_000],
        labels: { thread: 'uWSGIWorker2Core2', worker: 'worker 2', host: 'h' },
      },
    ]);
  });

  it('has the values that were measured, and no others', async () => {
    const profile = profileFrom(['a 3'], { rateHz: 10 });
    const typesOf = async (measured: Profile) => (await decode(measured)).types;
    const measure = (name: 'cpu' | 'count') => ({ ...profile, meta: { ...profile.meta, measure: name } });
    expect(await typesOf(measure('count'))).toEqual(['samples/count']);
    expect(await typesOf(measure('cpu'))).toEqual(['cpu/nanoseconds']);
    const known = { ...profile, samples: { ...profile.samples, cpuUs: Int32Array.of(1_234) } };
    expect(await typesOf(known)).toEqual(['samples/count', 'wall/nanoseconds', 'cpu/nanoseconds']);
    expect((await decode(known)).samples[0]!.value).toEqual([3, 3e8, 1_234_000]);
  });

  it('loses no tick, no nanosecond and no thread, whatever the profile', async () => {
    const law = fc.asyncProperty(
      anyProfile,
      fc.constantFrom('line', 'function', 'file', 'module'),
      async (profile, by) => {
        const { samples } = await decode(profile, { by, threads: false });
        const ticks = sum(profile.samples.weight);
        expect(sum(samples.map(({ value }) => value[0]!))).toBe(ticks);
        expect(sum(samples.map(({ value }) => value[1]!))).toBe(Math.round((ticks * 1e9) / profile.meta.rateHz));
        const cpuUs = sum(profile.samples.cpuUs.filter((us) => us >= 0));
        expect(sum(samples.map(({ value }) => value[2] ?? 0))).toBe(1_000 * cpuUs);
        for (const [thread, weight] of foldThreads(profile).entries()) {
          const { name } = profile.threads[thread]!;
          const own = samples.filter(({ labels }) => labels.thread === name);
          expect(sum(own.map(({ value }) => value[0]!)), labelThread(profile, thread)).toBe(weight);
        }
      },
    );
    await fc.assert(law);
  });
});

describeWith('go', "Go's pprof", () => {
  const folder = temporaryFolder();
  const write = async (profile: Profile) => {
    const file = join(mkdtempSync(join(folder, 'p-')), 'x.pb.gz');
    writeFileSync(file, await renderBytes(pprof, profile));
    return file;
  };
  const profile = profileFrom(
    [
      '0/0|main;handle;query 3',
      '1/0|main;handle;query 5',
      '0/1|main;fib;fib;fib 2',
      '0/1|main@/srv/a b/x.py:3;<listcomp>;名前;std::vec<int>(a, b) 7',
    ],
    { rateHz: 20 },
  );
  // Go compiles the tool when it is first asked for.
  beforeAll(async () => void goPprof('-raw', await write(profile)), 600_000);

  it('reads the same totals, stacks and labels', async () => {
    const raw = goPprof('-raw', await write(profile));
    expect(raw).toContain('PeriodType: wall nanoseconds\nPeriod: 50000000\n');
    expect(raw).toContain('samples/count wall/nanoseconds[dflt]');
    const rows = [...raw.matchAll(/^ +(\d+) +(\d+): [\d ]+\n +(host:.*)$/gm)].map(([, ...row]) => row);
    expect(rows).toEqual([
      ['3', '150000000', 'host:[h] thread:[uWSGIWorker1Core0] worker:[worker 1]'],
      ['5', '250000000', 'host:[h] thread:[uWSGIWorker2Core0] worker:[worker 2]'],
      ['2', '100000000', 'host:[h] thread:[uWSGIWorker1Core1] worker:[worker 1]'],
      ['7', '350000000', 'host:[h] thread:[uWSGIWorker1Core1] worker:[worker 1]'],
    ]);
    expect(raw).toMatch(/main \/srv\/a b\/x\.py:3/);
  });

  it('finds the hottest functions, and filters by what the labels say', async () => {
    const file = await write(profile);
    const flat = (text: string, name: string) => new RegExp(`^ *(\\S+) .* ${name}$`, 'm').exec(text)?.[1];
    const top = goPprof('-top', file);
    expect(top).toContain('Total samples = 850ms');
    expect([flat(top, 'query'), flat(top, 'fib')]).toEqual(['400ms', '100ms']);
    const focused = goPprof('-top', '-tagfocus=worker=worker 2', file);
    expect([flat(focused, 'query'), flat(focused, 'fib')]).toEqual(['250ms', undefined]);
    expect(goPprof('-top', '-tagfocus=thread=uWSGIWorker1Core1', file)).toContain('450ms, 52.94% of 850ms');
    expect(goPprof('-top', '-sample_index=samples', file)).toContain(
      'Showing nodes accounting for 17, 100% of 17 total',
    );
  });

  it('takes what is empty, what is hostile, and what is deep', async () => {
    const frames = Array.from({ length: 20_000 }, (_, at) => `f${at % 5}`).join(';');
    for (const lines of [[], ['</script>;\x1b[31m;\u202e 1'], [`${frames} 2`]]) {
      expect(goPprof('-raw', await write(profileFrom(lines)))).toContain('wall/nanoseconds[dflt]');
    }
  });
});
