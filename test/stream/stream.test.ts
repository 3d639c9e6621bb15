import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compactProfile } from '../../src/aggregate/compact.ts';
import { TbprofError } from '../../src/errors.ts';
import { ProfileBuilder } from '../../src/profile/builder.ts';
import type { Profile } from '../../src/profile/profile.ts';
import { compress, decompress } from '../../src/stream/compress.ts';
import { decodeStream } from '../../src/stream/decode.ts';
import { encodeStream, printLine, printPacked, StreamEncoder } from '../../src/stream/encode.ts';
import { anyProfile } from '../helpers/any-profile.ts';
import { profileFrom } from '../helpers/profile-from.ts';

/** Compares as text: columns are views of longer buffers. */
function expectSame(actual: Profile, expected: Profile): void {
  expect(encodeStream(actual)).toBe(encodeStream(expected));
}

const example = profileFrom(['0/0|a;b 2', '1/1|a;c 3', '0/0|a;b;a 1'], { rateHz: 7 });

describe('the stream', () => {
  it('is read back as it was written', () => {
    fc.assert(
      fc.property(anyProfile, (profile) => {
        const { profile: back, whole } = decodeStream(encodeStream(profile), 'x');
        expect(whole).toBe(true);
        expectSame(back, profile);
        expect(back.meta).toEqual(profile.meta);
        expectSame(decodeStream(Buffer.from(encodeStream(profile)), 'x').profile, profile);
      }),
    );
  });

  it('is read back as it was written where its columns are packed, its stacks in pre-order or not', () => {
    fc.assert(
      fc.property(anyProfile, (profile) => {
        for (const any of [profile, compactProfile(profile)]) {
          const { profile: back, whole } = decodeStream([...printPacked(any)].join(''), 'x');
          expect(whole).toBe(true);
          expectSame(back, any);
        }
      }),
    );
  });

  it('is the same whether a profile is written at once or while it grows', () => {
    const builder = new ProfileBuilder({ startedEpochMs: 1, rateHz: 10, host: 'h', source: 's', recorder: 'r' });
    const encoder = new StreamEncoder();
    let grown = '';
    const flush = () => {
      for (const line of encoder.linesSince(builder.view())) grown += printLine(line);
    };
    const worker = builder.addWorker({ number: 1, address: '/tmp/tbsocket.1' });
    flush();
    for (let tick = 0; tick < 5; tick++) {
      const frames = Array.from({ length: 1 + (tick % 3) }, (_, i) => ({
        function: `f${i}`,
        file: 'x',
        line: i,
        source: '',
      }));
      builder.addSample(builder.thread(worker, `t${tick % 2}`), builder.stackOf(frames), 1);
      builder.endDump({ worker, timeMs: tick * 100, weight: 1, waitUs: -1 });
      if (tick === 3) builder.addEvent({ timeMs: 300, worker, kind: 'gap', count: 2, reason: 'late' });
      flush();
    }
    builder.end(500);
    flush();
    flush(); // nothing new, nothing written
    expectSame(decodeStream(grown, 'x').profile, builder.view());
    expect(grown.match(/^\{"end"/gm)).toHaveLength(1);
  });

  it('is read up to its last whole line, wherever it was cut', () => {
    const text = encodeStream(example);
    const firstLine = text.indexOf('\n') + 1;
    for (let length = firstLine; length < text.length; length++) {
      const { profile, whole } = decodeStream(text.slice(0, length), 'x');
      expect(whole).toBe(false);
      expect(profile.meta.durationMs).toBeNull();
      expect(profile.samples.stack.length).toBeLessThanOrEqual(example.samples.stack.length);
    }
    for (let length = 0; length < firstLine; length++) {
      expect(() => decodeStream(text.slice(0, length), 'x')).toThrow(TbprofError);
    }
  });

  it('ignores lines and events that a later version may add', () => {
    const lines = encodeStream(example).split('\n');
    lines.splice(2, 0, '{"novelty":[1,2,3]}', '{"events":[{"kind":"eclipse","timeMs":1}]}');
    expectSame(decodeStream(lines.join('\n'), 'x').profile, example);
  });

  it.each([
    ['another version', '{"tbprof":1,', '{"tbprof":2,', /version 2, this tbprof reads 1/],
    ['no header', '{"tbprof":1,', '{"profile":1,', /does not begin as a tbprof recording/],
    ['a rate of nothing', '"rateHz":7', '"rateHz":0', /rate/],
    ['a line that is no JSON', '{"stacks"', '{stacks', /line \d+ .*not a JSON object/],
    ['a list for an object', '{"stacks":{', '{"stacks":[{', /not a JSON object/],
    ['a stack that is its own parent', '"parent":[-1,0', '"parent":[-1,1', /no stack 1/],
    ['a frame out of range', '"frame":[0', '"frame":[99', /no frame 99/],
    ['a string out of range', '"file":[1', '"file":[-1', /no string -1/],
    ['a worker out of range', '"worker":[0,1,0]', '"worker":[0,2,0]', /no worker 2/],
    ['more samples than there are', '"samples":[1,1,1]', '"samples":[1,1,9]', /more samples than there are/],
    ['samples of no dump', '"samples":[1,1,1]', '"samples":[1,1,0]', /samples of no dump/],
    ['columns of unequal length', '"weight":[2,3,1]', '"weight":[2,3]', /columns differ in length/],
    ['a weight of nothing', '"weight":[2,3,1]', '"weight":[2,0,1]', /weight or count is 0/],
    ['a weight that is not whole', '"weight":[2,3,1]', '"weight":[2,0.5,1]', /not a whole number/],
    ['a weight beyond all columns', '"weight":[2,3,1]', '"weight":[2,4294967296,1]', /not a whole number/],
    ['a number for a string', '{"strings":["a"', '{"strings":[1', /a text is missing/],
    ['lines after its end', '{"dumps"', '{"end":{"durationMs":1}}\n{"dumps"', /goes on after its end/],
  ])('refuses %s and says where', (_, from, to, message) => {
    const text = encodeStream(example);
    expect(text).toContain(from);
    const read = () => decodeStream(text.replace(from, to), 'prof.tbprof');
    expect(read).toThrow(message);
    expect(read).toThrow(/^cannot read prof\.tbprof: line \d+/);
    expect(read).toThrow(TbprofError);
  });

  it.each([
    ['a column of other characters', '"weight":"p', '"weight":"p_', /a packed column is damaged/],
    ['a column of another kind', '"weight":"p', '"weight":"q', /a packed column is damaged/],
    ['a column whose last number goes on', '"up":"pAAAE"', '"up":"pAAAg"', /a packed column is damaged/],
    ['a callee that nobody has', '"callee":"pAA', '"callee":"pAC', /contradict themselves/],
    ['a frame of no callee', '"callee":"pAAAC","frame":"p', '"callee":"pAAAC","frame":"pA', /contradict themselves/],
    ['a frame out of range', '"callee":"pAAAC","frame":"pA', '"callee":"pAAAC","frame":"pY', /contradict themselves/],
    ['a weight of nothing in a packed column', '"weight":"pE', '"weight":"pA', /count is 0/],
  ])('refuses %s', (_, from, to, message) => {
    const text = [...printPacked(compactProfile(example))].join('');
    expect(text).toContain(from);
    expect(() => decodeStream(text.replace(from, to), 'prof.html')).toThrow(message);
    expect(() => decodeStream(text.replace(from, to), 'prof.html')).toThrow(/^cannot read prof\.html: line \d+/);
  });

  it.each([
    ['', encodeStream(example)],
    [', packed', [...printPacked(compactProfile(example))].join('')],
  ])('gives nothing but a profile or a TbprofError, whatever is damaged%s', (_, text) => {
    const damage = fc.record({ at: fc.nat(text.length), drop: fc.nat(8), put: fc.string({ maxLength: 8 }) });
    fc.assert(
      fc.property(fc.array(damage, { minLength: 1, maxLength: 4 }), (damages) => {
        let broken = text;
        for (const { at, drop, put } of damages) broken = broken.slice(0, at) + put + broken.slice(at + drop);
        try {
          encodeStream(decodeStream(broken, 'x').profile);
        } catch (error) {
          expect(error).toBeInstanceOf(TbprofError);
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe('compress', () => {
  it('is undone by decompress', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.string({ unit: 'grapheme', maxLength: 50_000, size: 'max' })), async (pieces) => {
        const payload = await compress(pieces);
        expect(Buffer.from(await decompress(payload)).toString()).toBe(pieces.join(''));
      }),
      { numRuns: 20 },
    );
  });

  it('rejects what it did not make', async () => {
    await expect(decompress('AAAA')).rejects.toThrow();
    await expect(decompress('<>')).rejects.toThrow();
    const payload = await compress(['x'.repeat(1_000)]);
    await expect(decompress(payload.slice(0, 12))).rejects.toThrow();
  });
});
