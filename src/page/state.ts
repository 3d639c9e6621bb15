// What the page shows, in one value. Everything on it is drawn from this; everything a reader does makes a new one.
import type { Grouping } from '../profile/labels.ts';

export const viewNames = ['flame', 'bottom-up', 'sandwich', 'functions', 'timeline', 'source'] as const;
export type ViewName = (typeof viewNames)[number];

/** What stacks stand on: nothing, their worker, their thread, or the first function of the application (its endpoint). */
export const splits = ['none', 'worker', 'thread', 'endpoint'] as const;
export type Split = (typeof splits)[number];

export const shownMeasures = ['wall', 'cpu'] as const;
export type ShownMeasure = (typeof shownMeasures)[number];

/** Which samples are looked at. Patterns are plain text, or a regular expression between slashes. */
export interface Filters {
  /** Row numbers; empty: all. */
  readonly workers: readonly number[];
  readonly threads: readonly number[];
  /** Milliseconds since the recording began. */
  readonly fromMs: number | null;
  readonly toMs: number | null;
  readonly focus: string;
  readonly include: string;
  readonly exclude: string;
  /** Modules of which each run of frames is shown as one. */
  readonly hide: readonly string[];
  /** Frames of libraries are left out; what they weigh goes to the code that called them. */
  readonly appOnly: boolean;
}

export interface PageState {
  readonly view: ViewName;
  readonly by: Grouping;
  readonly split: Split;
  readonly measure: ShownMeasure;
  readonly rootOnTop: boolean;
  /** Node of the tree that fills the width; 0 is its root. */
  readonly zoom: number;
  readonly search: string;
  readonly regex: boolean;
  readonly filters: Filters;
  /** Label of the function in the middle of the sandwich; null: the hottest. */
  readonly subject: string | null;
  /** File whose lines are shown; null: the hottest. */
  readonly file: string | null;
  /** Node that the keyboard is on; null: none. */
  readonly cursor: number | null;
}

export const noFilters: Filters = {
  workers: [],
  threads: [],
  fromMs: null,
  toMs: null,
  focus: '',
  include: '',
  exclude: '',
  hide: [],
  appOnly: false,
};

export const initialState: PageState = {
  view: 'flame',
  by: 'line',
  split: 'none',
  measure: 'wall',
  rootOnTop: true,
  zoom: 0,
  search: '',
  regex: false,
  filters: noFilters,
  subject: null,
  file: null,
  cursor: null,
};

/** What may be changed; filters one by one. */
export type Change = Partial<Omit<PageState, 'filters'>> & { readonly filters?: Partial<Filters> };

/** Another view has another tree: its zoom begins at the root. Where only the filters change, the page looks for the same frame. */
export function change(state: PageState, { filters, ...rest }: Change): PageState {
  const next = { ...state, ...rest, filters: filters ? { ...state.filters, ...filters } : state.filters };
  const otherTree = next.view !== state.view || next.by !== state.by || next.split !== state.split;
  return otherTree && rest.zoom === undefined ? { ...next, zoom: 0, cursor: null } : next;
}

/** Whether all samples are looked at, as they were recorded. */
export function isUnfiltered(filters: Filters): boolean {
  return JSON.stringify(filters) === JSON.stringify(noFilters);
}
