// tbprof record: sample the workers, write reports.
import { measureCoverage, type WorkerCoverage } from '../aggregate/coverage.ts';
import { type ExitCode, exitCodes, TbprofError, usageError } from '../errors.ts';
import { defaultView } from '../formats/format.ts';
import { count, renderSummary } from '../formats/summary.ts';
import { defaults } from '../options.ts';
import { type Recording, startRecording } from '../pipeline.ts';
import type { Profile } from '../profile/profile.ts';
import { discover } from '../tracebacker/discover.ts';
import { explainFailure } from '../tracebacker/explain.ts';
import type { Target } from '../tracebacker/target.ts';
import type { CommandContext } from './context.ts';
import { type Output, planOutputs, writeOutputs } from './outputs.ts';

export interface RecordOptions {
  readonly socket: readonly string[];
  /** Undefined: until Ctrl-C. */
  readonly durationMs?: number | undefined;
  readonly rateHz: number;
  readonly output: readonly string[];
  readonly format?: string | undefined;
}

export async function record(options: RecordOptions, context: CommandContext): Promise<ExitCode> {
  const outputs = planOutputs(options, context.now());
  const targets = discover(chooseSockets(options.socket, context.env));
  return recordTargets({ ...options, targets, outputs }, context);
}

/** The `-s` options, else the environment's TBPROF_SOCKET. */
export function chooseSockets(sockets: readonly string[], env: CommandContext['env']): readonly string[] {
  if (sockets.length > 0) return sockets;
  if (env.TBPROF_SOCKET) return [env.TBPROF_SOCKET];
  throw usageError(
    'which workers? no -s and no TBPROF_SOCKET',
    'give the value of py-tracebacker, such as -s /tmp/tbsocket. (or try: tbprof demo)',
  );
}

interface RecordTargetsOptions {
  readonly targets: readonly Target[];
  readonly durationMs?: number | undefined;
  readonly rateHz: number;
  readonly outputs: readonly Output[];
}

/** Everything after it is known whom to sample and what to write. */
export async function recordTargets(options: RecordTargetsOptions, context: CommandContext): Promise<ExitCode> {
  const { targets, durationMs, rateHz, outputs } = options;
  const { terminal } = context;
  const recording = startRecording({
    targets,
    meta: {
      startedEpochMs: context.now().getTime(),
      rateHz,
      host: context.host,
      source: 'tracebacker',
      recorder: `tbprof ${context.version}`,
    },
    durationMs,
    stop: context.stop,
  });
  const stopStatus = showStatus(recording, options, context);
  const profile = await recording.done.finally(stopStatus);

  failIfNothingAnswered(profile, targets, context);
  await writeOutputs(profile, outputs, defaultView, context);
  terminal.say(renderSummary(profile, defaults.topFunctions));
  announceOutputs(outputs, terminal.say);
  return judge(profile);
}

function failIfNothingAnswered(profile: Profile, targets: readonly Target[], { nodeVersion }: CommandContext): void {
  const { workers, dumps } = measureCoverage(profile);
  if (dumps > 0) return;
  const failed = workers.map(({ worker, gaps }) => ({
    target: targets[worker]!,
    failure: failureOf(gaps) ?? 'abandoned',
  }));
  const first = failed[0]!;
  const { message, hint } = explainFailure(first.target, first.failure, nodeVersion);
  const others = failed.length > 1 ? `; none of the ${failed.length} workers answered` : '';
  throw new TbprofError(`${message}${others}`, { code: first.failure, exitCode: exitCodes.nothingRecorded, hint });
}

function judge(profile: Profile): ExitCode {
  const { workers, planned, sampled } = measureCoverage(profile);
  const seconds = ((profile.meta.durationMs ?? 0) / 1_000).toFixed(1);
  if (sampled === 0) {
    throw new TbprofError(
      `no Python code ran in ${profile.workers.map(({ address }) => address).join(', ')} during ${seconds} s (${count(planned, 'tick')})`,
      {
        code: 'idle',
        exitCode: exitCodes.nothingRecorded,
        hint: 'the workers were idle: record while they serve requests',
      },
    );
  }
  return workers.some(isIncomplete) ? exitCodes.incomplete : exitCodes.done;
}

function isIncomplete({ gaps }: WorkerCoverage): boolean {
  return failureOf(gaps) !== null;
}

/** The failure of a connection among the reasons for gaps; the others are the sampler's own. */
function failureOf(gaps: ReadonlyMap<string, number>): string | null {
  return [...gaps.keys()].find((reason) => !['late', 'behind', 'end'].includes(reason)) ?? null;
}

function announceOutputs(outputs: readonly Output[], say: (text: string) => void): void {
  const files = outputs.filter(({ file }) => file !== '-');
  if (files.length > 0) say(`\nwrote ${files.map(({ file }) => file).join(', ')}`);
  const page = files.find(({ format }) => format.name === 'html');
  if (page)
    say(
      `in another format: tbprof report ${quote(page.file)} -o ${quote(page.file.replace(/\.html?$/, ''))}.speedscope.json`,
    );
}

/** Ready to be pasted into a shell. */
function quote(file: string): string {
  return /^[\w./@+-]+$/.test(file) ? file : `'${file.replaceAll("'", "'\\''")}'`;
}

function showStatus(
  recording: Recording,
  options: RecordTargetsOptions,
  { terminal, now }: CommandContext,
): () => void {
  const startMs = now().getTime();
  const total = options.durationMs === undefined ? '' : ` / ${options.durationMs / 1_000}`;
  const show = () => {
    const { dumps, stacks } = recording.view();
    const elapsed = (now().getTime() - startMs) / 1_000;
    const perWorker = dumps.weight.length / Math.max(elapsed, 0.001) / options.targets.length;
    const rate = `${perWorker.toFixed(1)} of ${options.rateHz} dumps/s per worker`;
    terminal.status(
      `${elapsed.toFixed(1)}${total} s  ${count(dumps.weight.length, 'dump')}  ${rate}  ` +
        `${count(stacks.frame.length, 'stack')}  ${count(options.targets.length, 'worker')}  (Ctrl-C ends and writes)`,
    );
  };
  const timer = setInterval(show, 250);
  return () => {
    clearInterval(timer);
    terminal.status(null);
  };
}
