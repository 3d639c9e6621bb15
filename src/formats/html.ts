// The report page: a template of templates/ with the stream of the profile in it. The page *is* the recording: the
// stream can be read back out of it. All that comes from the sampled program is in the compressed stream, as base64,
// so that nothing of it needs escaping; the title is the one exception.
import { labelWorker } from '../profile/labels.ts';
import type { Profile } from '../profile/profile.ts';
import { compressPieces } from '../stream/compress.ts';
import { printStream } from '../stream/encode.ts';
import type { Format, FormatAssets, View } from './format.ts';

export const html: Format = {
  name: 'html',
  description: 'a self-contained page with the flame graph and the recording',
  extensions: ['.html', '.htm'],
  render: renderHtml,
};

/** Elements of the template: the demo that is in them is replaced. */
const slots = {
  title: /<title>[^<]*<\/title>/,
  view: /<script type="application\/json" id="view">[^<]*<\/script>/,
  stream: /<script type="application\/octet-stream" id="stream">[^<]*<\/script>/,
};

async function* renderHtml(profile: Profile, view: View, { template }: FormatAssets): AsyncGenerator<string, void> {
  let page = template('report.html');
  page = fill(page, slots.title, `<title>${escapeHtml(titleOf(profile))}</title>`);
  page = fill(page, slots.view, `<script type="application/json" id="view">${JSON.stringify(view)}</script>`);
  page = fill(page, slots.stream, '<script type="application/octet-stream" id="stream"></script>');
  const start = page.indexOf('</script>', page.indexOf(' id="stream"'));
  yield page.slice(0, start);
  yield* compressPieces(printStream(profile));
  yield page.slice(start);
}

/** The base64 payload of a page, or null where the text is no page of ours. */
export function findStream(page: string): string | null {
  const slot = slots.stream.exec(page);
  return slot ? slot[0].slice(slot[0].indexOf('>') + 1, slot[0].lastIndexOf('<')) : null;
}

function titleOf(profile: Profile): string {
  const { meta, workers } = profile;
  const names =
    workers.length <= 2 ? workers.map((_, worker) => labelWorker(profile, worker)) : [`${workers.length} workers`];
  return `tbprof: ${meta.host}, ${names.join(', ')}, ${new Date(meta.startedEpochMs).toISOString().slice(0, 16)}Z`;
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}

/** With a function, since a replacement string would give `$&` in the text a meaning. */
function fill(page: string, slot: RegExp, text: string): string {
  if (!slot.test(page)) throw new Error(`the template has no place for ${slot}`);
  return page.replace(slot, () => text);
}
