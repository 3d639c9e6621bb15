// tbprof top: live table of the hottest functions. Writes no file.
import { measureCoverage } from '../aggregate/coverage.ts';
import { type ExitCode, exitCodes } from '../errors.ts';
import type { Screen } from '../output/screen.ts';
import type { Grouping } from '../profile/labels.ts';
import type { Profile } from '../profile/profile.ts';
import { RunningProfile } from '../profile/running.ts';
import type { Recorder } from '../recorder.ts';
import { monotonicClock } from '../sampling/clock.ts';
import { Discovery } from '../tracebacker/discover.ts';
import { printJsonLine } from '../visible.ts';
import type { CommandContext } from './context.ts';
import { type Filter, type FilterOptions, planFilter } from './filters.ts';
import { repeat } from './repeat.ts';
import { explainNothing, planSampling, type SamplingOptions, type SamplingPlan, startSampling } from './sampling.ts';
import { showStatus } from './status.ts';
import { chooseSockets } from './targets.ts';
import { refreshAsData } from './top-json.ts';
import { concludeRefresh, measureRefresh, type Refresh, type Sorting } from './top-refresh.ts';
import { renderEnd, renderRefresh, type TopView } from './top-text.ts';

export interface TopOptions
  extends Omit<SamplingOptions, 'greenlets' | 'tasks'>,
    Pick<FilterOptions, 'worker' | 'thread' | 'include' | 'exclude' | 'focus'> {
  readonly socket: readonly string[];
  readonly pid?: number | undefined;
  readonly by: Grouping;
  /** How many functions. */
  readonly top?: number | undefined;
  readonly intervalMs: number;
  /** How long the last seconds are. */
  readonly windowMs: number;
  readonly json: boolean;
}

/** Of a machine's line, where nothing else is said. */
const usualFunctions = 10;

export async function top(options: TopOptions, context: CommandContext): Promise<ExitCode> {
  const filter = planFilter(options);
  const discovery = new Discovery({ wheres: chooseSockets(options.socket, context.env), pid: options.pid });
  const plan = planSampling({ ...options, greenlets: false, tasks: false }, discovery);
  const view = new LiveView(plan, { ...options, filter }, context);
  // Before anybody is connected to: in the background the terminal may stop us here.
  const screen = options.json ? null : context.openScreen(view);
  try {
    return await watch(view, screen, context);
  } finally {
    screen?.close();
  }
}

async function watch(view: LiveView, screen: Screen | null, context: CommandContext): Promise<ExitCode> {
  const { inVain } = view;
  const stop = AbortSignal.any([context.stop, inVain.signal]);
  const ended = new AbortController();
  const end = () => ended.abort();
  const recorder = view.start({ ...context, stop });
  const stopStatus = screen === null && !context.terminal.outIsTerminal ? view.showStatus() : () => {};
  const ignoreSuspend = context.onSuspend({
    pause: () => {
      screen?.leave();
      return recorder.pause();
    },
    // The screen first: in the background the terminal may stop us here, and nobody may be connected to then.
    resume: () => {
      screen?.enter();
      recorder.resume();
    },
  });
  stop.addEventListener('abort', end);
  if (stop.aborted) end();
  const over = recorder.done.finally(end);
  const show = async () => {
    if (screen !== null) view.drawOn(screen);
    else if (!(await context.terminal.out(view.print()))) inVain.abort();
  };
  view.onChange = () => screen && view.drawOn(screen);
  view.onChange();
  let profile: Profile;
  try {
    await Promise.race([repeat(show, { everyMs: view.intervalMs, clock: monotonicClock, signal: ended.signal }), over]);
    screen?.close();
    const stopWaiting = screen === null ? () => {} : view.showStatus();
    profile = await over.finally(stopWaiting);
  } catch (error) {
    // What cannot be shown: the workers are let go all the same.
    inVain.abort();
    await over.catch(() => {});
    throw error;
  } finally {
    ignoreSuspend();
    stopStatus();
  }
  const coverage = measureCoverage(profile);
  if (coverage.dumps === 0) throw explainNothing(coverage, view.plan.targets, context);
  if (!inVain.signal.aborted) await context.terminal.out(view.printEnd());
  return coverage.incomplete ? exitCodes.incomplete : exitCodes.done;
}

interface LiveViewOptions extends TopOptions {
  readonly filter: Filter;
}

/** What is shown of a recording while it goes on, and how the keys change that. */
class LiveView {
  readonly plan: SamplingPlan;
  readonly #options: LiveViewOptions;
  readonly #context: CommandContext;
  readonly #running: RunningProfile;
  #recorder: Recorder | null = null;
  #startMs = 0;
  #sorting: Sorting = 'self';
  /** What is shown while the display is paused. */
  #kept: Refresh | null = null;
  #clearedMs = 0;
  /** Something is to be shown otherwise, at once. */
  onChange: () => void = () => {};
  /** Nobody sees it any more. */
  readonly inVain = new AbortController();

  constructor(plan: SamplingPlan, options: LiveViewOptions, context: CommandContext) {
    this.plan = plan;
    this.#options = options;
    this.#context = context;
    this.#running = new RunningProfile(options.windowMs);
  }

  get intervalMs(): number {
    return this.#options.intervalMs;
  }

  start(context: CommandContext): Recorder {
    this.#startMs = monotonicClock.nowMs();
    this.#recorder = startSampling(this.plan, this.#running, context);
    return this.#recorder;
  }

  showStatus(): () => void {
    return showStatus(this.#recorder!, { ...this.#options, ...this.plan.rates, end: 'Ctrl-C ends' }, this.#context);
  }

  readonly onKey = (key: string): void => {
    if (key === 's') this.#sorting = 'self';
    else if (key === 't') this.#sorting = 'total';
    else if (key === 'c') this.#clearedMs = this.#elapsedMs();
    else if (key === ' ') this.#kept = this.#kept === null ? this.#measure() : null;
    else return;
    this.onChange();
  };

  readonly onResize = (): void => this.onChange();

  readonly onLost = (): void => this.inVain.abort();

  drawOn(screen: Screen): void {
    if (this.#recorder === null) return;
    const refresh = this.#kept ?? this.#measure();
    screen.draw(renderRefresh(refresh, { ...this.#view(), size: screen, hasKeys: true }));
  }

  /** A refresh as text, or as data in a line. */
  print(): string {
    const refresh = this.#measure();
    if (this.#options.json) return this.#printData(refresh, false);
    return `${renderRefresh(refresh, this.#view()).join('\n')}\n\n`;
  }

  printEnd(): string {
    const refresh = concludeRefresh(this.#measure(), this.#options.mode, this.#sorting);
    if (this.#options.json) return this.#printData(refresh, true);
    return `${renderEnd(refresh, this.#view()).join('\n')}\n`;
  }

  #printData(refresh: Refresh, isEnd: boolean): string {
    const { top: rows = usualFunctions } = this.#options;
    return `${printJsonLine(refreshAsData(refresh, { rateHz: this.plan.rates.rateHz, top: rows, isEnd }))}\n`;
  }

  #view(): TopView {
    return {
      by: this.#options.by,
      sorting: this.#sorting,
      top: this.#options.top,
      mode: this.#options.mode,
      rateHz: this.plan.rates.rateHz,
      size: null,
      isPaused: this.#kept !== null,
      hasKeys: false,
      paint: this.#context.terminal.paint,
    };
  }

  #measure(): Refresh {
    const profile = this.#recorder!.view();
    this.#running.take(profile);
    const elapsedMs = profile.meta.durationMs ?? this.#elapsedMs();
    const fromMs = Math.max(0, elapsedMs - this.#options.windowMs, Math.min(this.#clearedMs, elapsedMs));
    const { by, mode, filter } = this.#options;
    return measureRefresh(profile, this.#running, { by, mode, filter, sorting: this.#sorting, elapsedMs, fromMs });
  }

  #elapsedMs(): number {
    return monotonicClock.nowMs() - this.#startMs;
  }
}
