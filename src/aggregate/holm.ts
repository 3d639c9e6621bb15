// Correction for many comparisons: S. Holm, "A simple sequentially rejective multiple test procedure", Scandinavian
// Journal of Statistics 6 (1979). It holds however the comparisons depend on each other, as shares of one whole do.

/** Adjusted p-values, in the same order: those below 0.05 may all be believed, but for one chance in twenty. */
export function adjustForMany(chances: readonly number[]): number[] {
  const rising = [...chances.keys()].sort((a, b) => chances[a]! - chances[b]!);
  const adjusted = new Array<number>(chances.length).fill(1);
  let largest = 0;
  for (const [rank, index] of rising.entries()) {
    largest = Math.max(largest, Math.min(1, chances[index]! * (chances.length - rank)));
    adjusted[index] = largest;
  }
  return adjusted;
}
