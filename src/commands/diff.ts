// tbprof diff: what changed between two profiles, and whether it is more than chance.
import { type DiffOptions, diffProfiles, framesOfRow, grownBeyond, type ProfileDiff } from '../aggregate/diff.ts';
import { type ExitCode, exitCodes, usageError } from '../errors.ts';
import type { NamedDiff } from '../formats/diff-format.ts';
import { diffFormats } from '../formats/diff-formats.ts';
import { diffJson } from '../formats/diff-json.ts';
import { diffTable } from '../formats/diff-table.ts';
import { explainUnjudged, printChange } from '../formats/diff-words.ts';
import { applyView } from '../formats/format.ts';
import type { Growth } from '../options.ts';
import { inBlocks } from '../output/blocks.ts';
import { readTemplate } from '../output/files.ts';
import { writeReport } from '../output/write.ts';
import type { Measure, Profile } from '../profile/profile.ts';
import { visible } from '../visible.ts';
import type { CommandContext } from './context.ts';
import { type Filter, type FilterOptions, planFilter } from './filters.ts';
import { loadInputs } from './inputs.ts';
import { type Mode, weighByMode } from './mode.ts';
import { type Planned, planFiles, tryEach } from './outputs.ts';

export interface DiffCommandOptions extends DiffOptions, FilterOptions {
  readonly mode: Mode;
  readonly output: readonly string[];
  readonly format?: string | undefined;
  readonly json: boolean;
  readonly threads: boolean;
  readonly failOn?: Growth | undefined;
}

interface Sides<Value> {
  readonly before: Value;
  readonly after: Value;
}

/** Writes the outputs; with none asked for, prints the table (or with `json` the data) to stdout. */
export async function diff(
  files: Sides<string>,
  options: DiffCommandOptions,
  context: CommandContext,
): Promise<ExitCode> {
  const { by, per, stacks, failOn } = options;
  checkOptions(files, options);
  const outputs = planDiffOutputs(options);
  const filter = planFilter(options);
  const load = (file: string) => loadSide(file, options, { filter, terminal: context.terminal });
  const before = await load(files.before);
  const after = await load(files.after);
  checkMeasures(before, after, options, context);
  const found = diffProfiles(before, after, { by, per, stacks });
  const named = { diff: found, ...files };
  const { failure } = await tryEach(outputs, (output) => write(output, named, context));
  if (failure !== null) throw failure.error;
  return failOn === undefined ? exitCodes.done : checkGrowth(found, failOn, context);
}

function checkOptions({ before, after }: Sides<string>, { per, failOn, json, format }: DiffCommandOptions): void {
  if (before === '-' && after === '-') throw usageError('stdin can be one of the two profiles, not both');
  if (json && format !== undefined) throw usageError('--json and -f both name a format', 'give one of them');
  if (failOn === undefined || failOn.per === per) return;
  throw per === 'share'
    ? usageError('--fail-on in ms needs --per second', 'or give points of share: --fail-on +3%')
    : usageError('--fail-on in % needs --per share', 'or give a time per second and worker: --fail-on +20ms');
}

type DiffOutput = Planned<(typeof diffFormats)[number]>;

function planDiffOutputs({ output, format, json }: DiffCommandOptions): DiffOutput[] {
  const named = json ? diffJson.name : format;
  const standard = [{ file: '-', format: diffTable }];
  if (output.length > 0) return planFiles(output, named, diffFormats);
  return named === undefined ? standard : planFiles(['-'], named, diffFormats);
}

interface Loading {
  readonly filter: Filter;
  readonly terminal: CommandContext['terminal'];
}

async function loadSide(file: string, options: DiffCommandOptions, { filter, terminal }: Loading): Promise<Profile> {
  const { profile } = await loadInputs([file], (loaded) => weighByMode(loaded, options.mode, file), terminal);
  return applyView(filter(profile), options);
}

const measureNames: Record<Measure, string> = { wall: 'wall time', cpu: 'processor time', count: 'counts' };

/** Counts may be of wall time, as most are, and by share their unit does not matter; processor time is another thing. */
function checkMeasures(
  { meta: { measure: was } }: Profile,
  { meta: { measure: is } }: Profile,
  { per }: DiffCommandOptions,
  { terminal }: CommandContext,
): void {
  if (per === 'second' && (was === 'count' || is === 'count')) {
    throw usageError('counts have no time: they cannot be compared per second', 'compare them by share');
  }
  if (was === is) return;
  const both = `before is ${measureNames[was]} and after is ${measureNames[is]}`;
  if (was === 'cpu' || is === 'cpu') throw usageError(`${both}: they cannot be compared`, 'compare like with like');
  terminal.say(`${both}: this compares their shares, as if the counts were of wall time`);
}

async function write({ file, format }: DiffOutput, named: NamedDiff, { terminal }: CommandContext): Promise<void> {
  const pieces = () => format.render(named, { template: readTemplate });
  if (file !== '-') await writeReport(file, pieces);
  else for await (const block of inBlocks(pieces())) await terminal.out(block);
}

/** A check that could not look must not pass. */
function checkGrowth(found: ProfileDiff, { amount, per }: Growth, { terminal }: CommandContext): ExitCode {
  if (found.unjudged !== null) {
    throw usageError(
      `--fail-on cannot tell growth from chance ${explainUnjudged(found.unjudged)}`,
      'record for longer',
    );
  }
  const grown = grownBeyond(found, amount);
  const limit = per === 'share' ? `${trim(amount * 100)}%` : `${trim(amount * 1_000)} ms`;
  for (const row of grown) {
    const changes = [
      `self ${printChange(row.self, per)}`,
      ...(row.total ? [`total ${printChange(row.total, per)}`] : []),
    ];
    const name = framesOfRow(found, row).at(-1)!;
    terminal.say(`grew by more than ${limit}: ${visible(name)}: ${changes.join(', ')}`);
  }
  return grown.length > 0 ? exitCodes.grown : exitCodes.done;
}

function trim(number: number): string {
  return String(Number(number.toFixed(6)));
}
