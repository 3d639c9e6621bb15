// What a finished connection says about the worker behind it.
import type { StreamEnd, StreamFailure } from './follow.ts';
import { identifySocketFile, isAlive } from './processes.ts';
import type { ReadFailure, Reading } from './read.ts';
import type { Target } from './target.ts';

export type Verdict =
  /** A dump arrived, of an idle worker too. */
  | 'dump'
  /** No byte, but the worker lives: uWSGI's tracebacker has a Python error that it never clears. */
  | 'poisoned'
  /** The worker died while we were connected: a crash that we caused, or a reload at the same moment. */
  | 'died'
  /** No byte, and nobody can tell whether the worker lives. */
  | 'silent'
  /** No socket, or nothing listens: a reload, `cheaper`, a server that is gone. */
  | 'gone'
  /** Other failures of the connection speak for themselves; after a `reset` the worker lives, or nobody can tell. */
  | Exclude<ReadFailure, 'absent' | 'refused' | 'empty'>;

/** What a stream's end says about it and about the worker. */
export type StreamVerdict = Exclude<StreamFailure, 'absent'> | Extract<Verdict, 'gone' | 'died'>;

/** The same for a stream that has ended, in the words of {@link StreamFailure}. */
export async function judgeStream({ failure }: StreamEnd, target: Target): Promise<StreamVerdict> {
  if (failure === 'absent') return 'gone';
  return failure === 'reset' && (await hasSurvived(target)) === false ? 'died' : failure;
}

/** How long a death may take to show: the socket closes before the process has gone. */
const patienceMs = [0, 20, 50, 100, 200, 400, 700];

/** Looks, where a dump is missing, whether the worker survived. Takes up to 1.5 s for that, and only then. */
export async function judgeReading({ failure }: Reading, target: Target): Promise<Verdict> {
  switch (failure) {
    case null:
      return 'dump';
    case 'absent':
    case 'refused':
      return 'gone';
    case 'empty':
    case 'reset': {
      const survived = await hasSurvived(target);
      if (survived === false) return 'died';
      if (failure === 'reset') return 'reset';
      return survived === true ? 'poisoned' : 'silent';
    }
    default:
      return failure;
  }
}

/** Null where it cannot be known. */
async function hasSurvived({ process, address }: Target): Promise<boolean | null> {
  const socket = address.kind === 'file' ? identifySocketFile(address.path) : null;
  if (process === null && socket === null) return null;
  for (const waitMs of patienceMs) {
    await new Promise((resolve) => setTimeout(resolve, waitMs));
    if (process !== null && !isAlive(process)) return false;
    // A worker that was respawned has bound its socket anew.
    if (address.kind === 'file' && identifySocketFile(address.path) !== socket) return false;
  }
  return true;
}
