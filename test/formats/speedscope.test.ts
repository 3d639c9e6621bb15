// The speedscope writer against the format's schema and against what the schema leaves unsaid.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Ajv } from 'ajv';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { foldStacks, foldThreads } from '../../src/aggregate/fold.ts';
import { defaultView } from '../../src/formats/format.ts';
import { formatOfFile } from '../../src/formats/index.ts';
import { buildSpeedscope, type SpeedscopeFile, speedscope } from '../../src/formats/speedscope.ts';
import { ProfileBuilder } from '../../src/profile/builder.ts';
import { groupFrames, groupings } from '../../src/profile/labels.ts';
import type { Profile } from '../../src/profile/profile.ts';
import { profileFrom } from '../helpers/profile-from.ts';
import { renderText } from '../helpers/rendered.ts';

const schemaFile = createRequire(import.meta.url).resolve('speedscope/dist/release/file-format-schema.json');
const validate = new Ajv({ strict: false }).compile(JSON.parse(readFileSync(schemaFile, 'utf8')));

/** Stacks by frame name, so that tests read as the profile was written. */
function named(file: SpeedscopeFile) {
  return file.profiles.map(({ name, samples, weights }) => ({
    name,
    samples: samples.map((stack) => stack.map((frame) => file.shared.frames[frame]!.name).join(';')),
    weights,
  }));
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

/** What the application needs, and what the schema cannot say. */
function expectWellFormed(file: SpeedscopeFile, profile: Profile): void {
  expect(validate(file), JSON.stringify(validate.errors)).toBe(true);
  const { frames } = file.shared;
  const keys = frames.map(({ name, file: path, line }) => JSON.stringify([name, path, line]));
  expect(new Set(keys).size).toBe(keys.length);
  for (const { samples, weights, endValue, startValue } of file.profiles) {
    expect(weights).toHaveLength(samples.length);
    expect(startValue).toBe(0);
    expect(endValue).toBe(sum(weights));
    expect(weights.every((weight) => Number.isSafeInteger(weight) && weight > 0)).toBe(true);
    expect(samples.every((stack) => stack.length > 0)).toBe(true);
    expect(samples.flat().every((frame) => Number.isInteger(frame) && frame >= 0 && frame < frames.length)).toBe(true);
  }

  const micros = (ticks: number) => Math.round((ticks * 1e6) / profile.meta.rateHz);
  const totals = [...foldThreads(profile)].filter((ticks) => ticks > 0).sort((a, b) => b - a);
  const [all, ...threads] = file.profiles.map(({ weights }) => sum(weights));
  expect(threads).toEqual(totals.map(micros));
  expect(all).toBe(micros(sum([...foldStacks(profile)])));
  expect(Math.abs(all! - sum(threads))).toBeLessThanOrEqual(threads.length / 2 + 0.5);
  expect(file.profiles[0]!.name).toBe('all workers');
  expect(file.activeProfileIndex).toBe(0);
}

describe('speedscope file', () => {
  it('is named by its ending and is JSON on one line', async () => {
    expect(formatOfFile('a/b.speedscope.json')).toBe(speedscope);
    const profile = profileFrom(['a;b 2']);
    const text = await renderText(speedscope, profile);
    expect(text).toMatch(/^\{.*\}\n$/);
    expect(JSON.parse(text)).toEqual(buildSpeedscope(profile, defaultView));
  });

  it('says what was recorded, and by what', () => {
    const file = buildSpeedscope(profileFrom(['a 1']), defaultView);
    expect(file).toMatchObject({
      $schema: 'https://www.speedscope.app/file-format-schema.json',
      name: 'tbprof h 1970-01-01T00:16:40.000Z',
      exporter: 'tbprof 0',
    });
  });

  it('holds all workers, heaviest stack first, then each thread in order of time, heaviest thread first', () => {
    const profile = profileFrom(['0/0|a;b 1', '1/3|a;c 5', '0/0|a;c 2', '0/1|a;b 4', '0/0|a;b 1'], { rateHz: 10 });
    const file = buildSpeedscope(profile, defaultView);
    expectWellFormed(file, profile);
    expect(named(file)).toEqual([
      { name: 'all workers', samples: ['a;c', 'a;b'], weights: [700_000, 600_000] },
      { name: 'uWSGIWorker2Core3', samples: ['a;c'], weights: [500_000] },
      { name: 'uWSGIWorker1Core0', samples: ['a;b', 'a;c', 'a;b'], weights: [100_000, 200_000, 100_000] },
      { name: 'uWSGIWorker1Core1', samples: ['a;b'], weights: [400_000] },
    ]);
  });

  it('names the worker of a thread whose own name does not', () => {
    const builder = newBuilder(10);
    for (const number of [4, 5]) {
      const worker = builder.addWorker({ number, address: 'a' });
      builder.addSample(builder.thread(worker, 'MainThread'), builder.stackOf([frame('f')]), 1);
      builder.endDump({ worker, timeMs: 0, weight: 1, waitUs: 1 });
    }
    const file = buildSpeedscope(builder.view(), defaultView);
    expect(file.profiles.map(({ name }) => name)).toEqual([
      'all workers',
      'worker 4 MainThread',
      'worker 5 MainThread',
    ]);
  });

  it('joins equal neighbours of a thread, whatever other threads do in between', () => {
    const profile = profileFrom(['a;b 1', '0/1|x 7', 'a;b 2', 'a 1', 'a;b 1']);
    expect(named(buildSpeedscope(profile, defaultView))[2]).toEqual({
      name: 'uWSGIWorker1Core0',
      samples: ['a;b', 'a', 'a;b'],
      weights: [300_000, 100_000, 100_000],
    });
  });

  it('counts where the profile counts', () => {
    const profile = profileFrom(['a;b 2', 'a 1'], { rateHz: 30 });
    const counted = { ...profile, meta: { ...profile.meta, measure: 'count' as const } };
    const [all] = buildSpeedscope(counted, defaultView).profiles;
    expect(all).toMatchObject({ unit: 'none', weights: [2, 1], endValue: 3 });
  });

  it('leaves out threads without a sample and is valid without any', () => {
    const builder = newBuilder(10);
    builder.thread(builder.addWorker({ number: 1, address: 'a' }), 'idle');
    const profile = builder.view();
    const file = buildSpeedscope(profile, defaultView);
    expectWellFormed(file, profile);
    expect(named(file)).toEqual([{ name: 'all workers', samples: [], weights: [] }]);
  });

  it.each([
    ['line', ['save (m.py:3)', 'save (m.py:4)', 'save (n.py:3)', 'deep (pkg/x.py:1)']],
    ['function', ['save (m.py)', 'save (n.py)', 'deep (pkg/x.py)']],
    ['file', ['m.py (m.py)', 'n.py (n.py)', 'pkg/x.py (pkg/x.py)']],
    ['module', ['m.py', 'n.py', 'pkg']],
  ] as const)('has one frame per %s', (by, frames) => {
    const site = '/usr/lib/python3/dist-packages';
    const profile = profileFrom([
      'save@m.py:3 1',
      'save@m.py:4 1',
      'save@n.py:3 1',
      `save@m.py:3;deep@${site}/pkg/x.py:1 1`,
    ]);
    const file = buildSpeedscope(profile, { by, threads: false });
    expectWellFormed(file, profile);
    const place = (path = '', line?: number) => [path.replace(`${site}/`, ''), line ?? []].flat().join(':');
    expect(
      file.shared.frames.map(({ name, file: path, line }) =>
        path === undefined ? name : `${name} (${place(path, line)})`,
      ),
    ).toEqual(frames);
  });

  it('leaves out what is not known of a frame', () => {
    const builder = newBuilder(10);
    const worker = builder.addWorker({ number: 1, address: 'a' });
    const stack = builder.stackOf([
      { function: 'f', file: '', line: 0, source: '' },
      { function: '', file: 'x.py', line: 0, source: '' },
    ]);
    builder.addSample(builder.thread(worker, 't'), stack, 1);
    builder.endDump({ worker, timeMs: 0, weight: 1, waitUs: 1 });
    expect(buildSpeedscope(builder.view(), defaultView).shared.frames).toEqual([
      { name: 'f' },
      { name: '<unknown> (x.py)', file: 'x.py' },
    ]);
  });

  it.each([1, 3, 7, 29.97, 30, 60, 99, 100, 333, 1_000])('adds up at %d Hz', (rateHz) => {
    const lines = Array.from({ length: 500 }, (_, i) => `${i % 2}/${i % 3}|main;f${i % 17} ${1 + (i % 5)}`);
    const profile = profileFrom(lines, { rateHz });
    for (const by of groupings) expectWellFormed(buildSpeedscope(profile, { by, threads: false }), profile);
  });

  it('is never off by more than half a microsecond on the way', () => {
    const profile = profileFrom(
      Array.from({ length: 1_000 }, (_, i) => `f${i % 2} 1`),
      { rateHz: 7 },
    );
    const { weights } = buildSpeedscope(profile, defaultView).profiles[1]!;
    expect(weights).toHaveLength(1_000);
    let at = 0;
    for (const [tick, weight] of weights.entries()) {
      at += weight;
      expect(Math.abs(at - ((tick + 1) * 1e6) / 7)).toBeLessThanOrEqual(0.5);
    }
  });

  it('keeps the rules whatever the profile', () => {
    const name = fc.oneof(fc.constantFrom('f', 'g', '<b>', '__proto__', '\u2028', '名前'), fc.string({ maxLength: 3 }));
    const anyFrame = fc.record({
      function: name,
      file: fc.constantFrom('a.py', '/x/lib/python3.12/json/decoder.py', '/x/site-packages/django/db.py', '名.py'),
      line: fc.integer({ min: 0, max: 3 }),
      source: fc.constantFrom('', 's'),
    });
    const sample = fc.record({
      worker: fc.integer({ min: 0, max: 1 }),
      thread: fc.constantFrom('MainThread', 'uWSGIWorker1Core0', 'uWSGIWorker1Core1'),
      frames: fc.array(anyFrame, { minLength: 1, maxLength: 4 }),
      weight: fc.integer({ min: 1, max: 30 }),
    });
    fc.assert(
      fc.property(
        fc.array(sample, { maxLength: 20 }),
        fc.constantFrom(7, 20, 30, 100),
        fc.constantFrom(...groupings),
        (samples, rateHz, by) => {
          const builder = newBuilder(rateHz);
          for (const number of [1, 2]) builder.addWorker({ number, address: `w${number}` });
          for (const { worker, thread, frames, weight } of samples) {
            builder.addSample(builder.thread(worker, thread), builder.stackOf(frames), weight);
            builder.endDump({ worker, timeMs: 0, weight, waitUs: 1 });
          }
          const profile = builder.view();
          const file = buildSpeedscope(profile, { by, threads: false });
          expectWellFormed(file, profile);
          expect(file.shared.frames).toHaveLength(groupFrames(profile, by).labels.length);
        },
      ),
    );
  });

  it('gives up the order of time where the file would be too large for speedscope', () => {
    const builder = newBuilder(10);
    const worker = builder.addWorker({ number: 1, address: 'w1' });
    const thread = builder.thread(worker, 't');
    const stacks = ['f', 'g', 'h'].map((name) => builder.stackOf([frame(name)]));
    const samples = 200_001;
    for (let sample = 0; sample < samples; sample++) {
      builder.addSample(thread, stacks[sample % 3 === 0 ? 0 : sample % 2]!, 1);
      builder.endDump({ worker, timeMs: sample, weight: 1, waitUs: 1 });
    }
    const few = buildSpeedscope(profileFrom(['a 1', 'b 1', 'a 1']), { by: 'function', threads: false });
    expect(few.profiles[1]!.samples).toHaveLength(3);
    // Runs of one stack are one sample: this has 200,001 samples but fewer changes.
    const profile = builder.view();
    const changes = profile.samples.stack.reduce((sum, stack, at, all) => sum + (stack === all[at - 1] ? 0 : 1), 0);
    expect(changes).toBeLessThan(200_000);
    expect(buildSpeedscope(profile, { by: 'function', threads: false }).profiles[1]!.samples).toHaveLength(changes);
    for (let sample = 0; sample < samples; sample++) {
      builder.addSample(thread, stacks[sample % 3]!, 1);
      builder.endDump({ worker, timeMs: sample, weight: 1, waitUs: 1 });
    }
    const folded = buildSpeedscope(builder.view(), { by: 'function', threads: false });
    expect(folded.profiles[1]!.name).toBe('worker 1 t (not in order of time)');
    expect(folded.profiles[1]!.samples).toHaveLength(3);
    expect(folded.profiles[1]!.endValue).toBe((2 * samples * 1e6) / 10);
  });
});

function newBuilder(rateHz: number): ProfileBuilder {
  return new ProfileBuilder({ startedEpochMs: 0, rateHz, host: 'h', source: 'test', recorder: 'tbprof 0' });
}

function frame(name: string) {
  return { function: name, file: 'x.py', line: 1, source: '' };
}
