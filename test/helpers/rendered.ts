// What a format makes of a profile, in one piece.
import { defaultView, type Format, type View } from '../../src/formats/format.ts';
import { readTemplate } from '../../src/output/files.ts';
import type { Profile } from '../../src/profile/profile.ts';

export async function renderBytes(format: Format, profile: Profile, view: View = defaultView): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of format.render(profile, view, { template: readTemplate })) pieces.push(Buffer.from(piece));
  return Buffer.concat(pieces);
}

export async function renderText(format: Format, profile: Profile, view?: View): Promise<string> {
  return (await renderBytes(format, profile, view)).toString();
}
