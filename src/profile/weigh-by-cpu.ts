// A profile weighed by processor time instead of wall time: the same samples, each with what it burned.
import { keepSamples } from './pick.ts';
import type { Profile } from './profile.ts';

/** Whether any sample says what it burned. */
export function knowsCpu({ samples }: Profile): boolean {
  return samples.cpuUs.some((us) => us >= 0);
}

/** Weights are 32 bits wide: where microseconds do not fit, milliseconds do. */
const unitsUs = [1, 1_000];

/**
 * Weights become microseconds of processor time (milliseconds in very long recordings), `meta.rateHz` of them a second;
 * those of dumps stay wall time, in the same unit. Samples that burned nothing, or do not say, are not in it.
 */
export function weighByCpu(profile: Profile): Profile {
  const { meta, dumps, samples } = profile;
  const tickUs = 1e6 / meta.rateHz;
  const longestUs = dumps.weight.reduce((most, weight) => Math.max(most, weight), 0) * tickUs;
  const unitUs = unitsUs.find((unit) => longestUs / unit < 2 ** 31) ?? unitsUs.at(-1)!;
  const inUnits = (us: number) => Math.min(2 ** 31 - 1, Math.round(us / unitUs));
  const weighed: Profile = {
    ...profile,
    meta: { ...meta, measure: 'cpu', rateHz: 1e6 / unitUs },
    dumps: { ...dumps, weight: dumps.weight.map((weight) => inUnits(weight * tickUs)) },
    samples: { ...samples, weight: samples.cpuUs.map(inUnits) },
    events: profile.events.map((event) =>
      event.kind === 'gap' ? { ...event, count: inUnits(event.count * tickUs) } : event,
    ),
  };
  return keepSamples(weighed, (sample) => weighed.samples.weight[sample]! > 0);
}
