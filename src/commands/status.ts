// The line on the terminal while a recording is made.
import { count } from '../formats/summary.ts';
import type { Recorder } from '../recorder.ts';
import { drainGraceMs } from '../sampling/sampler.ts';
import type { CommandContext } from './context.ts';

interface StatusOptions {
  readonly rateHz: number;
  /** Undefined: until Ctrl-C. */
  readonly durationMs?: number | undefined;
  /** What is said of how to end it. */
  readonly end?: string;
}

const refreshMs = 250;

/** Shows the line until the function that it returns is called. */
export function showStatus(
  recorder: Pick<Recorder, 'view'>,
  options: StatusOptions,
  { terminal, now, stop, hurry }: CommandContext,
): () => void {
  const startMs = now().getTime();
  const show = () => {
    const elapsedMs = now().getTime() - startMs;
    terminal.status(describeEnd(elapsedMs, options, { stop, hurry }) ?? describeProgress(recorder, elapsedMs, options));
  };
  const timer = setInterval(show, refreshMs);
  // Whoever presses Ctrl-C must see at once that it was noticed.
  for (const signal of [stop, hurry]) signal.addEventListener('abort', show);
  return () => {
    clearInterval(timer);
    for (const signal of [stop, hurry]) signal.removeEventListener('abort', show);
    terminal.status(null);
  };
}

/** Null while the recording lasts. A worker that hangs answers late or never: then the end takes a while. */
function describeEnd(
  elapsedMs: number,
  { durationMs = Number.POSITIVE_INFINITY }: StatusOptions,
  { stop, hurry }: Pick<CommandContext, 'stop' | 'hurry'>,
): string | null {
  const waits = `waiting up to ${drainGraceMs / 1_000} s for the workers in flight`;
  if (hurry.aborted) return 'waiting for no more workers';
  if (stop.aborted) return `${waits}  (Ctrl-C again does not wait)`;
  return elapsedMs >= durationMs ? waits : null;
}

function describeProgress(
  recorder: Pick<Recorder, 'view'>,
  elapsedMs: number,
  { rateHz, durationMs, end = 'Ctrl-C ends and writes' }: StatusOptions,
): string {
  const { dumps, stacks, workers } = recorder.view();
  const elapsed = elapsedMs / 1_000;
  const total = durationMs === undefined ? '' : ` / ${durationMs / 1_000}`;
  const taken = dumps.dumps.reduce((sum, merged) => sum + merged, 0);
  const perWorker = (taken / Math.max(elapsed, 0.001) / workers.length).toFixed(1);
  return (
    `${elapsed.toFixed(1)}${total} s  ${count(taken, 'dump')}  ${perWorker} of ${rateHz} dumps/s per worker  ` +
    `${count(stacks.frame.length, 'stack')}  ${count(workers.length, 'worker')}  (${end})`
  );
}
