// What the commands that sample have in common: whom to ask how often, checked before anybody is asked; why nobody answered.
import type { Coverage, WorkerCoverage } from '../aggregate/coverage.ts';
import { exitCodes, TbprofError } from '../errors.ts';
import type { Follower } from '../live-profile.ts';
import { defaults } from '../options.ts';
import { startRecording } from '../pipeline.ts';
import type { Recorder, RecorderOptions } from '../recorder.ts';
import type { DumpRates } from '../sampling/sampler.ts';
import type { Discovery } from '../tracebacker/discover.ts';
import { explainVerdict } from '../tracebacker/explain.ts';
import type { Target } from '../tracebacker/target.ts';
import type { CommandContext } from './context.ts';
import { type Mode, requireMode } from './mode.ts';
import { refuseDanger, requireAgent } from './targets.ts';

/** How to sample, whoever it is. */
export interface SamplingOptions
  extends Pick<RecorderOptions, 'keepGoing' | 'limits' | 'durationMs' | 'greenlets' | 'tasks'> {
  /** Undefined: what suits those who answer. */
  readonly rateHz?: number | undefined;
  /** Of the reports: the recording has both. */
  readonly mode: Mode;
}

export interface SamplingPlan {
  readonly sampling: SamplingOptions;
  readonly discovery: Discovery;
  readonly targets: readonly Target[];
  readonly rates: Rates;
}

interface Rates {
  readonly rateHz: number;
  readonly dumpRates: DumpRates;
}

/** Throws where there is nobody, or nobody who may be asked for this. */
export function planSampling(sampling: SamplingOptions, discovery: Discovery): SamplingPlan {
  const targets = discovery.look();
  requireMode(sampling.mode, targets);
  if (sampling.greenlets || sampling.tasks) requireAgent(targets);
  if (!sampling.keepGoing) refuseDanger(targets.filter(({ stream }) => stream === null));
  return { sampling, discovery, targets, rates: chooseRates(sampling.rateHz, targets) };
}

/** Begins at once; it ends with `context.stop` or with its duration. */
export function startSampling(plan: SamplingPlan, follower: Follower, context: SamplingContext): Recorder {
  const { sampling, discovery, targets, rates } = plan;
  return startRecording({
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
    follower,
  });
}

type SamplingContext = Pick<CommandContext, 'now' | 'host' | 'version' | 'stop' | 'hurry'>;

/** A tracebacker is asked for no more than it was asked for outright, and one in the place of an agent for less. */
function chooseRates(asked: number | undefined, targets: readonly Target[]): Rates {
  const { rateHz: stockHz, agentRateHz } = defaults;
  const haveAgents = targets.every(({ stream }) => stream !== null);
  return {
    rateHz: asked ?? (haveAgents ? agentRateHz : stockHz),
    dumpRates: { ofTracebackers: asked ?? stockHz, insteadOfAgents: stockHz },
  };
}

/** Of a recording without a dump. */
export function explainNothing(
  coverage: Coverage,
  targets: readonly Target[],
  { nodeVersion }: CommandContext,
): TbprofError {
  // Those that joined later have rows beyond those of the targets.
  const failed = coverage.workers.slice(0, targets.length).map(({ worker, gaps, left }) => ({
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
