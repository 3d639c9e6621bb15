// A summary to paste into a ticket: where, how long, how good, the hottest functions and the hottest paths.
import { buildCallTree, type CallTree } from '../aggregate/call-tree.ts';
import { measureCoverage } from '../aggregate/coverage.ts';
import { foldStacks } from '../aggregate/fold.ts';
import { listFunctions } from '../aggregate/functions.ts';
import { findTroubles } from '../aggregate/troubles.ts';
import { type FrameGroups, groupFrames, labelWorker } from '../profile/labels.ts';
import type { Profile } from '../profile/profile.ts';
import { describeSeconds, describeWeight, percent, secondsOf, startOf } from './amounts.ts';
import { applyView, type Format, type View } from './format.ts';
import { code, tableRow } from './markdown-text.ts';

export const markdown: Format = {
  name: 'markdown',
  description: 'a summary in Markdown, for a ticket',
  extensions: ['.md', '.markdown'],
  render: function* (profile, view) {
    yield printMarkdown(profile, view);
  },
};

const maxFunctions = 15;
const maxPaths = 5;
const maxWorkers = 8;

/** Frames of a path that are shown at its root, and at its leaf. */
const shownAtRoot = 2;
const shownAtLeaf = 8;

function printMarkdown(recorded: Profile, view: View): string {
  const profile = applyView(recorded, view);
  const groups = groupFrames(profile, view.by);
  const tree = buildCallTree(profile.stacks, groups, foldStacks(profile));
  const shown = { profile, groups, tree };
  const place = profile.meta.host === '' ? '' : `: ${code(profile.meta.host)}`;
  const parts = [
    `### ${profile.meta.measure === 'count' ? 'What was counted' : 'Where the time goes'}${place}\n`,
    describeRecording(recorded),
    tree.total[0]! > 0
      ? `#### Hottest ${view.by}s\n\n${printFunctions(shown, view)}\n#### Hottest paths\n\n${printPaths(shown)}`
      : 'No Python code was seen running.\n',
  ];
  return parts.join('\n');
}

interface Shown {
  readonly profile: Profile;
  readonly groups: FrameGroups;
  readonly tree: CallTree;
}

function describeRecording(profile: Profile): string {
  const { meta, workers } = profile;
  const isCounted = meta.measure === 'count';
  const { planned, observed } = measureCoverage(profile);
  const names = workers.slice(0, maxWorkers).map((_, worker) => code(labelWorker(profile, worker)));
  const more = workers.length > maxWorkers ? `, and ${workers.length - maxWorkers} more` : '';
  const when = describeTimes(profile);
  const seen = planned === 0 ? 'no tick was planned' : `${percent(observed / planned)} of ${planned} ticks observed`;
  const lines = [
    ...(when === '' ? [] : [`**When:** ${when}`]),
    `**${isCounted ? 'Of' : 'Workers'}:** ${names.join(', ')}${more}`,
    ...(isCounted ? [] : [`**Quality:** ${seen}, at ${meta.rateHz} per second and worker`]),
    ...findTroubles(profile).map(({ workers: of, story }) => {
      const named = of.map((worker) => code(labelWorker(profile, worker))).join(', ');
      return `**Note:** ${named === '' ? story : `${named}: ${story}`}`;
    }),
    meta.recorder === 'unknown' ? `**Imported from:** ${code(meta.source)}` : `**Recorded by:** ${code(meta.recorder)}`,
  ];
  return lines.map((line) => `- ${line}\n`).join('');
}

/** As far as it is known. */
function describeTimes({ meta }: Profile): string {
  const start = startOf(meta);
  const seconds = secondsOf(meta);
  const parts = [
    ...(start === null ? [] : [`${start.slice(0, 19).replace('T', ' ')} UTC`]),
    ...(seconds === null ? [] : [`for ${describeSeconds(seconds)}`]),
    ...(meta.durationMs === null ? ['cut off'] : []),
  ];
  return parts.join(', ');
}

function printFunctions({ profile, groups, tree }: Shown, { by }: View): string {
  const all = tree.total[0]!;
  const weigh = describeWeight(profile);
  const rows = listFunctions(tree).slice(0, maxFunctions);
  return [
    tableRow(['self', 'total', by]),
    tableRow(['---:', '---:', '---']),
    ...rows.map(({ group, self, total }) =>
      tableRow([percent(self / all), percent(total / all), code(groups.labels[group]!)]),
    ),
    `\nOf ${weigh(all)}.\n`,
  ].join('');
}

/** The nodes with the most weight of their own, each with the way to it. */
function printPaths({ profile, groups, tree }: Shown): string {
  const weigh = describeWeight(profile);
  const nodes = [...tree.self.keys()].filter((node) => node > 0 && tree.self[node]! > 0);
  const hottest = nodes.sort((a, b) => tree.self[b]! - tree.self[a]! || a - b).slice(0, maxPaths);
  return hottest
    .map((leaf, rank) => {
      const ticks = tree.self[leaf]!;
      const path: string[] = [];
      for (let node = leaf; node > 0; node = tree.parent[node]!) path.push(groups.labels[tree.group[node]!]!);
      return `${rank + 1}. **${percent(ticks / tree.total[0]!)}**, ${weigh(ticks)}: ${printPath(path.reverse())}\n`;
    })
    .join('');
}

function printPath(labels: readonly string[]): string {
  const left = labels.length - shownAtRoot - shownAtLeaf;
  const steps =
    left <= 1
      ? labels.map(code)
      : [...labels.slice(0, shownAtRoot).map(code), `… ${left} frames …`, ...labels.slice(-shownAtLeaf).map(code)];
  return steps.join(' → ');
}
