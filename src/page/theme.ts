// Dark or light: the system's choice until the reader makes one, which is kept where the browser keeps anything.
import type { Theme } from '../profile/palette.ts';

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

export function currentTheme(): Theme {
  return choice ?? (dark.matches ? 'dark' : 'light');
}

export function toggleTheme(): void {
  choice = currentTheme() === 'dark' ? 'light' : 'dark';
  try {
    localStorage.setItem(key, choice);
  } catch {
    // the choice holds for as long as the page is open
  }
}

/** Calls back when the system's choice changes. */
export function onSystemTheme(changed: () => void): void {
  dark.addEventListener('change', changed);
}
