// tbprof report: render a recording again.
import { type ExitCode, exitCodes } from '../errors.ts';
import type { View } from '../formats/format.ts';
import { renderSummary } from '../formats/summary.ts';
import { defaults } from '../options.ts';
import { readInput } from '../output/files.ts';
import { loadProfile } from '../pipeline.ts';
import type { CommandContext } from './context.ts';
import { planOutputs, tryEach, writerOf } from './outputs.ts';

export interface ReportOptions {
  readonly output: readonly string[];
  readonly format?: string | undefined;
  readonly view: View;
}

/** Lines are for graphs: a list of them says little. */
function summaryView({ by, threads }: View): View {
  return { by: by === 'line' ? 'function' : by, threads };
}

/** Writes the outputs; with none asked for, prints the summary to stdout. */
export async function report(file: string, options: ReportOptions, context: CommandContext): Promise<ExitCode> {
  const wantsFiles = options.output.length > 0 || options.format !== undefined;
  const outputs = wantsFiles ? planOutputs(options, context.now()) : [];
  const { profile, whole } = await loadProfile(readInput(file), file);
  if (!whole) context.terminal.say(`${file} stops before its end: what is whole of it is shown`);
  const { failure } = await tryEach(outputs, writerOf(profile, options.view, context.terminal));
  if (failure !== null) throw failure.error;
  if (wantsFiles) return exitCodes.done;
  const summary = renderSummary(profile, defaults.topFunctions, summaryView(options.view));
  await context.terminal.out(`${summary}\n`);
  return exitCodes.done;
}
