// The way from match to match: which one is next, and which one the reader is at.

/** Which of the matches the reader is at, if any. */
export interface Place {
  readonly at: number | null;
  readonly of: number;
}

/** Null where there are none. */
export function placeAmong(matches: readonly number[], node: number): Place | null {
  if (matches.length === 0) return null;
  const at = matches.indexOf(node);
  return { at: at === -1 ? null : at + 1, of: matches.length };
}

/** The next match after a node, or with -1 the one before it, round at the ends; null where there is none. */
export function stepFrom(matches: readonly number[], node: number, direction: 1 | -1): number | null {
  if (matches.length === 0) return null;
  const later = matches.findIndex((match) => match > node);
  const earlier = matches.findLastIndex((match) => match < node);
  return direction === 1 ? matches[Math.max(0, later)]! : matches.at(earlier)!;
}
