// Two profiles compared: what each function, or each stack, had before and after, and whether that is more than chance.
import type { FrameGroups, Grouping } from '../profile/labels.ts';
import { groupFrames } from '../profile/labels.ts';
import type { Profile } from '../profile/profile.ts';
import { type Blocks, type Per, spanOf, tallyBlocks } from './blocks.ts';
import { Chance, countEffective, type Estimate } from './chance.ts';
import { type DiffItems, functionItems, stackItems } from './diff-items.ts';
import { type ProfilePair, pairProfiles, type Side } from './diff-pair.ts';
import { buildDiffTree, type DiffTree } from './diff-tree.ts';
import { adjustForMany } from './holm.ts';
import { quantile, twoSided, upperTail } from './student.ts';

export interface DiffOptions {
  readonly by: Grouping;
  readonly per: Per;
  /** Compare whole stacks instead of functions. */
  readonly stacks: boolean;
}

/** Shares from 0 to 1, or seconds per second and worker. */
export interface Change {
  readonly before: number;
  readonly after: number;
  /** After less before. */
  readonly change: number;
  /** Null where it was not judged: too small, or see {@link ProfileDiff.unjudged}. */
  readonly judgement: Judgement | null;
}

export interface Judgement {
  /** Of the change: half the width of the interval that holds it in 95 of 100 cases, for this one alone. */
  readonly margin: number;
  /** How likely chance makes so large a change somewhere among all that were judged (Holm). */
  readonly chance: number;
  /** It is more than chance. */
  readonly marked: boolean;
  /** Standard error of the change and its degrees of freedom. */
  readonly error: number;
  readonly degrees: number;
}

export interface DiffRow {
  /** Number of the group of a function, of the node of a stack; see {@link framesOfRow}. */
  readonly place: number;
  /** What was spent in it. Of a stack this is all that there is. */
  readonly self: Change;
  /** What was spent in it and in all that it called; null of a stack. */
  readonly total: Change | null;
}

/** Why chance could not be judged, and in which of the two. */
export interface Unjudged {
  readonly side: 'before' | 'after';
  /** No sample; samples without a time; less than 10 s; hardly ever busy. */
  readonly reason: 'empty' | 'no-time' | 'short' | 'sparse';
}

export interface ProfileDiff {
  readonly options: DiffOptions;
  readonly pair: ProfilePair;
  readonly groups: FrameGroups;
  readonly tree: DiffTree;
  /** Those that are more than chance first, then by falling change. */
  readonly rows: readonly DiffRow[];
  /** How many comparisons the correction is for. */
  readonly judged: number;
  readonly unjudged: Unjudged | null;
}

/** The chance of any false mark in a whole comparison. */
export const falseMarks = 0.05;

/** What has less, in the middle of before and after, is not judged: each comparison more makes all others blunter. */
export const leastShare = 0.01;

const mostJudged = 500;
const leastMs = 10_000;
/** Of 48 short blocks or more. */
const leastBlocks = 12;

export function diffProfiles(before: Profile, after: Profile, options: DiffOptions): ProfileDiff {
  const pair = pairProfiles(before, after);
  const groups = groupFrames(pair.tables, options.by);
  const tree = buildDiffTree(pair, groups);
  const items = options.stacks ? stackItems(tree) : functionItems(pair, groups);
  const { judgements, judged, unjudged } = judge(pair, items, options.per);
  const base = { before: baseOf(pair.before, options.per), after: baseOf(pair.after, options.per) };
  const changeOf = (item: number): Change => {
    const was = base.before === 0 ? 0 : items.before[item]! / base.before;
    const is = base.after === 0 ? 0 : items.after[item]! / base.after;
    return { before: was, after: is, change: is - was, judgement: judgements.get(item) ?? null };
  };
  const rows = options.stacks ? stackRows(tree, changeOf) : functionRows(items, groups, changeOf);
  return { options, pair, groups, tree, rows: rows.sort(byImportance), judged, unjudged };
}

/** Rows that grew by more than `threshold`, beyond chance: the growth is not only there, it is larger than this. */
export function grownBeyond({ rows, judged }: ProfileDiff, threshold: number): DiffRow[] {
  const changes = rows.flatMap((row) =>
    [row.self, ...(row.total ? [row.total] : [])].map((change) => ({ row, change })),
  );
  const tested = changes.flatMap(({ row, change: { change, judgement } }) =>
    judgement === null || change <= threshold
      ? []
      : [{ row, chance: upperTail((change - threshold) / judgement.error, judgement.degrees) }],
  );
  // The others were compared, too: they stand behind these in the order of Holm.
  const others = new Array<number>(Math.max(0, judged - tested.length)).fill(1);
  const adjusted = adjustForMany([...tested.map(({ chance }) => chance), ...others]);
  return [...new Set(tested.filter((_, index) => adjusted[index]! < falseMarks).map(({ row }) => row))];
}

/** Ticks that stand for 1. */
export function baseOf({ sampled, observed }: Side, per: Per): number {
  return per === 'share' ? sampled : observed;
}

function functionRows(items: DiffItems, { labels }: FrameGroups, changeOf: (item: number) => Change): DiffRow[] {
  return labels.flatMap((_, group) => {
    const total = group + labels.length;
    if (items.before[total] === 0 && items.after[total] === 0) return [];
    return [{ place: group, self: changeOf(group), total: changeOf(total) }];
  });
}

function stackRows({ tree, before, after }: DiffTree, changeOf: (item: number) => Change): DiffRow[] {
  const rows: DiffRow[] = [];
  for (let node = 1; node < tree.group.length; node++) {
    if (before.self[node] === 0 && after.self[node] === 0) continue;
    rows.push({ place: node, self: changeOf(node), total: null });
  }
  return rows;
}

/** Labels of its frames, root first; of a function its own alone. */
export function framesOfRow({ options, groups, tree: { tree } }: ProfileDiff, { place }: DiffRow): string[] {
  if (!options.stacks) return [groups.labels[place]!];
  const frames: string[] = [];
  for (let at = place; at !== 0; at = tree.parent[at]!) frames.push(groups.labels[tree.group[at]!]!);
  return frames.reverse();
}

/** Some change of the row is more than chance. */
export function isMarked({ self, total }: DiffRow): boolean {
  return self.judgement?.marked === true || total?.judgement?.marked === true;
}

function byImportance(a: DiffRow, b: DiffRow): number {
  const [self, total] = [
    (row: DiffRow) => Math.abs(row.self.change),
    (row: DiffRow) => Math.abs(row.total?.change ?? 0),
  ];
  return Number(isMarked(b)) - Number(isMarked(a)) || self(b) - self(a) || total(b) - total(a) || a.place - b.place;
}

interface Judged {
  readonly judgements: ReadonlyMap<number, Judgement>;
  readonly judged: number;
  readonly unjudged: Unjudged | null;
}

function judge(pair: ProfilePair, items: DiffItems, per: Per): Judged {
  const chosen = chooseItems(pair, items);
  const slotOf = new Int32Array(items.before.length).fill(-1);
  for (const [slot, item] of chosen.entries()) slotOf[item] = slot;
  const slotsOfStacks = items.slotsOfStacks(slotOf);
  const tally = (side: Side) => measureBlocks(side, { slotsOfStacks, slotCount: chosen.length, per });
  const blocks = { before: tally(pair.before), after: tally(pair.after) };
  for (const side of ['before', 'after'] as const) {
    const reason = blocks[side];
    if (typeof reason === 'string') return { judgements: new Map(), judged: 0, unjudged: { side, reason } };
  }
  return compareItems(chosen, blocks as { before: Blocks; after: Blocks }, per);
}

/** Those with enough weight in the middle of both, heaviest first. */
function chooseItems({ before, after }: ProfilePair, items: DiffItems): number[] {
  if (before.sampled === 0 || after.sampled === 0) return [];
  const share = (item: number) => (items.before[item]! / before.sampled + items.after[item]! / after.sampled) / 2;
  return [...items.before.keys()]
    .filter((item) => share(item) >= leastShare)
    .sort((a, b) => share(b) - share(a) || a - b)
    .slice(0, mostJudged);
}

interface TallyOptions {
  readonly slotsOfStacks: readonly Int32Array[];
  readonly slotCount: number;
  readonly per: Per;
}

function measureBlocks(side: Side, options: TallyOptions): Blocks | Unjudged['reason'] {
  if (side.sampled === 0) return 'empty';
  const span = spanOf(side);
  if (span === null) return 'no-time';
  if (span.lengthMs < leastMs * (1 - slack)) return 'short';
  const blocks = tallyBlocks(side, { ...options, span });
  return countEffective(blocks.bases) < leastBlocks ? 'sparse' : blocks;
}

/** A recording of 10 s has its last dump a little before its end. */
const slack = 0.1;

function compareItems(chosen: readonly number[], blocks: { before: Blocks; after: Blocks }, per: Per): Judged {
  const [before, after] = [new Chance(blocks.before, per), new Chance(blocks.after, per)];
  const compared = chosen.map((_, slot) => compareEstimates(before.estimate(slot), after.estimate(slot)));
  // A function that is only ever called by another one has the same total: that is one comparison, not two.
  const names = chosen.map((_, slot) => `${blockText(blocks.before, slot)} ${blockText(blocks.after, slot)}`);
  const distinct = new Map(names.map((name, slot) => [name, slot]));
  const adjusted = adjustForMany([...distinct.values()].map((slot) => compared[slot]!.chance));
  const chanceOf = new Map([...distinct.keys()].map((name, index) => [name, adjusted[index]!]));
  const judgements = chosen.map((item, slot) => {
    const { margin, error, degrees } = compared[slot]!;
    const chance = chanceOf.get(names[slot]!)!;
    return [item, { margin, chance, marked: chance < falseMarks, error, degrees }] as const;
  });
  return { judgements: new Map(judgements), judged: distinct.size, unjudged: null };
}

function blockText({ ticks, bases }: Blocks, slot: number): string {
  return ticks.subarray(slot * bases.length, (slot + 1) * bases.length).join(' ');
}

/** B. L. Welch, "The generalization of Student's problem when several different population variances are involved", 1947. */
function compareEstimates(before: Estimate, after: Estimate) {
  const variance = before.variance + after.variance;
  const degrees = variance ** 2 / (before.variance ** 2 / before.degrees + after.variance ** 2 / after.degrees);
  const error = Math.sqrt(variance);
  return {
    error,
    degrees,
    margin: quantile(falseMarks, degrees) * error,
    chance: twoSided(Math.abs(after.value - before.value) / error, degrees),
  };
}
