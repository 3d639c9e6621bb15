// What a search finds in the tree that is shown.
import type { CallTree } from '../aggregate/call-tree.ts';
import { sumMatches } from '../aggregate/match.ts';
import { matchGroups, parseQuery } from './query.ts';
import { remember, type Shown } from './shown.ts';

export interface Found {
  /** 1 for each group that matches. */
  readonly groups: Uint8Array;
  readonly count: number;
  /** Ticks whose stack holds a match, each counted once. */
  readonly ticks: number;
  /** Why the expression is none; empty where it is one. */
  readonly problem: string;
}

/** Remembers the last search. */
export function createSearch(): (shown: Shown, text: string, regex: boolean) => Found {
  return remember((shown: Shown, text: string, regex: boolean) => {
    const query = parseQuery(text, regex);
    const groups = text === '' ? new Uint8Array(shown.groups.labels.length) : matchGroups(shown.texts, query);
    const count = groups.reduce((sum, one) => sum + one, 0);
    return { groups, count, ticks: count === 0 ? 0 : sumMatches(shown.tree, groups, 0), problem: query.problem };
  });
}

/** The nodes that match, in the order of the tree. */
export function matchingNodes({ group }: CallTree, groups: Uint8Array): number[] {
  const nodes: number[] = [];
  for (let node = 1; node < group.length; node++) if (groups[group[node]!] === 1) nodes.push(node);
  return nodes;
}
