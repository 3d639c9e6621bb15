import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type DiffOptions, diffProfiles } from '../../src/aggregate/diff.ts';
import { renderCollapsed } from '../../src/formats/collapsed.ts';
import { collapsedLines, diffCollapsed } from '../../src/formats/diff-collapsed.ts';
import { diffFormats } from '../../src/formats/diff-formats.ts';
import { describeDiff } from '../../src/formats/diff-json.ts';
import { renderDiffMarkdown } from '../../src/formats/diff-markdown.ts';
import { renderDiffTable } from '../../src/formats/diff-table.ts';
import type { Profile } from '../../src/profile/profile.ts';
import { anyProfile } from '../helpers/any-profile.ts';
import { profileFrom } from '../helpers/profile-from.ts';
import { simulateRecording, type Work } from '../helpers/simulated-recording.ts';

const byFunction: DiffOptions = { by: 'function', per: 'share', stacks: false };

function name(before: Profile, after: Profile, options = byFunction) {
  return { diff: diffProfiles(before, after, options), before: 'before.html', after: 'after.html' };
}

async function textOf(pieces: Iterable<string | Uint8Array> | AsyncIterable<string | Uint8Array>): Promise<string> {
  let text = '';
  for await (const piece of pieces) text += piece;
  return text;
}

const assets = {
  template: () => {
    throw new Error('not needed');
  },
};

function simulated(seed: number, shift: number): Profile {
  const work = (leaf: string, share: number): Work => ({ share, seconds: 0.05, path: ['app'], leaves: [leaf] });
  const works = [work('grows', 0.1 + shift), work('shrinks', 0.4 - shift), work('stays', 0.5)];
  return simulateRecording({ seed, work: works, rateHz: 20, workers: 4, threads: 2 });
}

const changed = () => name(simulated(1, 0), simulated(2, 0.1));

describe('the table', () => {
  it('shows shares, changes with their intervals, and stars', async () => {
    await expect(`${renderDiffTable(changed())}\n`).toMatchFileSnapshot('../golden/diff.txt');
  });

  it('shows stacks, leaf first', async () => {
    const { diff } = changed();
    const stacks = { ...diff.options, stacks: true, per: 'second' } as const;
    const table = renderDiffTable(name(diff.pair.before.profile, diff.pair.after.profile, stacks));
    await expect(`${table}\n`).toMatchFileSnapshot('../golden/diff-stacks.txt');
  });

  it('says why nothing is marked', () => {
    expect(renderDiffTable(name(profileFrom(['a 1']), profileFrom(['b 1'])))).toContain(
      'no change is marked: of before:',
    );
    expect(renderDiffTable(name(profileFrom([]), profileFrom(['b 1'])))).toContain('it has no samples');
  });
});

describe('Markdown', () => {
  it('is a table with what is more than chance in bold', async () => {
    await expect(renderDiffMarkdown(changed())).toMatchFileSnapshot('../golden/diff.md');
  });

  it('obeys nothing that comes out of a profile: as many cells in each line, no tags but ours', () => {
    fc.assert(
      fc.property(anyProfile, anyProfile, fc.boolean(), (a, b, stacks) => {
        const text = renderDiffMarkdown(name(a, b, { ...byFunction, stacks }));
        const rows = text.split('\n').filter((line) => line.startsWith('|'));
        for (const row of rows) expect(row.split('|')).toHaveLength(stacks ? 6 : 9);
        expect(text.replaceAll(/<\/?code>/g, '')).not.toMatch(/[<\x1b]/);
      }),
    );
  });
});

describe('collapsed stacks in two columns', () => {
  it('scale before to after', () => {
    const lines = (options: DiffOptions) =>
      collapsedLines(name(profileFrom(['a;b 3', 'a 1'], { rateHz: 1 }), profileFrom(['a;b 4', 'c 4']), options).diff);
    expect(lines(byFunction).map((line) => line.replaceAll(' (/app/main.py)', ''))).toEqual([
      'a 2 0\n',
      'a;b 6 4\n',
      'c 0 4\n',
    ]);
  });

  it('have the collapsed text of after in their last column', async () => {
    await fc.assert(
      fc.asyncProperty(anyProfile, anyProfile, async (a, b) => {
        const lines = collapsedLines(name(a, b).diff).map((line) => /^(.*) \d+ (\d+)\n$/s.exec(line)!);
        const after = lines.filter(([, , ticks]) => ticks !== '0').map(([, stack, ticks]) => `${stack} ${ticks}`);
        const own = await textOf(renderCollapsed(b, { by: 'function', threads: false }));
        const sum = (texts: readonly string[]) => texts.reduce((all, text) => all + Number(/\d+$/.exec(text)![0]), 0);
        const expected = own.split('\n').filter((line) => line !== '');
        expect(sum(after)).toBe(sum(expected));
      }),
    );
  });

  it('are equal columns for equal profiles', async () => {
    await fc.assert(
      fc.asyncProperty(anyProfile, async (profile) => {
        const text = await textOf(diffCollapsed.render(name(profile, profile), assets));
        for (const line of text.split('\n').slice(0, -1)) expect(line).toMatch(/ (\d+) \1$/);
      }),
    );
  });
});

describe('JSON', () => {
  it('tells what the table tells', () => {
    const { functions, comparisons, unjudged, before } = JSON.parse(JSON.stringify(describeDiff(changed())));
    expect([comparisons, unjudged, before.name, before.sampledTicks]).toEqual([4, null, 'before.html', 4_800]);
    const grows = functions.find((row: { name: string }) => row.name.startsWith('grows '));
    expect(grows.self).toMatchObject({ marked: true, change: grows.self.after - grows.self.before });
  });
});

// The page is a program and packed recordings: see diff-html.test.ts.
const textFormats = diffFormats.filter(({ name }) => name !== 'html');

describe('every format of comparisons that is text', () => {
  it.each(textFormats.map((format) => [format.name, format] as const))(
    '%s takes any two profiles',
    async (_, format) => {
      await fc.assert(
        fc.asyncProperty(anyProfile, anyProfile, fc.boolean(), async (a, b, stacks) => {
          const named = name(a, b, { ...byFunction, stacks });
          const text = await textOf(format.render(named, assets));
          expect(text).not.toMatch(/NaN|Infinity|undefined|[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202e]/);
          expect(await textOf(format.render(named, assets))).toBe(text);
        }),
        { numRuns: 50 },
      );
    },
  );
});
