// The keyboard, and the list of its keys.
import { button, byId, element } from './dom.ts';

export const keyTexts: readonly (readonly [keys: string, text: string])[] = [
  ['/', 'search'],
  ['n  N', 'next and previous match'],
  ['← → ↑ ↓', 'walk from frame to frame, in a graph'],
  ['Enter', 'zoom into the frame, or put it into the middle'],
  ['Esc', 'one step back: the search, the chosen frame, the zoom by one frame'],
  ['0', 'the whole graph'],
  ['c  C', 'copy the name of the frame, its stack'],
  ['f', 'filters'],
  ['1 to 6', 'the views'],
  ['t', 'dark or light'],
  ['?', 'this list'],
];

export interface KeyActions {
  readonly search: () => void;
  readonly escape: () => void;
  /** The root fills the width. */
  readonly whole: () => void;
  readonly step: (direction: 1 | -1) => void;
  readonly filter?: () => void;
  readonly theme: () => void;
  readonly view: (number: number) => void;
  /** All other keys. */
  readonly other: (key: string) => boolean;
}

/** `texts` is the list that `?` shows. */
export function listenToKeys(actions: KeyActions, texts: typeof keyTexts = keyTexts): void {
  const help = createHelp(texts);
  window.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || help.open) return;
    const isTyping = event.target instanceof HTMLElement && event.target.matches('input:not([type=checkbox]), select');
    if (isTyping && event.key !== 'Escape') return;
    if (press(event.key, actions, help)) event.preventDefault();
  });
}

function press(key: string, actions: KeyActions, help: HTMLDialogElement): boolean {
  if (key === '/') actions.search();
  else if (key === 'Escape') actions.escape();
  else if (key === '0') actions.whole();
  else if (key === 'n') actions.step(1);
  else if (key === 'N') actions.step(-1);
  else if (key === 'f' && actions.filter) actions.filter();
  else if (key === 't') actions.theme();
  else if (key === '?') help.showModal();
  else if (/^[1-6]$/.test(key)) actions.view(Number(key) - 1);
  else return actions.other(key);
  return true;
}

function createHelp(texts: typeof keyTexts): HTMLDialogElement {
  const help = byId<HTMLDialogElement>('help');
  const title = element('h2', '', 'Keys');
  title.id = 'help-title';
  const list = texts.flatMap(([keys, text]) => [
    element('dt', '', ...keys.split('  ').map((key) => element('kbd', '', key))),
    element('dd', '', text),
  ]);
  help.append(
    title,
    element('dl', '', ...list),
    button('Close', () => help.close()),
  );
  byId('help-open').addEventListener('click', () => help.showModal());
  return help;
}
