// What is shown, as files for other programs and for people.
import { renderCollapsed } from '../formats/collapsed.ts';
import { buildSpeedscope } from '../formats/speedscope.ts';
import { type Painted, paintRows } from './chart-canvas.ts';
import { button, byId } from './dom.ts';
import { drawSvg } from './svg.ts';
import type { Page, Scene } from './view.ts';

/** A chart as it is drawn now. */
export interface Picture {
  readonly painted: Painted;
  readonly widthPx: number;
  readonly title: (node: number) => string;
}

/** Browsers draw no larger canvas; what is deeper is left out of the PNG. */
const mostPixels = 16_000;

interface Sources {
  readonly scene: () => Scene;
  /** The charts of the view; none where it has none. */
  readonly pictures: () => readonly Picture[];
}

export interface Downloads {
  /** Pictures are of charts. */
  draw(): void;
}

export function createDownloads(page: Page, { scene, pictures }: Sources): Downloads {
  const menu = byId<HTMLDetailsElement>('downloads');
  const name = nameFiles(page);
  const offer = (text: string, ending: string, make: () => Promise<BlobPart[]> | BlobPart[]) =>
    button(text, async () => {
      menu.open = false;
      save(new Blob(await make()), `${name}${ending}`);
      page.say(`${name}${ending} is written`);
    });
  const view = () => ({ by: scene().shown.by, threads: false });
  const charts = [
    offer('SVG of the graph', '.svg', () => svgOf(page, scene(), pictures())),
    offer('PNG of the graph', '.png', async () => [await pngOf(pictures())]),
  ];
  byId('download-list').append(
    offer('Collapsed stacks', '.collapsed', () => [renderCollapsed(scene().shown.profile, view())]),
    offer('speedscope', '.speedscope.json', () => [
      JSON.stringify(buildSpeedscope(scene().shown.profile, view())),
      '\n',
    ]),
    ...charts,
  );
  menu.addEventListener('focusout', (event) => {
    if (!menu.contains(event.relatedTarget as Node | null)) menu.open = false;
  });
  return {
    draw() {
      const none = pictures().length === 0;
      for (const chart of charts) chart.disabled = none;
    },
  };
}

function nameFiles({ report: { profile } }: Page): string {
  const host = profile.meta.host.replace(/[^\w.-]+/g, '_').slice(0, 40);
  const when = new Date(profile.meta.startedEpochMs).toISOString().slice(0, 19).replace(/[:T]/g, '-');
  return `tbprof-${host}-${when}`;
}

function save(file: Blob, name: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(file);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000); // the browser reads it when it likes
}

function svgOf(page: Page, { shown }: Scene, pictures: readonly Picture[]): BlobPart[] {
  const { paper, ink } = paperColours();
  const { host, startedEpochMs } = page.report.profile.meta;
  const title = `${host}, ${new Date(startedEpochMs).toISOString().slice(0, 16)}Z, ${shown.tree.total[0]!} ticks`;
  const charts = pictures.map(({ painted, title: titleOf }) => ({ ...painted, title: titleOf }));
  return [...drawSvg(charts, { widthPx: pictures[0]!.widthPx, title, paper, ink })];
}

async function pngOf(pictures: readonly Picture[]): Promise<Blob> {
  const scale = window.devicePixelRatio || 1;
  const canvas = document.createElement('canvas');
  const height = pictures.reduce((sum, { painted }) => sum + painted.shape.heightPx, 0);
  canvas.width = Math.ceil(pictures[0]!.widthPx * scale);
  canvas.height = Math.min(mostPixels, Math.ceil(height * scale));
  const context = canvas.getContext('2d')!;
  context.fillStyle = paperColours().paper;
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.scale(scale, scale);
  for (const { painted } of pictures) {
    const toPx = Math.min(painted.shape.heightPx, mostPixels / scale);
    paintRows(context, painted, { fromPx: 0, toPx, all: true });
    context.translate(0, painted.shape.heightPx);
  }
  return new Promise((resolve, reject) =>
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error('the browser drew no picture')))),
  );
}

function paperColours(): { paper: string; ink: string } {
  const { backgroundColor, color } = getComputedStyle(document.body);
  return { paper: backgroundColor, ink: color };
}
