// tbprof report: files of any kind that is known -> reports of any other, or a look at them on the terminal.
import { type ExitCode, exitCodes, usageError } from '../errors.ts';
import { listView, type View } from '../formats/format.ts';
import { maxMatchedChars, parsePattern } from '../options.ts';
import type { Profile } from '../profile/profile.ts';
import { pruneProfile } from '../profile/prune.ts';
import { redactProfile } from '../profile/redact.ts';
import { printJson } from '../visible.ts';
import type { CommandContext } from './context.ts';
import { type FilterOptions, isFiltered, planCut } from './filters.ts';
import { findHottest } from './hottest.ts';
import { type Inputs, loadInputs } from './inputs.ts';
import { type Mode, weighByMode } from './mode.ts';
import { planOutputs, tryEach, writerOf } from './outputs.ts';
import { reportAsData } from './report-json.ts';
import { describeWhole, printFunctions, printTree } from './report-text.ts';

export interface ReportOptions extends FilterOptions {
  readonly output: readonly string[];
  readonly format?: string | undefined;
  readonly view: View;
  readonly mode: Mode;
  readonly redact: boolean;
  readonly redactNames: readonly string[];
  readonly tree: boolean;
  readonly minShare: number;
  readonly top: number;
  readonly json: boolean;
}

/** Writes the outputs; with none asked for, prints to stdout. */
export async function report(
  files: readonly string[],
  options: ReportOptions,
  context: CommandContext,
): Promise<ExitCode> {
  const { terminal } = context;
  const wantsFiles = options.output.length > 0 || options.format !== undefined;
  if (wantsFiles && (options.tree || options.json)) {
    throw usageError('--tree and --json are for the terminal', 'leave out -o and -f, or them');
  }
  const outputs = wantsFiles ? planOutputs(options, context.now()) : [];
  const prepare = planPreparation(options);
  const inputs = await loadInputs(files, prepare.each, terminal);
  const profile = prepare.whole(inputs.profile);
  if (isFiltered(options) && profile.samples.weight.length === 0) {
    terminal.say(`the filters leave nothing of ${inputs.profile.samples.weight.length} samples`);
  }
  const { failure } = await tryEach(outputs, writerOf(profile, options.view, terminal));
  if (failure !== null) throw failure.error;
  if (!wantsFiles) await terminal.out(print({ ...inputs, profile }, options, context));
  return exitCodes.done;
}

/** What is done to each profile before, and to the whole after they are merged. */
function planPreparation(options: ReportOptions) {
  const cut = planCut(options);
  const secrets = options.redactNames.map(parsePattern);
  // Only the beginning of a very long text is matched: what is not looked at must not get out.
  const isSecret = (text: string) => secrets.some((pattern) => pattern(text) || text.length > maxMatchedChars);
  const redacts = options.redact || secrets.length > 0;
  return {
    each: (profile: Profile, file: string) => weighByMode(profile, options.mode, file),
    // Filters are of what people see in the original; only then it is redacted.
    whole: (profile: Profile) => {
      const filtered = cut(profile);
      return redacts ? redactProfile(pruneProfile(filtered), { isSecret }) : filtered;
    },
  };
}

function print({ profile, files }: Inputs, options: ReportOptions, { terminal }: CommandContext): string {
  const { tree, top, minShare, json, redactNames } = options;
  const view = listView(options.view);
  const hottest = findHottest(profile, { view, top, minShare: tree ? minShare : null });
  const named = redactNames.length === 0 ? files : files.map((file) => ({ ...file, file: 'redacted' }));
  if (json) return `${printJson(reportAsData(profile, named, hottest))}\n`;
  const lines = [
    ...describeWhole(profile, files),
    '',
    ...printFunctions(hottest, view.by, terminal.paint),
    ...(tree ? ['', ...printTree(hottest, minShare, terminal.paint)] : []),
  ];
  return `${lines.join('\n')}\n`;
}
