// tbprof record: sample the workers, write reports.
import { type Coverage, measureCoverage } from '../aggregate/coverage.ts';
import { type ExitCode, exitCodes, TbprofError } from '../errors.ts';
import { listView, type View } from '../formats/format.ts';
import { recording as recordingFormat } from '../formats/recording.ts';
import { count, renderSummary } from '../formats/summary.ts';
import { writeStream } from '../live-profile.ts';
import { defaults } from '../options.ts';
import { RecordingFile } from '../output/recording-file.ts';
import { copyReport } from '../output/write.ts';
import type { Profile } from '../profile/profile.ts';
import { Discovery } from '../tracebacker/discover.ts';
import type { CommandContext } from './context.ts';
import { type FilterOptions, planCut } from './filters.ts';
import { weighByMode } from './mode.ts';
import { type Output, planOutputs, recordingName, tryEach, type Written, writerOf } from './outputs.ts';
import { explainNothing, planSampling, type SamplingOptions, startSampling } from './sampling.ts';
import { showStatus } from './status.ts';
import { chooseSockets } from './targets.ts';

/** What its reports show; the recording has everything. */
export interface ShowOptions extends FilterOptions {
  readonly view: View;
}

export interface RecordOptions extends SamplingOptions, ShowOptions {
  readonly socket: readonly string[];
  readonly pid?: number | undefined;
  readonly output: readonly string[];
  readonly format?: string | undefined;
}

export async function record(options: RecordOptions, context: CommandContext): Promise<ExitCode> {
  const outputs = planOutputs(options, context.now());
  const discovery = new Discovery({ wheres: chooseSockets(options.socket, context.env), pid: options.pid });
  return recordTargets({ sampling: options, discovery, outputs, show: options }, context);
}

interface RecordTargetsOptions {
  readonly sampling: SamplingOptions;
  readonly discovery: Discovery;
  readonly outputs: readonly Output[];
  readonly show: ShowOptions;
}

/** Everything after it is known whom to sample and what to write. */
export async function recordTargets(options: RecordTargetsOptions, context: CommandContext): Promise<ExitCode> {
  const { sampling, discovery, outputs, show } = options;
  const { terminal } = context;
  const cut = planCut(show);
  const plan = planSampling(sampling, discovery);
  const file = new RecordingFile(recordingName(outputs, context.now()));
  const follower = writeStream((lines) => {
    file.append(lines);
    file.sync();
  });
  const recorder = startSampling(plan, follower, context);
  const stopStatus = showStatus(recorder, { ...sampling, ...plan.rates }, context);
  const ignoreSuspend = context.onSuspend({ pause: () => recorder.pause(), resume: () => recorder.resume() });
  const profile = await recorder.done.finally(() => {
    stopStatus();
    ignoreSuspend();
    file.close();
  });

  const coverage = measureCoverage(profile);
  if (coverage.dumps === 0) {
    file.remove();
    throw explainNothing(coverage, plan.targets, context);
  }
  if (file.failure !== null)
    terminal.say(`tbprof: cannot write ${file.path} (${file.failure}): the recording is in memory only`);
  let shown: Profile | null = null;
  const reported = () => {
    shown ??= cut(weighByMode(profile, sampling.mode, 'this recording'));
    return shown;
  };
  const { written, failure } = await writeAll({ profile, reported, outputs, file, view: show.view }, context);
  if (failure === null || written.length > 0)
    terminal.say(renderSummary(reported(), defaults.topFunctions, listView(show.view)));
  announceOutputs(written, terminal.say);
  if (failure !== null) throw failure.error;
  if (coverage.sampled === 0) throw explainIdle(profile, coverage);
  return coverage.incomplete ? exitCodes.incomplete : exitCodes.done;
}

interface Reporting {
  readonly profile: Profile;
  /** As the reports show it; throws where it cannot be shown so. */
  readonly reported: () => Profile;
  readonly outputs: readonly Output[];
  readonly file: RecordingFile;
  readonly view: View;
}

/** The recording file goes only when every report is safely written; where one fails, it says where the recording is. */
async function writeAll(
  { profile, reported, outputs, file, view }: Reporting,
  { terminal }: CommandContext,
): Promise<Written> {
  const render = async (output: Output) =>
    writerOf(output.format === recordingFormat ? profile : reported(), view, terminal)(output);
  // The recording file has more than the profile, which is coarser where it would be too large.
  const isKept = ({ file: name, format }: Output) =>
    format === recordingFormat && name !== '-' && file.failure === null;
  const keep = async (name: string) => {
    if (name !== file.path) await copyReport(file.path, name);
  };
  const result = await tryEach(outputs, (output) => (isKept(output) ? keep(output.file) : render(output)));
  const seen = profile.samples.weight.length;
  if (result.failure === null && seen > 0 && reported().samples.weight.length === 0) {
    terminal.say(`nothing is left of ${count(seen, 'sample')} in the reports: all of them are in ${file.path}`);
  } else if (result.failure === null) {
    if (!outputs.some((output) => output.file === file.path)) file.remove();
  } else if (file.failure === null) {
    terminal.say(`tbprof: nothing is lost: render it again with: tbprof report ${quote(file.path)}`);
  }
  return result;
}

function explainIdle({ workers, meta }: Profile, { planned }: Coverage): TbprofError {
  const seconds = ((meta.durationMs ?? 0) / 1_000).toFixed(1);
  const addresses = workers.map(({ address }) => address).join(', ');
  return new TbprofError(`no Python code ran in ${addresses} during ${seconds} s (${count(planned, 'tick')})`, {
    code: 'idle',
    exitCode: exitCodes.nothingRecorded,
    hint: 'the workers were idle: record while they serve requests',
  });
}

function announceOutputs(outputs: readonly Output[], say: (text: string) => void): void {
  const files = outputs.filter(({ file }) => file !== '-');
  if (files.length > 0) say(`\nwrote ${files.map(({ file }) => file).join(', ')}`);
  const page = files.find(({ format }) => format.name === 'html');
  if (!page) return;
  const again = `${page.file.replace(/\.html?$/, '')}.speedscope.json`;
  say(`in another format: tbprof report ${quote(page.file)} -o ${quote(again)}`);
}

/** Ready to be pasted into a shell. */
function quote(file: string): string {
  return /^[\w./@+-]+$/.test(file) ? file : `'${file.replaceAll("'", "'\\''")}'`;
}
