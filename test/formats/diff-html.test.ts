import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compactProfile } from '../../src/aggregate/compact.ts';
import { type DiffOptions, diffProfiles } from '../../src/aggregate/diff.ts';
import { diffHtml } from '../../src/formats/diff-html.ts';
import { readTemplate } from '../../src/output/files.ts';
import { loadProfile } from '../../src/pipeline.ts';
import type { Profile } from '../../src/profile/profile.ts';
import { decompress } from '../../src/stream/compress.ts';
import { decodeStream } from '../../src/stream/decode.ts';
import { encodeStream } from '../../src/stream/encode.ts';
import { anyProfile } from '../helpers/any-profile.ts';
import { profileFrom } from '../helpers/profile-from.ts';

const hostile = '</script><script>alert(1)</script>$&$`<!--\u2028\ud800\x1b]0;</title>';
const options: DiffOptions = { by: 'function', per: 'share', stacks: false };

async function render(before: Profile, after: Profile, names = { before: 'a.html', after: 'b.html' }): Promise<string> {
  const named = { diff: diffProfiles(before, after, options), ...names };
  let page = '';
  for await (const piece of diffHtml.render(named, { template: readTemplate })) page += piece;
  return page;
}

function slot(page: string, id: string): string {
  return new RegExp(`<script type="[a-z/-]+" id="${id}">([^<]*)</script>`).exec(page)![1]!;
}

describe('the page of a comparison', () => {
  it('carries both recordings, each as a report of it would', async () => {
    await fc.assert(
      fc.asyncProperty(anyProfile, anyProfile, async (before, after) => {
        const page = await render(before, after);
        for (const [id, profile] of Object.entries({ 'stream-before': before, 'stream-after': after })) {
          const { profile: back, whole } = decodeStream(await decompress(slot(page, id)), 'page');
          expect(whole).toBe(true);
          expect(encodeStream(back)).toBe(encodeStream(compactProfile(profile)));
        }
        expect(await render(before, after)).toBe(page);
      }),
      { numRuns: 30 },
    );
  });

  it('keeps the totals of every function and path, so that it shows what the table shows', async () => {
    await fc.assert(
      fc.asyncProperty(anyProfile, anyProfile, async (before, after) => {
        const numbers = (a: Profile, b: Profile) => {
          const { rows, groups } = diffProfiles(a, b, options);
          return new Map(rows.map(({ place, self, total }) => [groups.labels[place], [self, total]]));
        };
        expect(numbers(compactProfile(before), compactProfile(after))).toEqual(numbers(before, after));
      }),
    );
  });

  it('says what is compared, and lets no name into its markup', async () => {
    const [a, b] = [profileFrom(['a 1']), profileFrom(['b 1'])];
    const plain = await render(a, b);
    const page = await render(a, b, { before: hostile, after: `${hostile}2` });
    expect(JSON.parse(slot(page, 'comparison'))).toEqual({ before: hostile, after: `${hostile}2`, ...options });
    const tags = (text: string) => text.match(/<\/?[a-z!][^>]*>/gi);
    expect(tags(page)).toEqual(tags(plain));
    expect(/alert\(1\)<|[\x1b\ud800]/.test(page)).toBe(false);
  });

  it('is not taken for a recording', async () => {
    const page = await render(profileFrom(['a 1']), profileFrom(['b 1']));
    await expect(loadProfile(page, 'x.html')).rejects.toMatchObject({
      message: 'cannot read x.html: it is a comparison, which carries two recordings',
      hint: expect.stringContaining('the files that were compared'),
    });
  });

  it('fails where the template has no place for it', async () => {
    const named = { diff: diffProfiles(profileFrom([]), profileFrom([]), options), before: 'a', after: 'b' };
    const pieces = diffHtml.render(named, { template: () => '<title>x</title>' });
    await expect(pieces.next()).rejects.toThrow(/no place/);
  });
});
