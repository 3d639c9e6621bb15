// What the page of a comparison shows, in one value; and the scene that is drawn from it.
import type { Per } from '../../aggregate/blocks.ts';
import type { DiffOptions, DiffRow, ProfileDiff } from '../../aggregate/diff.ts';
import type { Width, WidthTree } from '../../aggregate/diff-frames.ts';
import type { Grouping } from '../../profile/labels.ts';
import type { Theme } from '../../profile/palette.ts';
import type { Picture } from '../pictures.ts';
import type { Comparison } from './load.ts';

export const viewNames = ['graph', 'table'] as const;
export type ViewName = (typeof viewNames)[number];

export interface DiffState {
  readonly view: ViewName;
  readonly by: Grouping;
  readonly per: Per;
  readonly width: Width;
  /** Frames of functions whose change is not more than chance are grey. */
  readonly markedOnly: boolean;
  readonly rootOnTop: boolean;
  /** Nodes of the tree of the comparison, which stay the same whatever the width; 0 is its root. */
  readonly zoom: number;
  readonly cursor: number | null;
  /** Group whose frames are to stand out, chosen from the table. */
  readonly chosen: number | null;
  readonly search: string;
  readonly regex: boolean;
}

export function initialState({ by, per }: DiffOptions): DiffState {
  return {
    view: 'graph',
    by,
    per,
    width: 'after',
    markedOnly: false,
    rootOnTop: true,
    zoom: 0,
    cursor: null,
    chosen: null,
    search: '',
    regex: false,
  };
}

/** Without what the comparison does not have: anybody can write an address. */
export function settle(state: DiffState, { tree, groups, unjudged }: ProfileDiff): DiffState {
  return {
    ...state,
    zoom: state.zoom < tree.tree.group.length ? state.zoom : 0,
    chosen: state.chosen !== null && state.chosen < groups.labels.length ? state.chosen : null,
    markedOnly: state.markedOnly && unjudged === null,
  };
}

export type Change = Partial<DiffState>;

/** Frames of another grouping are others. */
export function change(state: DiffState, part: Change): DiffState {
  const sameFrames = part.by === undefined || part.by === state.by;
  return { ...state, ...(!sameFrames && { zoom: 0, cursor: null, chosen: null }), ...part };
}

/** All that is drawn at one moment. */
export interface Scene {
  readonly state: DiffState;
  readonly diff: ProfileDiff;
  /** The tree of each width; computed once. */
  readonly treeAt: (width: Width) => WidthTree;
  /** Rows by their place: by group, or by node where stacks are compared. */
  readonly rows: ReadonlyMap<number, DiffRow>;
  /** 1 for each group that the search finds. */
  readonly found: Uint8Array;
  /** Why the expression is none; empty where it is one. */
  readonly problem: string;
  readonly theme: Theme;
}

export interface DiffPage {
  readonly comparison: Comparison;
  apply(part: Change): void;
  /** Tells people who hear the page instead of seeing it. */
  say(text: string): void;
}

export interface DiffView {
  readonly element: HTMLElement;
  draw(scene: Scene): void;
  /** The charts of the view, as they are drawn now. */
  pictures?(): readonly Picture[];
  press?(key: string): boolean;
}

/** The row that judges a frame: of its function, or where stacks are compared of its stack; none of a stack that only calls. */
export function rowOfNode({ diff, rows }: Pick<Scene, 'diff' | 'rows'>, node: number): DiffRow | undefined {
  return rows.get(diff.options.stacks ? node : diff.tree.tree.group[node]!);
}
