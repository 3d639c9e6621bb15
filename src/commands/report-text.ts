// A report for the terminal: what was seen and how well, the hottest functions, the call tree.
import { foldStacks, foldThreads } from '../aggregate/fold.ts';
import { startOf } from '../formats/amounts.ts';
import { count, describeQuality } from '../formats/summary.ts';
import type { Terminal } from '../output/terminal.ts';
import type { Profile } from '../profile/profile.ts';
import { visible } from '../visible.ts';
import type { HotFrame, Hottest } from './hottest.ts';
import type { LoadedFile } from './inputs.ts';

type Paint = Terminal['paint'];

/** What tbprof recorded itself says how well it went. */
const recordedSources = ['tracebacker', 'agent'];

export function describeWhole(profile: Profile, files: readonly LoadedFile[]): string[] {
  if (recordedSources.includes(profile.meta.source)) return describeQuality(profile);
  const stacks = foldStacks(profile).reduce((number, weight) => number + (weight > 0 ? 1 : 0), 0);
  const threads = foldThreads(profile).reduce((number, weight) => number + (weight > 0 ? 1 : 0), 0);
  const { recorder } = profile.meta;
  const start = startOf(profile.meta);
  const kinds = [...new Set(files.map(({ kind }) => kind))].join(', ');
  const parts = [
    kinds,
    ...(recorder === 'unknown' ? [] : [`by ${visible(recorder)}`]),
    ...(start === null ? [] : [`of ${start.slice(0, 19)}Z`]),
  ];
  const rows = [count(stacks, 'distinct stack'), count(threads, 'thread'), count(profile.workers.length, 'process')];
  return [`${parts.join(' ')}: ${rows.join(', ').replace('processs', 'processes')}`];
}

export function printFunctions({ functions, total, profile }: Hottest, what: string, paint: Paint): string[] {
  if (functions.length === 0) return [nothing];
  const show = weightPrinter(profile);
  return [
    `${paint('bold', `hottest ${what}s`)} (${show.unit(total)})`,
    `${'self'.padStart(show.width)} ${' '.repeat(7 + barCells + 1)} ${'total'.padStart(show.width)} ${' '.repeat(7)} ${what}`,
    ...functions.map(({ label, self, total: all }) => {
      const bar = paint('cyan', drawBar(self / total));
      return `${show.weight(self)} ${percent(self / total)} ${bar} ${show.weight(all)} ${percent(all / total)} ${visible(label)}`;
    }),
  ];
}

/** Deeper than this the blanks before a name would be all that a terminal shows. */
const maxIndent = 60;

export function printTree({ tree, total, profile }: Hottest, minShare: number, paint: Paint): string[] {
  if (tree.length === 0) return [nothing];
  const show = weightPrinter(profile);
  return [
    `${paint('bold', 'call tree')} (${show.unit(total)}; from ${(minShare * 100).toString()}% on)`,
    ...tree.map((node) => {
      const indent = ' '.repeat(Math.min(node.depth, maxIndent));
      const depth = node.depth > maxIndent ? paint('dim', `[${node.depth}] `) : '';
      return `${percent(node.total / total)} ${show.weight(node.total)} ${selfOf(node, total, paint)} ${indent}${depth}${visible(node.label)}`;
    }),
  ];
}

function selfOf({ self }: HotFrame, total: number, paint: Paint): string {
  return self === 0 ? ' '.repeat(12) : paint('cyan', `self ${percent(self / total)}`);
}

const nothing = 'there is nothing to show';

const barCells = 10;
const eighths = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];

function drawBar(share: number): string {
  const cells = Math.round(share * barCells * 8);
  return `${'█'.repeat(Math.floor(cells / 8))}${eighths[cells % 8]}`.padEnd(barCells);
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)}%`.padStart(7);
}

/** Above it ticks are no samples but units of time. */
const maxSampledHz = 1_000;

/** Ticks, counts, or seconds where ticks are microseconds. */
function weightPrinter({ meta }: Profile) {
  const { measure, rateHz } = meta;
  const isTime = measure !== 'count' && rateHz > maxSampledHz;
  const what = measure === 'cpu' ? 'of processor time' : 'of one thread';
  const width = isTime ? 11 : 9;
  const text = (ticks: number) => (isTime ? `${(ticks / rateHz).toFixed(3)} s` : `${ticks}`);
  const unit = (total: number) => {
    if (measure === 'count') return `counts of ${total}`;
    if (isTime) return `${what.replace('of ', '')}, of ${text(total)}`;
    return `ticks of ${total}; 1 tick = ${Number((1_000 / rateHz).toFixed(2))} ms ${what}`;
  };
  return { width, weight: (ticks: number) => text(ticks).padStart(width), unit };
}
