// The menu of downloads: what is shown, as files for other programs and for people.

import { button, byId } from './dom.ts';
import { photograph } from './photograph.ts';
import { describeLeftOut, type Picture, paintPictures, svgOf } from './pictures.ts';
import { blobOf } from './png.ts';

/** A file that can be made of what is shown. */
export interface FileOffer {
  readonly text: string;
  /** Of its name, with the dot. */
  readonly ending: string;
  readonly make: () => BlobPart[];
}

interface Sources {
  /** Of files, without their endings. */
  readonly name: string;
  readonly files: readonly FileOffer[];
  /** What is shown; charts, if it has any. */
  readonly view: () => { readonly element: HTMLElement; pictures?(): readonly Picture[] };
  /** What stands above the charts in a file of them. */
  readonly title: () => string;
  readonly say: (text: string) => void;
}

export interface Downloads {
  /** Only charts are drawn as SVG; what a PNG leaves out is told. */
  draw(): void;
}

export function createDownloads({ name, files, view, title, say }: Sources): Downloads {
  const pictures = () => view().pictures?.() ?? [];
  const menu = byId<HTMLDetailsElement>('downloads');
  const offer = (text: string, ending: string, make: () => Promise<BlobPart[]> | BlobPart[]) =>
    button(text, async () => {
      menu.open = false;
      save(new Blob(await make()), `${name}${ending}`);
      say(`${name}${ending} is written`);
    });
  const svg = offer('SVG of the graph', '.svg', () => svgOf(pictures(), title()));
  const png = offer('', '.png', async () => {
    const shown = pictures();
    return [await blobOf(shown.length > 0 ? paintPictures(shown) : photograph(view().element))];
  });
  byId('download-list').append(...files.map(({ text, ending, make }) => offer(text, ending, make)), svg, png);
  menu.addEventListener('focusout', (event) => {
    if (!menu.contains(event.relatedTarget as Node | null)) menu.open = false;
  });
  return {
    draw() {
      const shown = pictures();
      svg.disabled = shown.length === 0;
      const left = describeLeftOut(shown);
      const what = shown.length === 0 ? 'PNG of what is shown' : 'PNG of the graph';
      png.textContent = left === '' ? what : `${what}: ${left}`;
    },
  };
}

/** A name of a file, of texts that may be anything; those that say nothing are left out. */
export function nameFiles(...parts: readonly (string | null)[]): string {
  const safe = parts.map((part) => (part ?? '').replace(/[^\w.-]+/g, '_').slice(0, 40));
  return ['tbprof', ...safe.filter((part) => part !== '')].join('-');
}

function save(file: Blob, name: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(file);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000); // the browser reads it when it likes
}
