// State -> what is compared: the difference, its trees, what the search finds. Each is kept until what it depends on changes.
import { type DiffOptions, diffProfiles, type ProfileDiff } from '../../aggregate/diff.ts';
import { type Width, widenTree } from '../../aggregate/diff-frames.ts';
import { matchGroups, parseQuery, searchTexts } from '../query.ts';
import { remember } from '../shown.ts';
import type { Comparison } from './load.ts';
import type { DiffState, Scene } from './state.ts';

/** All that depends on what is compared, and on nothing else of the state. */
export function compare({ before, after, initial }: Comparison) {
  const diffOf = remember((by: DiffOptions['by'], per: DiffOptions['per']) => {
    const diff = diffProfiles(before.profile, after.profile, { ...initial, by, per });
    return { diff, rows: new Map(diff.rows.map((row) => [row.place, row])), treeAt: trees(diff) };
  });
  const textsOf = remember((diff: ProfileDiff) => searchTexts(diff.pair.tables, diff.groups, diff.options.by));
  const search = remember((diff: ProfileDiff, text: string, regex: boolean) => {
    const query = parseQuery(text, regex);
    const found = text === '' ? new Uint8Array(diff.groups.labels.length) : matchGroups(textsOf(diff), query);
    return { found, problem: query.problem };
  });
  return ({ by, per, search: text, regex }: DiffState) => {
    const compared = diffOf(by, per);
    return { ...compared, ...search(compared.diff, text, regex) };
  };
}

function trees(diff: ProfileDiff): Scene['treeAt'] {
  const known = new Map<Width, ReturnType<typeof widenTree>>();
  return (width) => {
    const tree = known.get(width) ?? widenTree(diff, width);
    known.set(width, tree);
    return tree;
  };
}
