import { describe, expect, it } from 'vitest';
import { compactProfile } from '../../src/aggregate/compact.ts';
import { defaultView } from '../../src/formats/format.ts';
import { html } from '../../src/formats/html.ts';
import { formatOfFile, formats } from '../../src/formats/index.ts';
import { loadProfile } from '../../src/pipeline.ts';
import { encodeStream } from '../../src/stream/encode.ts';
import { profileFrom } from '../helpers/profile-from.ts';
import { renderText } from '../helpers/rendered.ts';

const hostile = '</script><script>alert(1)</script>$&$`<!--\u2028';

describe('html', () => {
  it('carries the recording: it can be read back whole', async () => {
    const profile = profileFrom([`${hostile.replaceAll(';', '')};b 2`, 'a 1']);
    const page = await renderText(html, profile);
    const { profile: back, whole } = await loadProfile(page, 'x.html');
    expect(whole).toBe(true);
    expect(encodeStream(back)).toBe(encodeStream(compactProfile(profile)));
  });

  it('lets nothing of the sampled program into its markup', async () => {
    const profile = profileFrom(['a 1']);
    const meta = { ...profile.meta, host: hostile };
    const plain = await renderText(html, profile);
    const page = await renderText(html, { ...profile, meta });
    const tags = (text: string) => text.match(/<\/?[a-z!][^>]*>/gi);
    expect(tags(page)).toEqual(tags(plain));
    expect(page).not.toContain('alert(1)</script>');
  });

  it('is the same for the same profile', async () => {
    const render = () => renderText(html, profileFrom(['a;b 2']));
    expect(await render()).toBe(await render());
  });

  it('fails where the template has no place for it', async () => {
    const broken = { template: () => '<title>x</title>' };
    const pieces = html.render(profileFrom([]), defaultView, broken);
    await expect(pieces.next()).rejects.toThrow(/no place/);
  });
});

describe('the registry', () => {
  it.each([
    ['x.html', 'html'],
    ['X.HTML', 'html'],
    ['x.speedscope.json', 'speedscope'],
    ['x.collapsed', 'collapsed'],
    ['x.folded', 'collapsed'],
    ['x.txt', 'collapsed'],
    ['x.json', undefined],
    ['.html', 'html'],
    ['html', undefined],
  ])('%s is %s', (file, name) => {
    expect(formatOfFile(file)?.name).toBe(name);
  });

  it('has every format and every ending once', () => {
    const endings = formats.flatMap(({ extensions }) => extensions);
    expect(new Set(endings).size).toBe(endings.length);
    expect(new Set(formats.map(({ name }) => name)).size).toBe(formats.length);
  });
});
