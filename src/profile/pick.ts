// Some of the rows of a table, and some of the samples of a profile.
import type { Profile } from './profile.ts';

/** Columns are picked one after another, in typed arrays: there may be millions of rows. */
export function pickRows<Table extends object>(table: Table, rows: Int32Array): Table {
  const columns = Object.entries<Int32Array>(table as Record<string, Int32Array>);
  return Object.fromEntries(
    columns.map(([name, column]) => {
      const picked = new Int32Array(rows.length);
      for (let at = 0; at < rows.length; at++) picked[at] = column[rows[at]!]!;
      return [name, picked];
    }),
  ) as Table;
}

/** The numbers from 0 up to `count` that pass. */
export function numbersWhere(count: number, isWanted: (number: number) => boolean): Int32Array {
  const found = new Int32Array(count);
  let length = 0;
  for (let number = 0; number < count; number++) if (isWanted(number)) found[length++] = number;
  return found.slice(0, length);
}

/** The profile with only some of its samples; its dumps stay, since what was observed was observed. */
export function keepSamples(profile: Profile, isKept: (sample: number) => boolean): Profile {
  const { dumps, samples } = profile;
  const kept = new Int32Array(samples.stack.length);
  let length = 0;
  const sampleEnd = new Int32Array(dumps.sampleEnd.length);
  let sample = 0;
  for (let row = 0; row < sampleEnd.length; row++) {
    for (; sample < dumps.sampleEnd[row]!; sample++) if (isKept(sample)) kept[length++] = sample;
    sampleEnd[row] = length;
  }
  return { ...profile, dumps: { ...dumps, sampleEnd }, samples: pickRows(samples, kept.subarray(0, length)) };
}

/** The numbers of the rows of each worker, in order. A profile may have tens of thousands of workers. */
export function rowsByWorker(workerOfRow: Iterable<number>, { workers }: Profile): readonly (readonly number[])[] {
  const rows = workers.map((): number[] => []);
  let row = 0;
  for (const worker of workerOfRow) rows[worker]!.push(row++);
  return rows;
}
