// Some of the rows of a table, and some of the samples of a profile.
import type { Profile } from './profile.ts';

export function pickRows<Table extends object>(table: Table, rows: readonly number[]): Table {
  const columns = Object.entries<Int32Array>(table as Record<string, Int32Array>);
  return Object.fromEntries(
    columns.map(([name, column]) => [name, Int32Array.from(rows, (row) => column[row]!)]),
  ) as Table;
}

/** The profile with only some of its samples; its dumps stay, since what was observed was observed. */
export function keepSamples(profile: Profile, isKept: (sample: number) => boolean): Profile {
  const { dumps, samples } = profile;
  const kept: number[] = [];
  const sampleEnd = new Int32Array(dumps.sampleEnd.length);
  let sample = 0;
  for (let row = 0; row < sampleEnd.length; row++) {
    for (; sample < dumps.sampleEnd[row]!; sample++) if (isKept(sample)) kept.push(sample);
    sampleEnd[row] = kept.length;
  }
  return { ...profile, dumps: { ...dumps, sampleEnd }, samples: pickRows(samples, kept) };
}
