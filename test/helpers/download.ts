// The files that a page offers, taken as people take them.
import { readFileSync } from 'node:fs';
import type { Page } from 'playwright-core';

/** `name` is what the menu calls it, or a part of that. */
export async function download(page: Page, name: string): Promise<{ readonly name: string; readonly bytes: Buffer }> {
  await page.click('#downloads summary');
  const [file] = await Promise.all([page.waitForEvent('download'), page.click(`#download-list >> text=${name}`)]);
  return { name: file.suggestedFilename(), bytes: readFileSync(await file.path()) };
}

/** An SVG file as a browser reads it: whether it is one, the titles of its frames, and their widths in pixels. */
export function parseSvg(page: Page, text: string) {
  return page.evaluate((svg) => {
    const document = new DOMParser().parseFromString(svg, 'image/svg+xml');
    return {
      errors: document.querySelectorAll('parsererror').length,
      titles: [...document.querySelectorAll('g title')].map((title) => title.textContent),
      widths: [...document.querySelectorAll('g rect')].map((rect) =>
        Math.round(Number(rect.getAttribute('width')) + 0.6),
      ),
    };
  }, text);
}

/** Of a PNG, which begins with its header. https://www.w3.org/TR/png/#11IHDR */
export function sizeOfPng(bytes: Buffer): { readonly kind: string; readonly width: number; readonly height: number } {
  return { kind: bytes.subarray(1, 4).toString(), width: bytes.readUInt32BE(16), height: bytes.readUInt32BE(20) };
}

/** Colours of a PNG at places, as a browser decodes it: `#rrggbb`. */
export function coloursOfPng(
  page: Page,
  bytes: Buffer,
  places: readonly (readonly [x: number, y: number])[],
): Promise<string[]> {
  return page.evaluate(
    async ([base64, all]) => {
      const file = new Blob([Uint8Array.from(atob(base64), (char) => char.charCodeAt(0))]);
      const picture = await createImageBitmap(file);
      const canvas = document.createElement('canvas');
      canvas.width = picture.width;
      canvas.height = picture.height;
      const context = canvas.getContext('2d')!;
      context.drawImage(picture, 0, 0);
      const { data } = context.getImageData(0, 0, picture.width, picture.height);
      return all.map(([x, y]) => {
        const at = 4 * (Math.floor(y) * picture.width + Math.floor(x));
        return `#${[...data.slice(at, at + 3)].map((part) => part.toString(16).padStart(2, '0')).join('')}`;
      });
    },
    [bytes.toString('base64'), places] as const,
  );
}
