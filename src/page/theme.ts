// Dark or light: the system's choice until the reader makes one, which is kept where the browser keeps anything.
import type { Theme } from '../profile/palette.ts';
import { byId } from './dom.ts';

const key = 'tbprof-theme';
const dark = window.matchMedia('(prefers-color-scheme: dark)');

function readChoice(): Theme | null {
  try {
    const kept = localStorage.getItem(key);
    return kept === 'dark' || kept === 'light' ? kept : null;
  } catch {
    return null; // pages from a file may not be allowed to keep anything
  }
}

let choice = readChoice();
let isOnPaper = false;

function currentTheme(): Theme {
  if (isOnPaper) return 'light';
  return choice ?? (dark.matches ? 'dark' : 'light');
}

/** Paper is white, whatever the screen was; to be told before what goes on it is drawn, and after. */
export function putOnPaper(isPrinted: boolean): void {
  isOnPaper = isPrinted;
}

/** Tells the style sheet and the button. */
export function showTheme(): Theme {
  const theme = currentTheme();
  document.documentElement.dataset.theme = theme;
  byId('theme').textContent = theme === 'dark' ? 'Light' : 'Dark';
  return theme;
}

/** Calls back when the other theme is to be shown: by the system's choice, by the button, or by the function it gives. */
export function listenToTheme(changed: () => void): () => void {
  const toggle = () => {
    choice = currentTheme() === 'dark' ? 'light' : 'dark';
    try {
      localStorage.setItem(key, choice);
    } catch {
      // the choice holds for as long as the page is open
    }
    changed();
  };
  byId('theme').addEventListener('click', toggle);
  dark.addEventListener('change', changed);
  return toggle;
}
