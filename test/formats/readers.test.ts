// Files of other tools, real ones and rubbish, and the laws of what comes back of our own.
import { readdirSync } from 'node:fs';
import { deflateSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { foldThreads } from '../../src/aggregate/fold.ts';
import { TbprofError } from '../../src/errors.ts';
import { renderCollapsed } from '../../src/formats/collapsed.ts';
import { defaultView } from '../../src/formats/format.ts';
import { formatNamed } from '../../src/formats/index.ts';
import { loadProfile } from '../../src/pipeline.ts';
import type { Profile } from '../../src/profile/profile.ts';
import { decodeStream } from '../../src/stream/decode.ts';
import { encodeStream } from '../../src/stream/encode.ts';
import { anyProfile } from '../helpers/any-profile.ts';
import { expectGolden, fixture } from '../helpers/fixtures.ts';
import { profileFrom } from '../helpers/profile-from.ts';
import { renderBytes, renderText } from '../helpers/rendered.ts';
import { stackWeights } from '../helpers/stack-weights.ts';

const fixtures = readdirSync(new URL('../fixtures/profiles', import.meta.url)).sort();
const read = (name: string) => loadProfile(fixture(`profiles/${name}`), name);

/** All that a reader makes of a file, in text that a person can check against the file. */
async function describeFile(name: string): Promise<string> {
  const { profile, kind, whole, skipped } = await read(name);
  const { meta, dumps } = profile;
  return [
    `${name}: ${kind}${whole ? '' : ', cut'}`,
    JSON.stringify(meta),
    ...profile.workers.map((worker) => JSON.stringify(worker)),
    ...skipped.map((skip) => JSON.stringify(skip)),
    `times ${[...dumps.timeMs].join(' ')}, weights ${[...dumps.weight].join(' ')}`,
    renderCollapsed(profile, { by: 'line', threads: true }),
  ].join('\n');
}

describe('files of other tools', () => {
  it.each(fixtures.filter((name) => !name.includes('is-no')))('%s is read', async (name) => {
    expectGolden(`read/${name}.txt`, await describeFile(name));
  });

  it('names what it cannot read, and why', async () => {
    await expect(read('chrome-trace-is-no-profile.json')).rejects.toThrow(
      /cannot read chrome-trace-is-no-profile\.json: it is a trace of Chrome .*, no profile of speedscope/,
    );
  });

  it('is the same packed with gzip', async () => {
    for (const name of fixtures.filter((file) => !file.includes('is-no') && !file.endsWith('.gz'))) {
      const packed = await loadProfile(gzipSync(fixture(`profiles/${name}`)), name);
      expect(encodeStream(packed.profile)).toBe(encodeStream((await read(name)).profile));
    }
  });
});

/** Stacks that differ only in what the format does not carry stand apart before, and are one after. */
function countsOf(collapsed: string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const line of collapsed.split('\n').slice(0, -1).sort()) {
    const end = line.lastIndexOf(' ');
    const stack = line.slice(0, end);
    counts.set(stack, (counts.get(stack) ?? 0) + Number(line.slice(end)));
  }
  return counts;
}

describe('what we have written ourselves', () => {
  it('collapsed comes back as it was', async () => {
    await fc.assert(
      fc.asyncProperty(anyProfile, async (profile) => {
        const text = renderCollapsed(profile, defaultView);
        fc.pre(text !== '' && !/^# /m.test(text));
        const { profile: back, skipped } = await loadProfile(text, 'x');
        expect(skipped).toEqual([]);
        expect(back.meta.measure).toBe('count');
        expect(countsOf(renderCollapsed(back, defaultView))).toEqual(countsOf(text));
      }),
    );
  });

  it('collapsed gives function, file and line back, and workers and threads where it has them', async () => {
    const profile = profileFrom(['0/1|app@/srv/w.py:3;get@a b.py:9 4', '1/0|app@/srv/w.py:3 1']);
    const { profile: back } = await loadProfile(renderCollapsed(profile, { by: 'line', threads: true }), 'x');
    expect(stackWeights(back)).toEqual(stackWeights(profile));
    expect(back.workers.map(({ number }) => number)).toEqual([1, 2]);
    expect(back.threads.map(({ name }) => name)).toEqual(['uWSGIWorker1Core1', 'uWSGIWorker2Core0']);
  });

  it('speedscope gives stacks, threads and times back', async () => {
    await fc.assert(
      fc.asyncProperty(anyProfile, async (profile) => {
        fc.pre(profile.samples.weight.length > 0);
        const text = await renderText(formatNamed('speedscope'), profile);
        const { profile: back, skipped } = await loadProfile(text, 'x');
        expect(skipped).toEqual([]);
        expect(back.meta).toMatchObject({ measure: 'wall', host: 'h', startedEpochMs: 1e12 });
        const inTime = (one: Profile) =>
          [...foldThreads(one)]
            .map((ticks, thread) => `${one.threads[thread]!.name} ${Math.round((ticks / one.meta.rateHz) * 1e5)}`)
            .filter((text) => !text.endsWith(' 0'))
            .sort();
        expect(inTime(back)).toEqual(inTime(profile));
      }),
    );
  });

  it('pprof gives stacks, workers, ticks and processor time back', async () => {
    await fc.assert(
      fc.asyncProperty(anyProfile, async (profile) => {
        fc.pre(profile.samples.weight.length > 0);
        const { profile: back, skipped } = await loadProfile(await renderBytes(formatNamed('pprof'), profile), 'x');
        expect(skipped).toEqual([]);
        expect(Object.values(stackWeights(back)).sort()).toEqual(Object.values(stackWeights(profile)).sort());
        expect(back.meta.rateHz).toBeCloseTo(profile.meta.rateHz, 5);
        expect(back.meta.host).toBe('h');
        const known = (one: Profile) => one.samples.cpuUs.reduce((sum, us) => sum + Math.max(0, us), 0);
        expect(known(back)).toBe(known(profile));
      }),
    );
  });

  it('recordings and pages come back whole, from one piece or from many', async () => {
    await fc.assert(
      fc.asyncProperty(anyProfile, fc.integer({ min: 1, max: 5_000 }), async (profile, size) => {
        for (const name of ['tbprof', 'html']) {
          const bytes = await renderBytes(formatNamed(name), profile);
          const { profile: back, whole, kind } = await loadProfile(inChunks(bytes, size), 'x');
          expect(kind).toBe(name);
          expect(whole).toBe(true);
          expect(stackWeights(back)).toEqual(stackWeights(profile));
          expect(back.meta).toEqual(profile.meta);
          expect([...back.dumps.timeMs]).toEqual([...profile.dumps.timeMs]);
          if (name === 'tbprof') expect(encodeStream(back)).toBe(encodeStream(profile)); // pages order their tables
        }
      }),
      { numRuns: 20 },
    );
  });
});

async function* inChunks(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

describe('what is cut', () => {
  it('is read as far as it goes, packed or not', async () => {
    const stacks = Array.from({ length: 5_000 }, (_, i) => `main (a.py:1);f${i * 7919} (b.py:${i + 1}) ${i + 1}\n`);
    const packed = gzipSync(stacks.join(''));
    const { profile, whole } = await loadProfile(packed.subarray(0, packed.length - 1_000), 'x');
    expect(whole).toBe(false);
    expect(profile.stacks.frame.length).toBeGreaterThan(1_000);
    const recording = encodeStream(profileFrom(['a;b 2', 'a;c 3']));
    expect((await loadProfile(gzipSync(recording.slice(0, -5)), 'x')).whole).toBe(false);
  });
});

/** A profile that all others of us can read. */
function checkProfile(profile: Profile): void {
  expect(encodeStream(decodeStream(encodeStream(profile), 'x').profile)).toBe(encodeStream(profile));
}

async function expectReadOrRefused(bytes: Uint8Array): Promise<void> {
  try {
    checkProfile((await loadProfile(bytes, 'some file')).profile);
  } catch (error) {
    expect(error).toBeInstanceOf(TbprofError);
    expect((error as Error).message).toContain('some file');
    expect((error as Error).message).not.toContain('\n');
  }
}

describe('files that only look as if', () => {
  it('are refused by what they are: what we write for the Firefox Profiler', async () => {
    const file = await renderBytes(formatNamed('firefox'), profileFrom(['a;b 2']));
    await expect(loadProfile(file, 'x')).rejects.toThrow('it is a profile of the Firefox Profiler');
  });

  it('are comparisons of collapsed stacks: what was afterwards is read, and that is said', async () => {
    const first = Array.from({ length: 120 }, (_, at) => `main;f${at} 1 2\n`).join('');
    const { profile, skipped } = await loadProfile(`${first}a;b 3 5\na;c 0 2\na;d 7 0\r\na;e 9\n`, 'x');
    expect(renderCollapsed(profile, defaultView)).toMatch(/^a;b 5\na;c 2\nmain;f0 2\n/);
    expect(skipped).toEqual([
      {
        what: 'counts of BEFORE (a comparison of two profiles: those of AFTER were read)',
        count: 123,
        first: 'line 1',
      },
      { what: 'lines without a stack and its count', count: 1, first: 'line 124' },
    ]);
  });

  it('have numbers at the end of some names', async () => {
    const { profile, skipped } = await loadProfile('a;worker 1 3\na;b 2\n', 'x');
    expect(renderCollapsed(profile, defaultView)).toBe('a;b 2\na;worker 1 3\n');
    expect(skipped).toEqual([]);
  });
});

describe('hostile files', () => {
  const example = profileFrom(['0/0|a;b@/srv/x.py:7 2', '1/1|a;c 3'], { rateHz: 7 });
  const ours = ['html', 'speedscope', 'collapsed', 'tbprof', 'pprof'];

  it('give a profile or a TbprofError, whatever is damaged', async () => {
    const files = await Promise.all(ours.map((name) => renderBytes(formatNamed(name), example)));
    files.push(...fixtures.map((name) => Buffer.from(fixture(`profiles/${name}`))));
    const { gunzipSync } = await import('node:zlib');
    files.push(...files.filter((file) => file[0] === 0x1f).map((file) => gunzipSync(file)));
    const damage = fc.record({ at: fc.nat(), drop: fc.nat(8), put: fc.uint8Array({ maxLength: 8 }) });
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...files),
        fc.array(damage, { minLength: 1, maxLength: 4 }),
        async (file, damages) => {
          let bytes = file;
          for (const { at, drop, put } of damages) {
            const from = at % (bytes.length + 1);
            bytes = Buffer.concat([bytes.subarray(0, from), put, bytes.subarray(from + drop)]);
          }
          await expectReadOrRefused(bytes);
        },
      ),
      { numRuns: 600 },
    );
  });

  it('give a profile or a TbprofError, whatever the bytes', async () => {
    const tokens = [
      '{"tbprof":1,',
      '{"shared":{"frames":[]},"profiles":[',
      ';',
      ' 1\n',
      '\n',
      'thread_id = ',
      '*** HARAKIRI ON WORKER 1 (pid: 2, try: 1) ***\n',
      '\u001f\u008b',
      '[',
      '{',
      '\n\u0004',
      'NaN',
      '-1',
    ];
    const piece = fc.oneof(fc.constantFrom(...tokens), fc.string({ maxLength: 5 }));
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 12 }), (pieces) =>
        expectReadOrRefused(Buffer.from(pieces.join(''), 'latin1')),
      ),
      { numRuns: 400 },
    );
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 60 }), (bytes) => expectReadOrRefused(bytes)),
      { numRuns: 400 },
    );
  });

  it.each([
    ['nothing', Buffer.alloc(0), /it is empty/],
    ['a bomb of gzip', gzipSync(Buffer.alloc(70_000_000, 'x')), /unpacks to more than 500 times/],
    [
      'damaged gzip',
      Buffer.concat([gzipSync('a 1\n').subarray(0, 12), Buffer.from('rubbish rubbish')]),
      /its gzip is refused/,
    ],
    ['deep JSON', Buffer.from(`{"a":${'['.repeat(1_000_000)}`), /nested more than 200 deep at byte \d+/],
    ['more JSON than memory', Buffer.from(`{"a":[${'[],'.repeat(30_000_000)}[]]}`), /would not fit into memory/],
    ['JSON that was cut', Buffer.from('{"shared":{"frames":[]},\n"profiles":['), /it is no JSON \(any more\) at/],
    ['JSON of another kind', Buffer.from('{"a":[]}'), /JSON of some other kind, no profile of speedscope/],
    ['a trace', Buffer.from('{"traceEvents":[{"ph":"B"}]}'), /it is a trace of Chrome/],
    ['a profile of V8', Buffer.from('{"nodes":[],"timeDeltas":[]}'), /it is a \.cpuprofile of V8/],
    ['a comparison', Buffer.from('{"per":"share","unjudged":null}'), /it is a comparison by tbprof diff/],
    ['a page of another', Buffer.from('<!doctype html><p>hello'), /a page, but none of tbprof/],
    ['an image', Buffer.from([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10, 0, 0, 0, 13]), /of no kind that is known/],
    ['a log without tracebacks', Buffer.from('*** Starting uWSGI 2.0.21 ***\nhello\n'), /no traceback in it/],
    [
      'pprof with a number without end',
      Buffer.concat([Buffer.from([0x0a, 4, 8, 1, 16, 2, 0x12, 21, 8]), Buffer.alloc(20, 0xff)]),
      /a number does not end \(byte 9/,
    ],
    [
      'an event stream of evil recursion',
      Buffer.from(
        JSON.stringify({
          shared: { frames: [{ name: 'a' }] },
          profiles: [
            {
              type: 'evented',
              unit: 'seconds',
              name: '',
              events: Array.from({ length: 20_000 }, (_, at) => ({ type: 'O', frame: 0, at })),
            },
          ],
        }),
      ),
      /too much in it/,
    ],
  ])('are refused with the reason: %s', async (_, bytes, message) => {
    const failure = loadProfile(bytes, 'some file');
    await expect(failure).rejects.toThrow(message);
    await expect(failure).rejects.toThrow(TbprofError);
    await expect(failure).rejects.toThrow(/some file/);
  });

  it.each([
    ['brackets', `${' ('.repeat(200_000)}:) 1\n`],
    ['marks of frames', `${'thread_id = filename = lineno = '.repeat(60_000)}\nx 1\n`],
    ['semicolons', `${';'.repeat(1_000_000)}a 1\n`],
    ['openings of scripts', '<script '.repeat(100_000)],
    ['blanks and numbers', '1 '.repeat(500_000)],
    ['a process and thread for each line', Array.from({ length: 20_000 }, (_, i) => `P${i};T${i};a:b:1 1\n`).join('')],
  ])('take time in proportion to their size: %s', async (_, text) => {
    // Squares of these sizes would outlast any test.
    await expectReadOrRefused(Buffer.from(text));
  });

  it('are refused with the reason: a bomb in a page', async () => {
    const payload = deflateSync(Buffer.alloc(70_000_000, 'x')).toString('base64');
    const page = `<!doctype html><script type="application/octet-stream" id="stream">${payload}</script>`;
    await expect(loadProfile(page, 'some file')).rejects.toThrow(
      /its recording is refused: it unpacks to more than 500/,
    );
  });

  it('cannot bring weights that are none', async () => {
    const collapsed = await loadProfile(
      'a;b 3\na;c -3\na;d NaN\na;e 1e9\na;f Infinity\na;g 99999999999999999999\na 2.4\n',
      'x',
    );
    expect(stackWeights(collapsed.profile)).toEqual({
      '[["a","",0],["b","",0]]': 3,
      '[["a","",0]]': 2,
    });
    expect(collapsed.skipped.reduce((sum, { count }) => sum + count, 0)).toBe(5);
    const file = (weights: string) =>
      `{"shared":{"frames":[{"name":"a"}]},"profiles":[{"type":"sampled","name":"t","unit":"none","samples":[[0],[0],[7],[0,"x"]],"weights":${weights}}]}`;
    const { profile, skipped } = await loadProfile(file('[1,-5,1,1e300]'), 'x');
    expect(stackWeights(profile)).toEqual({ '[["a","",0]]': 1 });
    expect(skipped.map(({ what }) => what)).toEqual([
      'samples that are none, or whose weight is none',
      'frames that are not in its table',
      'samples without a frame',
    ]);
  });

  it('cannot bring counts that are too large for a column', async () => {
    const { profile } = await loadProfile('a;b 5000000000\na;c 1\n', 'x');
    expect(stackWeights(profile)['[["a","",0],["b","",0]]']).toBe(5_000_000_000);
    checkProfile(profile);
    expect(renderCollapsed(profile, defaultView)).toBe('a;b 5000000000\na;c 1\n');
  });
});
