// Which file of one profile is which of the other: by name, and where the program was moved, by the end of the path.

/**
 * For names that only `before` has: the name that `after` has for the same file. Longest common end first; at least a
 * folder and a name must agree (or all of a name that formats have cut short), and nobody else may have that end.
 */
export function matchFiles(before: ReadonlySet<string>, after: ReadonlySet<string>): ReadonlyMap<string, string> {
  const matches = new Map<string, string>();
  let left = [...before].filter((file) => !after.has(file));
  let right = [...after].filter((file) => !before.has(file));
  for (let parts = longest; parts >= 1 && left.length > 0 && right.length > 0; parts--) {
    const byEnd = uniqueEnds(right, parts);
    for (const [end, file] of uniqueEnds(left, parts)) {
      const match = byEnd.get(end);
      if (file === null || match === undefined || match === null) continue;
      if (parts >= 2 || file === end || match === end) matches.set(file, match);
    }
    const taken = new Set(matches.values());
    left = left.filter((file) => !matches.has(file));
    right = right.filter((file) => !taken.has(file));
  }
  return matches;
}

/** Deeper paths are compared from here on. */
const longest = 12;

/** Ends of so many parts; null where several files have it. */
function uniqueEnds(files: readonly string[], parts: number): Map<string, string | null> {
  const ends = new Map<string, string | null>();
  for (const file of files) {
    const all = file.split('/');
    if (all.length < parts) continue;
    const end = all.slice(-parts).join('/');
    ends.set(end, ends.has(end) ? null : file);
  }
  return ends;
}
