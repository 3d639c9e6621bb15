// What the page of a comparison can be saved as: what is compared now, as the command line would write it.

import type { ProfileDiff } from '../../aggregate/diff.ts';
import { collapsedLines } from '../../formats/diff-collapsed.ts';
import { renderDiffMarkdown } from '../../formats/diff-markdown.ts';
import { type FileOffer, nameFiles } from '../downloads.ts';
import type { Comparison } from './load.ts';

export function offerFiles({ before, after }: Comparison, diff: () => ProfileDiff): FileOffer[] {
  const named = () => ({ diff: diff(), before: before.name, after: after.name });
  return [
    { text: 'Collapsed stacks, before and after', ending: '.folded', make: () => collapsedLines(diff()) },
    { text: 'Markdown', ending: '.md', make: () => [renderDiffMarkdown(named())] },
  ];
}

/** By the names of both files, without their folders and endings. */
export function nameOf({ before, after }: Comparison): string {
  const [was, is] = [before, after].map(({ name }) => name.replace(/^.*[/\\]/s, '').replace(/(\.[a-z]+)+$/i, ''));
  return nameFiles('diff', was!, is!);
}
