// The lines of a file that were seen, with their text and what they weigh.
import { listSourceFiles, type SourceFile, type SourceLine } from '../aggregate/source-lines.ts';
import { shortenFile } from '../profile/labels.ts';
import type { Profile } from '../profile/profile.ts';
import { button, element } from './dom.ts';
import { share, time } from './numbers.ts';
import { createPager } from './pager.ts';
import { cutMiddle } from './shorten.ts';
import { remember, type Shown, weightsOf } from './shown.ts';
import type { Page, Scene, View } from './view.ts';

const linesPerPage = 200;

/** Files to choose from, the hottest first. */
const mostFiles = 100;

const nothing = 'There is no source to show.';
const elsewhere = 'This file is not in what is shown.';

/** Texts of lines may be of any length. */
const longestText = 400;

export function createSource(page: Page): View {
  const choice = element('select', '') as HTMLSelectElement;
  const head = element('div', 'frame-bar', element('label', '', 'file ', choice));
  const weight = element('span', 'soft');
  head.append(weight);
  const table = element('table', 'source');
  const note = element('p', 'note');
  let scene: Scene | null = null;
  const pager = createPager(linesPerPage, () => draw());
  const list = remember((profile: Profile) => listSourceFiles(profile, weightsOf(profile)));
  choice.addEventListener('change', () => page.apply({ file: choice.value }));

  const draw = () => {
    const { state, shown } = scene!;
    const { strings } = shown.profile;
    const files = list(shown.profile).filter(({ file }) => strings[file] !== '');
    const chosen = state.file === null ? files[0] : files.find(({ file }) => strings[file] === state.file);
    const name = chosen ? strings[chosen.file]! : (state.file ?? '');
    fillFiles(choice, { files: files.slice(0, mostFiles), name, shown });
    const total = shown.tree.total[0]!;
    weight.textContent = chosen ? `self ${share(chosen.self, total)}, total ${share(chosen.total, total)}` : '';
    note.textContent = chosen ? describeLines(chosen) : files.length === 0 ? nothing : elsewhere;
    const { from, to } = pager.range(chosen?.lines.length ?? 0);
    table.replaceChildren(...(chosen ? [drawHead(), drawLines(page, shown, { file: chosen, from, to })] : []));
  };
  return {
    element: element('section', 'source-view', head, table, pager.element, note),
    draw(next) {
      if (next.state.file !== scene?.state.file) pager.reset();
      scene = next;
      draw();
    },
  };
}

function describeLines({ lines }: SourceFile): string {
  const seen = lines.length === 1 ? '1 line of the file was seen' : `${lines.length} lines of the file were seen`;
  return `${seen}; those that were never on a stack are not in the recording`;
}

interface FileChoice {
  readonly files: readonly SourceFile[];
  readonly name: string;
  readonly shown: Shown;
}

function fillFiles(choice: HTMLSelectElement, { files, name, shown }: FileChoice): void {
  const { strings } = shown.profile;
  const rows = files.map(({ file, self }) => ({
    file: strings[file]!,
    text: `${share(self, shown.tree.total[0]!)}  ${strings[file]}`,
  }));
  if (name !== '' && !rows.some(({ file }) => file === name)) rows.unshift({ file: name, text: name });
  choice.replaceChildren(
    ...rows.map(({ file, text }) => {
      const option = element('option', '', cutMiddle(text, 110)) as HTMLOptionElement;
      option.value = file;
      return option;
    }),
  );
  choice.value = name;
}

function drawHead(): HTMLElement {
  const cell = (text: string, className: string) => {
    const made = element('th', className, text);
    made.setAttribute('scope', 'col');
    return made;
  };
  return element(
    'thead',
    '',
    element('tr', '', cell('self', 'number'), cell('total', 'number'), cell('line', 'line'), cell('text', '')),
  );
}

interface LinesToDraw {
  readonly file: SourceFile;
  /** Rows of its lines. */
  readonly from: number;
  readonly to: number;
}

function drawLines(page: Page, shown: Shown, { file, from, to }: LinesToDraw): HTMLElement {
  const hottest = {
    self: file.lines.reduce((most, { self }) => Math.max(most, self), 0),
    total: file.lines.reduce((most, { total }) => Math.max(most, total), 0),
  };
  const place = (line: number) => `${shortenFile(shown.profile.strings[file.file]!)}:${line})`;
  const body = element('tbody', '');
  for (let row = from; row < to; row++) {
    const line = file.lines[row]!;
    const previous = file.lines[row - 1];
    const made = drawLine(page, shown, { line, hottest, place: place(line.line) });
    if (previous !== undefined && line.line > previous.line + 1) made.className = 'apart';
    body.append(made);
  }
  return body;
}

interface LineToDraw {
  readonly line: SourceLine;
  /** The most that a line of the file has. */
  readonly hottest: { readonly self: number; readonly total: number };
  /** The end of its label in the flame graph. */
  readonly place: string;
}

function drawLine(
  page: Page,
  { profile, tree }: Shown,
  { line: { line, text, self, total }, hottest, place }: LineToDraw,
): HTMLElement {
  const weigh = (ticks: number) => {
    const shown = ticks === 0 ? '' : share(ticks, tree.total[0]!);
    return element('td', 'number', shown, element('small', '', ticks === 0 ? '' : time(ticks, profile.meta)));
  };
  const number = button(
    line === 0 ? '?' : String(line),
    () => page.apply({ view: 'flame', by: 'line', search: place, regex: false }),
    {
      className: 'link',
      title: 'find it in the flame graph',
    },
  );
  const heat = (name: 'self' | 'total', ticks: number) => {
    const strip = element('i', `heat ${name}`);
    strip.style.opacity = String(hottest[name] === 0 ? 0 : Math.sqrt(ticks / hottest[name]));
    return strip;
  };
  const code = element('code', '', cutMiddle(text, longestText));
  return element(
    'tr',
    '',
    weigh(self),
    weigh(total),
    element('td', 'line', heat('self', self), heat('total', total), number),
    element('td', '', code),
  );
}
