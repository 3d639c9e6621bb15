// `--mode wall|cpu`: what the weights of a report count.
import { exitCodes, TbprofError } from '../errors.ts';
import type { Profile } from '../profile/profile.ts';
import { knowsCpu, weighByCpu } from '../profile/weigh-by-cpu.ts';

export const modes = ['wall', 'cpu'] as const;

export type Mode = (typeof modes)[number];

/** The profile as it is, or weighed by processor time. Throws where nobody knows that; `name` is what errors call it. */
export function weighByMode(profile: Profile, mode: Mode, name: string): Profile {
  if (mode === 'wall' || profile.meta.measure === 'cpu') return profile;
  if (!knowsCpu(profile)) throw cannotTellCpu(`${name} does not say which code used the processor`);
  return weighByCpu(profile);
}

function cannotTellCpu(message: string): TbprofError {
  return new TbprofError(message, {
    code: 'no-cpu-time',
    exitCode: exitCodes.usage,
    hint: "uWSGI's tracebacker cannot tell processor time, the agent can: tbprof agent --help",
  });
}
