// The field of the search, what it found, and the buttons that lead from match to match.
import { byId } from './dom.ts';
import type { Place } from './steps.ts';

interface SearchBoxEvents {
  readonly onChange: (part: { readonly search: string } | { readonly regex: boolean }) => void;
  /** 1 for the next match, -1 for the one before. */
  readonly onStep: (direction: 1 | -1) => void;
}

export interface Searched {
  readonly search: string;
  readonly regex: boolean;
  /** Why the expression is none; empty where it is one. */
  readonly problem: string;
  /** What was found, for people. */
  readonly text: string;
  /** Null: there is no match to go to. */
  readonly place: Place | null;
}

export interface SearchBox {
  draw(searched: Searched): void;
  focus(): void;
}

export function createSearchBox({ onChange, onStep }: SearchBoxEvents): SearchBox {
  const field = byId<HTMLInputElement>('search');
  const regex = byId<HTMLButtonElement>('regex');
  const steps = [byId<HTMLButtonElement>('previous'), byId<HTMLButtonElement>('next')] as const;
  regex.addEventListener('click', () => onChange({ regex: regex.getAttribute('aria-pressed') !== 'true' }));
  field.addEventListener('input', () => onChange({ search: field.value }));
  field.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter') return;
    event.preventDefault();
    onStep(event.shiftKey ? -1 : 1);
  });
  steps[0].addEventListener('click', () => onStep(-1));
  steps[1].addEventListener('click', () => onStep(1));
  return {
    draw({ search, regex: isRegex, problem, text, place }) {
      if (field.value !== search) field.value = search;
      field.setAttribute('aria-invalid', String(problem !== ''));
      regex.setAttribute('aria-pressed', String(isRegex));
      for (const step of steps) step.disabled = place === null;
      byId('place').textContent = place === null ? '' : `${place.at ?? '–'} / ${place.of}`;
      byId('matched').textContent = search === '' ? '' : problem || text;
    },
    focus: () => field.select(),
  };
}
