// What a reader should mistrust, in plain sentences: what happened, to which workers, what to do about it.
import type { Profile } from '../profile/profile.ts';
import { type Coverage, isSpared, measureCoverage, type WorkerCoverage } from './coverage.ts';
import { type Intrusion, measureIntrusion } from './intrusion.ts';

export interface Trouble {
  /** Empty where it is about the whole recording. */
  readonly workers: readonly number[];
  /** A sentence without its end, to stand after the names of the workers. */
  readonly story: string;
}

/** By the Verdict (tracebacker/verdict.ts) after which a worker was left alone. */
const stories: Record<string, string> = {
  poisoned:
    'poisoned, and left alone: a bug of uWSGI, set off by a non-ASCII character in a source line or, on Python 3.11 and ' +
    'later, by a frame without a line number; the application is unharmed, a reload of the worker heals it, and the ' +
    'agent (tbprof agent) never has it',
  died:
    'crashed while we were connected, so no worker of its server was asked again: usually a thread that was started ' +
    'before the fork; lazy-apps = true cures it (--keep-going insists)',
  silent:
    'answered with nothing, and was left alone: poisoned (reload the worker) or crashed (lazy-apps = true); which, ' +
    'cannot be seen from here',
  reset: 'broke the connection, and was left alone',
  denied: 'no permission to connect: run as the user of uWSGI, or set chmod-socket = 666',
  'not-a-tracebacker': 'what listens there is no tracebacker',
  'too-large': 'its dump is too large, and it was left alone',
  leak: 'not asked any more, since its tracebacker has leaked as much as --max-leak allows; an agent leaks nothing',
};

const biased =
  'dumps often waited for the GIL: code that computes is under-reported, code that waits is over-reported; the agent ' +
  '(tbprof agent) does not have this, and sys.setswitchinterval(0.0001) in the application makes it better';
const hindered =
  'the agent waited long for the GIL, most of the time: C code that holds it, or more threads than the processor bears; ' +
  'what computes meanwhile may be under-reported';

export function findTroubles(
  profile: Profile,
  coverage = measureCoverage(profile),
  intrusion = measureIntrusion(profile, coverage),
): Trouble[] {
  const those = (test: (worker: WorkerCoverage) => boolean) =>
    coverage.workers.filter(test).map(({ worker }) => worker);
  const perWorker: Trouble[] = [
    ...Object.entries(stories).map(([reason, story]) => ({ workers: those(({ left }) => left === reason), story })),
    {
      workers: those(({ fallbacks }) => fallbacks > 0),
      story:
        'its agent could not be used, so its tracebacker was asked, less often and with its bias towards waiting; ' +
        'tbprof workers --check says more',
    },
    {
      workers: those(({ cutStacks, source }) => cutStacks > 0 && source !== 'agent'),
      story: 'stacks were cut short by the tracebacker: their leaf frames are missing',
    },
    {
      workers: those(({ cutStacks, source }) => cutStacks > 0 && source === 'agent'),
      story: 'stacks were cut short: the agent takes no more than their 1,000 innermost frames',
    },
    {
      workers: those(({ unsearched }) => unsearched.has('objects')),
      story: 'parked greenlets and tasks were not looked for: the process has too many objects to go through',
    },
    {
      workers: those(({ unsearched }) => unsearched.has('most')),
      story: 'has more parked greenlets and tasks than the 1,000 that the agent looks at',
    },
    {
      workers: profile.meta.measure === 'cpu' ? those(({ source, dumps }) => source !== 'agent' && dumps > 0) : [],
      story: 'shown in part or not at all, since its tracebacker cannot tell processor time',
    },
    { workers: those(({ unreadableLines }) => unreadableLines > 0), story: 'sent lines that were not understood' },
    {
      workers: those(isSpared),
      story:
        'sampled less often than asked for, to keep within --max-overhead and --max-leak; the shares are still right',
    },
  ];
  return [...perWorker.filter(({ workers }) => workers.length > 0), ...aboutTheWhole(coverage, intrusion)];
}

function aboutTheWhole({ workers, dumps, planned, unobserved }: Coverage, { biased: isBiased }: Intrusion): Trouble[] {
  const troubles: string[] = [];
  if (dumps > 0 && workers.every(({ isGone }) => isGone))
    troubles.push('the server was gone at the end of the recording');
  if (unobserved > 0.05 * planned) {
    troubles.push(`${((100 * unobserved) / planned).toFixed(1)}% of the ticks were not observed`);
  }
  if (isBiased) troubles.push(workers.some(({ source }) => source !== 'agent') ? biased : hindered);
  return troubles.map((story) => ({ workers: [], story }));
}
