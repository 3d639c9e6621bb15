// tbprof record: sample the workers, write reports.
import { type Coverage, measureCoverage, type WorkerCoverage } from '../aggregate/coverage.ts';
import { type ExitCode, exitCodes, TbprofError } from '../errors.ts';
import { listView, type View } from '../formats/format.ts';
import { recording as recordingFormat } from '../formats/recording.ts';
import { count, renderSummary } from '../formats/summary.ts';
import { defaults } from '../options.ts';
import { RecordingFile } from '../output/recording-file.ts';
import { copyReport } from '../output/write.ts';
import { startRecording } from '../pipeline.ts';
import type { Profile } from '../profile/profile.ts';
import type { RecorderOptions } from '../recorder.ts';
import type { DumpRates } from '../sampling/sampler.ts';
import { Discovery } from '../tracebacker/discover.ts';
import { explainVerdict } from '../tracebacker/explain.ts';
import type { Target } from '../tracebacker/target.ts';
import type { CommandContext } from './context.ts';
import { type FilterOptions, planCut } from './filters.ts';
import { type Mode, requireMode, weighByMode } from './mode.ts';
import { type Output, planOutputs, recordingName, tryEach, type Written, writerOf } from './outputs.ts';
import { showStatus } from './status.ts';
import { chooseSockets, refuseDanger, requireAgent } from './targets.ts';

/** How to sample, whoever it is. */
export interface SamplingOptions
  extends Pick<RecorderOptions, 'keepGoing' | 'limits' | 'durationMs' | 'greenlets' | 'tasks'> {
  /** Undefined: what suits those who answer. */
  readonly rateHz?: number | undefined;
  /** Of the reports: the recording has both. */
  readonly mode: Mode;
}

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
  const targets = discovery.look();
  requireMode(sampling.mode, targets);
  if (sampling.greenlets || sampling.tasks) requireAgent(targets);
  if (!sampling.keepGoing) refuseDanger(targets.filter(({ stream }) => stream === null));
  const rates = chooseRates(sampling.rateHz, targets);
  const file = new RecordingFile(recordingName(outputs, context.now()));
  const recorder = startRecording({
    ...sampling,
    ...rates,
    targets,
    lookAgain: () => discovery.lookAgain(),
    meta: {
      startedEpochMs: context.now().getTime(),
      rateHz: rates.rateHz,
      host: context.host,
      source: targets.every(({ stream }) => stream !== null) ? 'agent' : 'tracebacker',
      recorder: `tbprof ${context.version}`,
    },
    stop: context.stop,
    hurry: context.hurry,
    append: (lines) => {
      file.append(lines);
      file.sync();
    },
  });
  const stopStatus = showStatus(recorder, { ...sampling, ...rates }, context);
  const ignoreSuspend = context.onSuspend({ pause: () => recorder.pause(), resume: () => recorder.resume() });
  const profile = await recorder.done.finally(() => {
    stopStatus();
    ignoreSuspend();
    file.close();
  });

  const coverage = measureCoverage(profile);
  if (coverage.dumps === 0) {
    file.remove();
    throw explainNothing(coverage, targets, context);
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

/** A tracebacker is asked for no more than it was asked for outright, and one in the place of an agent for less. */
function chooseRates(
  asked: number | undefined,
  targets: readonly Target[],
): { readonly rateHz: number; readonly dumpRates: DumpRates } {
  const { rateHz: stockHz, agentRateHz } = defaults;
  const haveAgents = targets.every(({ stream }) => stream !== null);
  return {
    rateHz: asked ?? (haveAgents ? agentRateHz : stockHz),
    dumpRates: { ofTracebackers: asked ?? stockHz, insteadOfAgents: stockHz },
  };
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

function explainNothing(coverage: Coverage, targets: readonly Target[], { nodeVersion }: CommandContext): TbprofError {
  const failed = coverage.workers.map(({ worker, gaps, left }) => ({
    target: targets[worker]!,
    verdict: left ?? failureOf(gaps) ?? 'abandoned',
  }));
  // The most telling one first: what was spared says nothing, and a stale socket among others is no news.
  const first = failed.find(({ verdict }) => !['spared', 'gone'].includes(verdict)) ?? failed[0]!;
  const { message, hint } = explainVerdict(first.target, first.verdict, nodeVersion);
  const others = failed.length > 1 ? `; none of the ${failed.length} workers answered` : '';
  return new TbprofError(`${message}${others}`, { code: first.verdict, exitCode: exitCodes.nothingRecorded, hint });
}

/** The verdict among the reasons for gaps; the others are the sampler's own. */
function failureOf(gaps: WorkerCoverage['gaps']): string | null {
  const own = ['late', 'behind', 'paused', 'preflight', 'end', 'leak'];
  return [...gaps.keys()].find((reason) => !own.includes(reason)) ?? null;
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
