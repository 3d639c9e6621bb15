import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { measureCoverage } from '../../src/aggregate/coverage.ts';
import { foldStacks } from '../../src/aggregate/fold.ts';
import { renderCollapsed } from '../../src/formats/collapsed.ts';
import { filterProfile } from '../../src/profile/filter.ts';
import type { Profile } from '../../src/profile/profile.ts';
import { anyProfile } from '../helpers/any-profile.ts';
import { profileFrom } from '../helpers/profile-from.ts';

const view = { by: 'function', threads: false } as const;
const names = ({ strings, frames }: Profile) => Array.from(frames.function, (name) => strings[name]!);
const framesNamed = (profile: Profile, wanted: string) =>
  Uint8Array.from(names(profile), (name) => (name === wanted ? 1 : 0));
const folded = (profile: Profile) => renderCollapsed(profile, view).replaceAll(' (/app/main.py)', '');
const total = (profile: Profile) => foldStacks(profile).reduce((sum, weight) => sum + weight, 0);

describe('filterProfile', () => {
  const profile = profileFrom(['0/0|a;b 2', '0/1|a;c;b;d 3', '1/0|c;c 4', '1/1|x 1']);

  it('keeps workers and threads', () => {
    expect(folded(filterProfile(profile, { workers: new Set([1]) }))).toBe('c;c 4\nx 1\n');
    expect(folded(filterProfile(profile, { threads: new Set([0, 3]) }))).toBe('a;b 2\nx 1\n');
    const ofOne = measureCoverage(filterProfile(profile, { workers: new Set([1]) }));
    expect(ofOne.workers.map(({ observed }) => observed)).toEqual([0, 5]);
  });

  it('cuts a stretch of time out, which begins at 0', () => {
    // 10 ticks a second: dumps at 0, 200, 500, 900 ms
    const cut = filterProfile(profile, { fromMs: 200, toMs: 900 });
    expect(folded(cut)).toBe('a;c;b;d 3\nc;c 4\n');
    expect([...cut.dumps.timeMs]).toEqual([0, 300]);
    expect(cut.meta).toMatchObject({ startedEpochMs: profile.meta.startedEpochMs + 200, durationMs: 700 });
  });

  it('keeps and drops stacks by their frames', () => {
    expect(folded(filterProfile(profile, { include: framesNamed(profile, 'b') }))).toBe('a;b 2\na;c;b;d 3\n');
    expect(folded(filterProfile(profile, { exclude: framesNamed(profile, 'b') }))).toBe('c;c 4\nx 1\n');
  });

  it('focuses on what is on top of the outermost match', () => {
    expect(folded(filterProfile(profile, { focus: framesNamed(profile, 'c') }))).toBe('c;b;d 3\nc;c 4\n');
  });

  it('collapses runs of frames of one name', () => {
    const collapse = names(profile).map((name) => (name === 'c' || name === 'b' ? 'library' : null));
    expect(folded(filterProfile(profile, { collapse }))).toBe('a;library 2\na;library;d 3\nlibrary 4\nx 1\n');
  });

  it('changes nothing where nothing is asked for, or all is included', () => {
    fc.assert(
      fc.property(anyProfile, (any) => {
        const all = new Uint8Array(any.frames.line.length).fill(1);
        expect(filterProfile(any, {})).toBe(any);
        const none = new Uint8Array(all.length);
        for (const filter of [{ include: all }, { focus: all }, { fromMs: 0, toMs: 2 ** 31 }, { exclude: none }])
          expect(renderCollapsed(filterProfile(any, filter), view)).toBe(renderCollapsed(any, view));
      }),
    );
  });

  it('parts a profile into what holds a frame and what does not, and into its workers', () => {
    fc.assert(
      fc.property(anyProfile, fc.nat(), (any, pick) => {
        const some = new Uint8Array(any.frames.line.length);
        if (some.length > 0) some[pick % some.length] = 1;
        const halves = [filterProfile(any, { include: some }), filterProfile(any, { exclude: some })];
        expect(total(halves[0]!) + total(halves[1]!)).toBe(total(any));
        const workers = [0, 1, 2].map((worker) => filterProfile(any, { workers: new Set([worker]) }));
        expect(workers.reduce((sum, part) => sum + total(part), 0)).toBe(total(any));
        expect(workers.map((part, worker) => measureCoverage(part).workers[worker]!.planned)).toEqual(
          measureCoverage(any).workers.map(({ planned }) => planned),
        );
      }),
    );
  });
});
