// `--mode wall|cpu`: what the weights of a report count.
import { exitCodes, TbprofError } from '../errors.ts';
import type { Profile } from '../profile/profile.ts';
import { knowsCpu, weighByCpu } from '../profile/weigh-by-cpu.ts';
import type { Target } from '../tracebacker/target.ts';

export const modes = ['wall', 'cpu'] as const;

export type Mode = (typeof modes)[number];

/** The profile as it is, or weighed by processor time. Throws where nobody knows that; `name` is what errors call it. */
export function weighByMode(profile: Profile, mode: Mode, name: string): Profile {
  if (mode === 'wall' || profile.meta.measure === 'cpu') return profile;
  if (!knowsCpu(profile)) throw cannotTellCpu(`${name} does not say which code used the processor`);
  return weighByCpu(profile);
}

/** Throws where none of these workers can say it: before a recording, not after. */
export function requireMode(mode: Mode, targets: readonly Target[]): void {
  if (mode === 'wall' || targets.some(({ stream }) => stream !== null)) return;
  throw cannotTellCpu('these workers cannot be recorded by processor time');
}

function cannotTellCpu(message: string): TbprofError {
  return new TbprofError(message, {
    code: 'no-cpu-time',
    exitCode: exitCodes.usage,
    hint: "uWSGI's tracebacker cannot tell processor time, the agent can: tbprof agent --help",
  });
}
