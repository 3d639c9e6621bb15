// The speedscope application (https://github.com/jlfwong/speedscope) in one page, with the profile in it: it needs no network.
// The profile is in the page as base64 of what is compressed, so that nothing of it needs escaping.
import type { Profile } from '../profile/profile.ts';
import { compressPieces } from '../stream/compress.ts';
import type { Format, FormatAssets, View } from './format.ts';
import { buildSpeedscope, printSpeedscope } from './speedscope.ts';
import { fillTitle, openSlot } from './template.ts';

export const speedscopeHtml: Format = {
  name: 'speedscope-html',
  description: 'the speedscope application with the profile in it, in one page',
  extensions: ['.speedscope.html'],
  render: renderPage,
};

const slot = /<script type="application\/octet-stream" id="profile">[^<]*<\/script>/;

async function* renderPage(profile: Profile, view: View, { template }: FormatAssets): AsyncGenerator<string, void> {
  const { before, after } = openSlot(fillTitle(template('speedscope.html'), profile), slot);
  yield before;
  yield* compressPieces(printSpeedscope(buildSpeedscope(profile, view)));
  yield after;
}
