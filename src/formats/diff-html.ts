// The page of a comparison: a template of templates/ with both recordings in it, as formats/html.ts has one. The page
// compares them itself, so that a reader can ask in other ways. Names of files are the only text that is not packed.
import { compactProfile } from '../aggregate/compact.ts';
import type { Profile } from '../profile/profile.ts';
import { compressPieces } from '../stream/compress.ts';
import { printPacked } from '../stream/encode.ts';
import type { DiffFormat, NamedDiff } from './diff-format.ts';
import type { FormatAssets } from './format.ts';
import { escapeMarkup, fill, openSlot } from './template.ts';

export const diffHtml: DiffFormat = {
  name: 'html',
  description: 'a self-contained page with both recordings, flame graph and table',
  extensions: ['.html', '.htm'],
  render: renderDiffHtml,
};

/** Elements of the template: the demos that are in them are replaced. */
const slots = {
  options: /<script type="application\/json" id="comparison">[^<]*<\/script>/,
  before: /<script type="application\/octet-stream" id="stream-before">[^<]*<\/script>/,
  after: /<script type="application\/octet-stream" id="stream-after">[^<]*<\/script>/,
};

async function* renderDiffHtml(named: NamedDiff, { template }: FormatAssets): AsyncGenerator<string, void> {
  const { diff, before, after } = named;
  const title = `tbprof: ${before} and ${after} compared`;
  let page = fill(template('diff.html'), /<title>[^<]*<\/title>/, `<title>${escapeMarkup(title)}</title>`);
  const comparison = escapeJson({ before, after, ...diff.options });
  page = fill(page, slots.options, `<script type="application/json" id="comparison">${comparison}</script>`);
  const first = openSlot(page, slots.before);
  const second = openSlot(first.after, slots.after);
  yield first.before;
  yield* stream(diff.pair.before.profile);
  yield second.before;
  yield* stream(diff.pair.after.profile);
  yield second.after;
}

function stream(profile: Profile): AsyncGenerator<string, void> {
  return compressPieces(printPacked(compactProfile(profile)));
}

/** Nothing in it ends the element, or is more than ASCII. */
function escapeJson(value: unknown): string {
  return JSON.stringify(value).replace(
    /[<>&\x7f-\uffff]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** Whether a page of ours carries two recordings, to be read by itself alone. */
export function isComparison(page: string): boolean {
  return slots.before.test(page) && slots.after.test(page);
}
