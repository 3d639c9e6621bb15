// Samples -> weight by stack. What it drops is time and thread; nothing else of a profile is lost by folding.
import { forEachSample, type Profile } from '../profile/profile.ts';

/** Ticks by stack number: the weight of the samples that ended in exactly this stack. */
export function foldStacks(profile: Profile): Float64Array {
  const weights = new Float64Array(profile.stacks.parent.length);
  const { stack, weight } = profile.samples;
  for (let sample = 0; sample < stack.length; sample++) weights[stack[sample]!]! += weight[sample]!;
  return weights;
}

/** Ticks by thread number. */
export function foldThreads(profile: Profile): Float64Array {
  const weights = new Float64Array(profile.threads.length);
  const { thread } = profile.samples;
  forEachSample(profile, (sample, weight) => {
    weights[thread[sample]!]! += weight;
  });
  return weights;
}
