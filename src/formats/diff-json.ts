// A comparison as JSON for scripts: everything that the table shows, of all rows.
import { type Change, type DiffRow, framesOfRow, type ProfileDiff } from '../aggregate/diff.ts';
import type { Side } from '../aggregate/diff-pair.ts';
import { printJson } from '../visible.ts';
import type { DiffFormat, NamedDiff } from './diff-format.ts';

export const diffJson: DiffFormat = {
  name: 'json',
  description: 'for scripts: all rows, with all that was judged',
  extensions: ['.json'],
  render: function* (named) {
    yield `${printJson(describeDiff(named))}\n`;
  },
};

/** Values are shares from 0 to 1, or seconds per second and worker. */
export function describeDiff({ diff, before, after }: NamedDiff) {
  const { options, judged, unjudged, rows, pair } = diff;
  return {
    before: describeSide(before, pair.before),
    after: describeSide(after, pair.after),
    per: options.per,
    by: options.by,
    comparisons: judged,
    unjudged,
    [options.stacks ? 'stacks' : 'functions']: rows.map((row) => describeRow(diff, row)),
  };
}

function describeSide(name: string, { profile: { meta, workers }, sampled, observed }: Side) {
  const { rateHz, measure, durationMs } = meta;
  return { name, durationMs, rateHz, measure, workers: workers.length, sampledTicks: sampled, observedTicks: observed };
}

function describeRow(diff: ProfileDiff, row: DiffRow) {
  const frames = framesOfRow(diff, row);
  if (row.total === null) return { frames, ...describeChange(row.self) };
  return { name: frames[0]!, self: describeChange(row.self), total: describeChange(row.total) };
}

/** `marked`: it is more than chance; null where that was not judged. */
function describeChange({ before, after, change, judgement }: Change) {
  const { margin, chance, marked } = judgement ?? { margin: null, chance: null, marked: null };
  return { before, after, change, margin, chance, marked };
}
