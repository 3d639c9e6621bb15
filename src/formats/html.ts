// The report page: a template of templates/ with the stream of the profile in it. The page *is* the recording: the
// stream can be read back out of it, in as much detail of time as a page can carry. All that comes from the sampled
// program is in the compressed stream, as base64, so that nothing of it needs escaping; the title is the one exception.
import { compactProfile } from '../aggregate/compact.ts';
import type { Profile } from '../profile/profile.ts';
import { compressPieces } from '../stream/compress.ts';
import { printPacked } from '../stream/encode.ts';
import type { Format, FormatAssets, View } from './format.ts';
import { fill, fillTitle, openSlot } from './template.ts';

export const html: Format = {
  name: 'html',
  description: 'a self-contained page with the flame graph and the recording',
  extensions: ['.html', '.htm'],
  render: renderHtml,
};

/** Elements of the template: the demo that is in them is replaced. */
const slots = {
  options: /<script type="application\/json" id="options">[^<]*<\/script>/,
  stream: /<script type="application\/octet-stream" id="stream">[^<]*<\/script>/,
};

async function* renderHtml(profile: Profile, view: View, { template }: FormatAssets): AsyncGenerator<string, void> {
  let page = fillTitle(template('report.html'), profile);
  page = fill(page, slots.options, `<script type="application/json" id="options">${JSON.stringify(view)}</script>`);
  const { before, after } = openSlot(page, slots.stream);
  yield before;
  yield* compressPieces(printPacked(compactProfile(profile)));
  yield after;
}

/** The base64 payload of a page, or null where the text is no page of ours. */
export function findStream(page: string): string | null {
  const slot = slots.stream.exec(page);
  return slot ? slot[0].slice(slot[0].indexOf('>') + 1, slot[0].lastIndexOf('<')) : null;
}
