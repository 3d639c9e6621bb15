import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { foldStacks } from '../../src/aggregate/fold.ts';
import { listSourceFiles } from '../../src/aggregate/source-lines.ts';
import { forEachSample, framesOf } from '../../src/profile/profile.ts';
import { anyProfile } from '../helpers/any-profile.ts';
import { profileFrom } from '../helpers/profile-from.ts';

describe('listSourceFiles', () => {
  it('has the lines of each file with their text, recursion once', () => {
    const profile = profileFrom(['a@x.py:1;b@x.py:7;a@x.py:1 4', 'a@x.py:1;c@y.py:3 2', 'd@x.py:7 1']);
    const name = (file: number) => profile.strings[file];
    expect(listSourceFiles(profile, foldStacks(profile)).map(({ file, ...rest }) => [name(file), rest])).toEqual([
      [
        'x.py',
        {
          self: 5,
          total: 7,
          lines: [
            { line: 1, text: 'source of a', self: 4, total: 6 },
            { line: 7, text: 'source of b', self: 1, total: 5 },
          ],
        },
      ],
      ['y.py', { self: 2, total: 2, lines: [{ line: 3, text: 'source of c', self: 2, total: 2 }] }],
    ]);
  });

  it('agrees with the definition, for any profile', () => {
    fc.assert(
      fc.property(anyProfile, (profile) => {
        const { frames, samples } = profile;
        const self = new Map<string, number>();
        const total = new Map<string, number>();
        const add = (to: Map<string, number>, key: string, weight: number) => to.set(key, (to.get(key) ?? 0) + weight);
        forEachSample(profile, (sample, weight) => {
          const keys = framesOf(profile, samples.stack[sample]!).map((f) => `${frames.file[f]}:${frames.line[f]}`);
          add(self, keys.at(-1)!, weight);
          for (const key of new Set(keys)) add(total, key, weight);
          for (const file of new Set(keys.map((key) => key.split(':')[0]!))) add(total, file, weight);
        });
        const files = listSourceFiles(profile, foldStacks(profile));
        let count = 0;
        for (const { file, total: ofFile, self: selfOfFile, lines } of files) {
          expect(ofFile).toBe(total.get(`${file}`));
          expect(lines.reduce((sum, line) => sum + line.self, 0)).toBe(selfOfFile);
          for (const { line, self: ofLine, total: totalOfLine } of lines) {
            expect(ofLine).toBe(self.get(`${file}:${line}`) ?? 0);
            expect(totalOfLine).toBe(total.get(`${file}:${line}`));
          }
          count += 1 + lines.length;
        }
        expect(count).toBe(total.size);
      }),
    );
  });
});
