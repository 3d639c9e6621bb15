// The lines of each file that were seen, with their text and what they weigh: dumps carry the text of every line.
import type { FrameGroups } from '../profile/labels.ts';
import { PairTable } from '../profile/pairs.ts';
import type { Profile } from '../profile/profile.ts';
import { buildCallTree } from './call-tree.ts';
import { type FunctionRow, listFunctions } from './functions.ts';

export interface SourceLine {
  /** 1-based; 0 stands for all lines that are not known. */
  readonly line: number;
  /** Empty where it is not known. */
  readonly text: string;
  /** Ticks that were spent in the line itself. */
  readonly self: number;
  /** Ticks of stacks that hold the line: once, however deep it recurses. */
  readonly total: number;
}

export interface SourceFile {
  /** Number of a string. */
  readonly file: number;
  readonly self: number;
  readonly total: number;
  /** By their number. */
  readonly lines: readonly SourceLine[];
}

/** Files by falling self weight, then by falling total. `weights` are ticks by stack, as foldStacks gives them. */
export function listSourceFiles(profile: Profile, weights: Float64Array): SourceFile[] {
  const { frames, stacks } = profile;
  const places = new PairTable();
  const placeOf = frames.line.map((line, frame) => places.number(frames.file[frame]!, line));
  const texts = firstTexts(profile, placeOf, places.size);
  const file = places.first();
  const number = places.second();
  const linesOf = new Map<number, SourceLine[]>();
  for (const { group, self, total } of measure(placeOf)) {
    const lines = linesOf.get(file[group]!) ?? [];
    linesOf.set(file[group]!, lines);
    lines.push({ line: number[group]!, text: texts[group]!, self, total });
  }
  return measure(frames.file).map(({ group, self, total }) => {
    const lines = linesOf.get(group)!.sort((a, b) => a.line - b.line);
    return { file: group, self, total, lines };
  });

  function measure(groupOf: Int32Array): FunctionRow[] {
    const groups: FrameGroups = { groupOf, labels: [], example: [] };
    return listFunctions(buildCallTree(stacks, groups, weights));
  }
}

/** Of each place the first text that is known: it has another only where the file was changed while it was recorded. */
function firstTexts({ frames, strings }: Profile, placeOf: Int32Array, count: number): string[] {
  const texts: string[] = Array.from({ length: count }, () => '');
  for (let frame = 0; frame < placeOf.length; frame++) {
    texts[placeOf[frame]!] ||= strings[frames.source[frame]!]!;
  }
  return texts;
}
