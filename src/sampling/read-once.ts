// One careful dump of each target, for the commands that look once: one worker of each server first, and the others when
// it has survived, since a stock tracebacker can crash its worker.
import { followStream } from '../tracebacker/follow.ts';
import { type Reading, readDump } from '../tracebacker/read.ts';
import type { Address, Target } from '../tracebacker/target.ts';
import { judgeReading, type Verdict } from '../tracebacker/verdict.ts';
import { ServerGuard } from './guard.ts';
import { probeMs } from './sampled-worker.ts';

/** A worker whose GIL is held answers late; one that is stopped never. */
const timeoutMs = 10_000;

export interface WorkerDump {
  readonly target: Target;
  readonly reading: Reading;
  readonly verdict: Verdict;
  /** Nothing listens for dumps, but its agent's stream does. */
  readonly streams: boolean;
}

interface ReadOnceOptions {
  /** Aborted: nobody else is asked, and what is under way is given up. */
  readonly stop: AbortSignal;
  /** Ask the others of a server whose worker has crashed, too. */
  readonly keepGoing: boolean;
}

/** In the order of the targets; those that must not be asked are missing. */
export async function readOnce(
  targets: readonly Target[],
  { stop, keepGoing }: ReadOnceOptions,
): Promise<WorkerDump[]> {
  const guards = new Map(targets.map(({ server }) => [server, new ServerGuard(keepGoing)]));
  const dumps = await Promise.all(
    targets.map(async (target, worker) => {
      const guard = guards.get(target.server)!;
      if (!(await guard.mayConnect())) return null;
      // A connection that is given up at once would still cost the worker a dump, and fill its log.
      if (stop.aborted) {
        guard.passOn();
        return null;
      }
      const passOn = setTimeout(() => guard.passOn(), probeMs);
      const reading = await readDump(target.address, AbortSignal.any([AbortSignal.timeout(timeoutMs), stop]));
      const verdict = await judgeReading(reading, target);
      clearTimeout(passOn);
      guard.conclude(verdict, { worker, nowMs: performance.now(), answered: false });
      const streams = verdict === 'gone' && target.stream !== null && (await greets(target.stream, stop));
      return { target, reading, verdict, streams };
    }),
  );
  return dumps.filter((dump) => dump !== null);
}

/** Whether an agent begins a stream there; it is left at its first line. */
async function greets(stream: Address, stop: AbortSignal): Promise<boolean> {
  let greeted = false;
  const following = followStream(stream, {
    request: { rateHz: 1, switchInterval: 0.005, maxOverhead: 0.1, cpu: false, greenlets: false, tasks: false },
    take: () => {
      greeted = true;
      following.abandon();
    },
    room: () => null,
  });
  stop.addEventListener('abort', following.abandon);
  await following.done;
  stop.removeEventListener('abort', following.abandon);
  return greeted;
}
