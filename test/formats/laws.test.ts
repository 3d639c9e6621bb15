// What holds for every format of the registry: a new one is held to it by being there.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { renderCollapsed } from '../../src/formats/collapsed.ts';
import type { View } from '../../src/formats/format.ts';
import { endingOf, formatNamed, formatOfFile, formats } from '../../src/formats/index.ts';
import { readers } from '../../src/formats/readers.ts';
import { loadProfile } from '../../src/pipeline.ts';
import { ProfileBuilder } from '../../src/profile/builder.ts';
import { groupings } from '../../src/profile/labels.ts';
import { measures, type Profile } from '../../src/profile/profile.ts';
import { decodeStream } from '../../src/stream/decode.ts';
import { encodeStream } from '../../src/stream/encode.ts';
import { anyProfile } from '../helpers/any-profile.ts';
import { profileFrom } from '../helpers/profile-from.ts';
import { renderBytes, renderText } from '../helpers/rendered.ts';

const anyView = fc.record({ by: fc.constantFrom(...groupings), threads: fc.boolean() });

const hostileNames = [
  '</script><script>alert(1)</script>',
  ']]><script>alert(1)</script><![CDATA[',
  '--><svg onload=alert(1)>',
  '"\'><img src=x onerror=alert(1)>',
  '| a | `b` ``c`` [x](javascript:alert(1)) @everyone #1',
  '__proto__',
  '$& $` $1 %s \\',
  'a\nb\r\n\tc\0\x1b[31m\u202e\u2028\ufeff',
  '\ud800 half a pair',
  '🐍 名前',
  ';;; 12',
  '',
  ' ',
];

function hostileProfile(): Profile {
  const builder = new ProfileBuilder({
    startedEpochMs: 1e12,
    rateHz: 29.97,
    host: hostileNames.join(' '),
    source: hostileNames.join(' '),
    recorder: hostileNames.join(' '),
  });
  for (const [at, name] of hostileNames.entries()) {
    const worker = builder.addWorker({ number: null, address: name, host: name, pid: 7 });
    const frames = hostileNames.map((text, line) => ({ function: text, file: name, line, source: text }));
    builder.addSample(builder.thread(worker, name), builder.stackOf(frames.slice(0, at + 1)), 1);
    builder.endDump({ worker, timeMs: 10 * at, weight: 1, waitUs: -1 });
    builder.addEvent({ timeMs: 10 * at, worker, kind: 'gap', count: 1, reason: name });
  }
  builder.end(1_000);
  return builder.view();
}

function deepProfile(depth: number): Profile {
  const builder = new ProfileBuilder({
    startedEpochMs: 0,
    rateHz: 20,
    host: 'h',
    source: 'test',
    recorder: 'tbprof 0',
  });
  const worker = builder.addWorker({ number: 1, address: 'a' });
  let stack = -1;
  for (let level = 0; level < depth; level++) {
    const text = builder.string(`f${level % 7}`);
    stack = builder.stack(stack, builder.frame(text, builder.string('a.py'), level % 50, builder.string('')));
  }
  builder.addSample(builder.thread(worker, 'uWSGIWorker1Core0'), stack, 3);
  builder.endDump({ worker, timeMs: 0, weight: 3, waitUs: -1 });
  builder.end(150);
  return builder.view();
}

/** The same profile, by way of a file. */
const copyOf = (profile: Profile) => decodeStream(encodeStream(profile), 'copy').profile;

const tameLine = fc
  .record({
    worker: fc.nat(1),
    core: fc.nat(2),
    stack: fc.array(
      fc.constantFrom('a', 'b', 'view@/srv/shop/views.py:7', 'get@/usr/lib/python3/dist-packages/django/x.py:9'),
      {
        minLength: 1,
        maxLength: 5,
      },
    ),
    weight: fc.integer({ min: 1, max: 30 }),
  })
  .map(({ worker, core, stack, weight }) => `${worker}/${core}|${stack.join(';')} ${weight}`);

/** Seconds by stack, as text; the rate of ticks may be another. */
function secondsByStack(profile: Profile, view: View): Map<string, string> {
  const lines = renderCollapsed(profile, view).trimEnd().split('\n');
  return new Map(
    lines.map((line) => {
      const at = line.lastIndexOf(' ');
      return [line.slice(0, at), (Number(line.slice(at + 1)) / profile.meta.rateHz).toFixed(4)];
    }),
  );
}

/** Formats that tell threads apart when they are read back. */
const keepsThreads = ['html', 'tbprof', 'pprof', 'speedscope'];

describe.each(formats.filter(({ name }) => readers.some((reader) => reader.name === name)))(
  '$name, read back',
  (format) => {
    it('has every stack with its weight, of each thread where it can tell them apart', async () => {
      const law = fc.asyncProperty(fc.array(tameLine, { minLength: 1, maxLength: 10 }), async (lines) => {
        const profile = profileFrom(lines, { rateHz: 20 });
        const { profile: back, whole } = await loadProfile(await renderBytes(format, profile), 'x');
        expect(whole).toBe(true);
        const view = { by: 'line', threads: keepsThreads.includes(format.name) } as const;
        // Collapsed stacks have counts, and no rate.
        const timed = back.meta.measure === 'count' ? { ...back, meta: { ...back.meta, rateHz: 20 } } : back;
        expect(secondsByStack(timed, view)).toEqual(secondsByStack(profile, view));
      });
      await fc.assert(law, { numRuns: 40 });
    });
  },
);

describe.each(formats)('$name', (format) => {
  it('gives the same bytes for the same profile, also when it comes out of a recording', async () => {
    const law = fc.asyncProperty(anyProfile, anyView, async (profile, view) => {
      const bytes = await renderBytes(format, profile, view);
      expect((await renderBytes(format, profile, view)).equals(bytes)).toBe(true);
      expect((await renderBytes(format, copyOf(profile), view)).equals(bytes)).toBe(true);
    });
    await fc.assert(law, { numRuns: 15 });
  });

  it('says of counts neither when they were nor for how long, where nobody knows', async () => {
    const { profile } = await loadProfile('main;f 3\nmain;g 5\n', 'x.folded');
    const text = await renderText(format, profile);
    // The script of a picture and the applications in pages are not about this profile.
    expect(text.replace(/<script.*<\/script>/s, '')).not.toMatch(/1970|\b0\.0+ ?m?s\b|"profilingEndTime"/);
  });

  it('takes time in proportion to the number of workers, and to the length of their names', async () => {
    // Their squares would take longer than a test may.
    const workers = 8_000;
    const builder = new ProfileBuilder({ startedEpochMs: 1, rateHz: 20, host: 'h', source: 'agent', recorder: 'r' });
    for (let at = 0; at < workers; at++) {
      const worker = builder.addWorker({ number: 1, address: at === 0 ? `${'1'.repeat(200_000)}x` : `/tmp/t.${at}` });
      builder.addSample(
        builder.thread(worker, 'T'),
        builder.stackOf([{ function: 'f', file: '', line: 0, source: '' }]),
        1,
      );
      builder.endDump({ worker, timeMs: at, weight: 1, waitUs: 0 });
      builder.addEvent({ timeMs: at, worker, kind: 'gap', count: 1, reason: 'late' });
      builder.addProcess({ worker, timeMs: at, pid: at, rssKb: 1, cpuMs: 1 });
    }
    builder.end(1_000);
    expect((await renderBytes(format, builder.view())).length).toBeGreaterThan(0);
  });

  it.each(measures)('takes profiles without a sample, and with one, of %s', async (measure) => {
    for (const lines of [[], ['a;b 1']]) {
      const profile = profileFrom(lines);
      const measured = { ...profile, meta: { ...profile.meta, measure } };
      for (const threads of [false, true]) await renderBytes(format, measured, { by: 'function', threads });
    }
  });

  it('takes a profile of nothing at all, which was cut off', async () => {
    const meta = { startedEpochMs: 0, rateHz: 20, host: '', source: 'test', recorder: '' };
    await renderBytes(format, new ProfileBuilder(meta).view());
  });

  it('takes hostile names: what it gives is UTF-8, and tells nothing to a terminal', async () => {
    const isMarkup = /\.(html|svg)$/.test(format.extensions[0]!);
    for (const by of groupings) {
      const bytes = await renderBytes(format, hostileProfile(), { by, threads: true });
      if (bytes[0] === 0x1f) continue; // compressed
      const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
      expect(text).not.toMatch(/\x1b|\0/);
      if (isMarkup) expect(text).not.toMatch(/<script>alert|<svg onload|<img src=x/);
    }
  });

  it('takes a stack of 20,000 frames', async () => {
    const bytes = await renderBytes(format, deepProfile(20_000));
    expect(bytes.length).toBeLessThan(10e6);
  });

  it('is chosen by its name and by each of its endings', () => {
    expect(formatNamed(format.name)).toBe(format);
    for (const ending of format.extensions) {
      expect(formatOfFile(`a.b${ending.toUpperCase()}`)).toBe(format);
      expect(endingOf(`a.b${ending.toUpperCase()}`, format)).toBe(ending);
    }
  });
});
