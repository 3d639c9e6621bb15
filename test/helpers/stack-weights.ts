// What a profile says of time, whatever its numbers: weight by stack, as function, file and line.
import { foldStacks } from '../../src/aggregate/fold.ts';
import { framesOf, type Profile } from '../../src/profile/profile.ts';

export function stackWeights(profile: Profile): Record<string, number> {
  const { frames, strings } = profile;
  const weights = new Map<string, number>();
  foldStacks(profile).forEach((weight, stack) => {
    if (weight === 0) return;
    const names = framesOf(profile, stack).map((frame) => [
      strings[frames.function[frame]!],
      strings[frames.file[frame]!],
      frames.line[frame],
    ]);
    const key = JSON.stringify(names);
    weights.set(key, (weights.get(key) ?? 0) + weight);
  });
  return Object.fromEntries([...weights].sort(([a], [b]) => (a < b ? -1 : 1)));
}
