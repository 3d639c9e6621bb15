import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { filterProfile } from '../../src/profile/filter.ts';
import { framesOf, type Profile } from '../../src/profile/profile.ts';
import { rewriteStacks } from '../../src/profile/rewrite.ts';
import { rootStacks } from '../../src/profile/root-stacks.ts';
import { mergeSiblings } from '../../src/profile/siblings.ts';
import { anyProfile } from '../helpers/any-profile.ts';
import { profileFrom } from '../helpers/profile-from.ts';

/** Each sample's weight and frames, root first, as text. */
const samplesOf = (profile: Profile) =>
  Array.from(profile.samples.stack, (stack, sample) => ({
    weight: profile.samples.weight[sample]!,
    frames: framesOf(profile, stack).map((frame) => textOf(profile, frame)),
  }));
const textOf = ({ strings, frames }: Profile, frame: number) =>
  [strings[frames.function[frame]!], strings[frames.file[frame]!], frames.line[frame]].join(' ');

const expectNoRowTwice = ({ strings, frames, stacks }: Profile) => {
  const rows = (...columns: Int32Array[]) => Array.from(columns[0]!, (_, row) => columns.map((one) => one[row]).join());
  for (const table of [
    strings,
    rows(frames.function, frames.file, frames.line, frames.source),
    rows(stacks.parent, stacks.frame),
  ])
    expect(new Set(table).size).toBe(table.length);
  for (const [stack, parent] of stacks.parent.entries()) expect(parent).toBeLessThan(stack);
};

describe('rewriteStacks', () => {
  it('focuses and collapses as is done by hand, sample by sample, for any profile', () => {
    fc.assert(
      fc.property(anyProfile, fc.nat(), fc.nat(), (profile, focused, hidden) => {
        const focus = Uint8Array.from(profile.frames.line, (_, frame) => ((focused >> (frame % 20)) & 1 ? 1 : 0));
        const collapse = Array.from(profile.frames.line, (_, frame) =>
          (hidden >> (frame % 20)) & 1 ? 'library' : null,
        );
        const expected: { weight: number; frames: string[] }[] = [];
        for (const [sample, stack] of profile.samples.stack.entries()) {
          const frames = framesOf(profile, stack);
          const from = frames.findIndex((frame) => focus[frame] === 1);
          if (from === -1) continue;
          const names = frames.slice(from).map((frame) => (collapse[frame] ? 'library  0' : textOf(profile, frame)));
          const kept = names.filter((name, at) => name !== 'library  0' || names[at - 1] !== name);
          expected.push({ weight: profile.samples.weight[sample]!, frames: kept });
        }
        const rewritten = filterProfile(profile, { focus, collapse });
        expect(samplesOf(rewritten)).toEqual(expected);
        expectNoRowTwice(rewritten);
      }),
    );
  });

  it('joins what adds no frame with what it stands on, and drops samples of which nothing is left', () => {
    fc.assert(
      fc.property(anyProfile, fc.nat(), (profile, left) => {
        const isLeft = (frame: number) => ((left >> (frame % 20)) & 1) === 1;
        const expected = Array.from(profile.samples.stack, (stack, sample) => ({
          weight: profile.samples.weight[sample]!,
          frames: framesOf(profile, stack)
            .filter(isLeft)
            .map((frame) => textOf(profile, frame)),
        })).filter(({ frames }) => frames.length > 0);
        const rewritten = rewriteStacks(profile, () => (_leaf, frame) => (isLeft(frame) ? frame : -1));
        expect(samplesOf(rewritten)).toEqual(expected);
        expectNoRowTwice(rewritten);
      }),
    );
  });

  it('does not overflow on deep stacks', () => {
    const profile = profileFrom([`${Array.from({ length: 30_000 }, (_, at) => `f${at % 3}`).join(';')} 1`]);
    const focus = Uint8Array.from(profile.frames.line, (_, frame) => (frame === 2 ? 1 : 0));
    expect(filterProfile(profile, { focus }).stacks.frame).toHaveLength(29_998);
  });
});

describe('rootStacks', () => {
  it('puts each sample on its root, and makes no row twice, also where roots have one name', () => {
    fc.assert(
      fc.property(anyProfile, fc.array(fc.nat(5), { minLength: 1 }), (profile, picks) => {
        const rootOf = profile.samples.stack.map((_, sample) => picks[sample % picks.length]!);
        const namesOf = (root: number) => [`root ${root % 2}`, `of ${root % 3}`].slice(0, 1 + (root > 2 ? 1 : 0));
        const rooted = rootStacks(profile, rootOf, namesOf);
        expect(samplesOf(rooted)).toEqual(
          samplesOf(profile).map(({ weight, frames }, sample) => ({
            weight,
            frames: [...namesOf(rootOf[sample]!).map((name) => `${name}  0`), ...frames],
          })),
        );
        expectNoRowTwice(rooted);
      }),
    );
  });
});

describe('mergeSiblings', () => {
  it('gives one node to stacks whose names are the same all the way', () => {
    const anyStacks = fc.array(fc.tuple(fc.nat(), fc.nat(2)), { maxLength: 40 });
    fc.assert(
      fc.property(anyStacks, (stacks) => {
        const parent = Int32Array.from(stacks, ([pick], stack) => (pick % (stack + 1)) - 1);
        const name = Int32Array.from(stacks, ([, one]) => one);
        const paths: string[] = [];
        for (const [stack, above] of parent.entries()) {
          paths.push(`${above === -1 ? '' : paths[above]!} ${name[stack]}`);
        }
        const merged = mergeSiblings(parent, name);
        const nodePaths: string[] = [''];
        for (let node = 1; node < merged.parent.length; node++) {
          expect(merged.parent[node]).toBeLessThan(node);
          nodePaths.push(`${nodePaths[merged.parent[node]!]} ${merged.name[node]}`);
        }
        expect(Array.from(merged.nodeOfStack, (node) => nodePaths[node])).toEqual(paths);
        expect(new Set(nodePaths)).toEqual(new Set(['', ...paths]));
        expect(nodePaths).toHaveLength(new Set(nodePaths).size);
      }),
    );
  });
});
