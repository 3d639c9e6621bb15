// JSON from outside -> checked values: everything in a stream is hostile until it has passed here.
import { unpackColumn } from './packed.ts';

export type JsonObject = Readonly<Record<string, unknown>>;

/** The stream is wrong at this line; the message says how. */
export class Malformed extends Error {}

export function parseObject(line: string): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    value = null;
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new Malformed('it is not a JSON object');
  return value as JsonObject;
}

export function object(value: unknown): JsonObject {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Malformed('an object is missing');
  return value as JsonObject;
}

export function list(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw new Malformed('a list is missing');
  return value;
}

export function text(value: unknown): string {
  if (typeof value !== 'string') throw new Malformed('a text is missing');
  return value;
}

/** A whole number from 0 to `max`; columns are 32 bits wide. */
export function whole(value: unknown, max = 2 ** 31 - 1): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0 || value > max) {
    throw new Malformed(`${show(value)} is not a whole number from 0 to ${max}`);
  }
  return value;
}

export function positive(value: unknown): number {
  const number = whole(value);
  if (number === 0) throw new Malformed('a weight or count is 0');
  return number;
}

/** A whole number, or null where it is not known. */
export function orNull(value: unknown): number | null {
  return value === null ? null : whole(value);
}

/** A whole number, or -1 where it is not known. */
export function orUnknown(value: unknown): number {
  return value === -1 ? -1 : whole(value);
}

export function look(rows: readonly number[], value: unknown, what: string): number {
  const row = typeof value === 'number' ? rows[value] : undefined;
  if (row === undefined) throw new Malformed(`there is no ${what} ${show(value)}`);
  return row;
}

type Columns<Names extends readonly string[]> = { [Index in keyof Names]: ArrayLike<unknown> };

export function equalColumns<const Names extends readonly string[]>(columns: JsonObject, names: Names): Columns<Names> {
  const lists = names.map((name) => column(columns[name]));
  if (lists.some((column) => column.length !== lists[0]!.length)) throw new Malformed('columns differ in length');
  return lists as Columns<Names>;
}

/** Of a line of dumps. */
export function dumpColumns(columns: JsonObject) {
  const names = ['worker', 'timeMs', 'dumps', 'weight', 'waitUs', 'sendUs', 'samples'] as const;
  const [workers, times, dumps, weights, waits, sends, counts] = equalColumns(columns, names);
  return { workers, times, dumps, weights, waits, sends, counts };
}

/** Of the samples of these dumps; `cpuUs` is null where it is not said. */
export function sampleColumns(columns: JsonObject) {
  const [threads, stacks, sampleWeights] = equalColumns(columns, ['thread', 'stack', 'weight']);
  const cpuUs = 'cpuUs' in columns ? equalColumns(columns, ['cpuUs', 'thread'])[0] : null;
  return { threads, stacks, sampleWeights, cpuUs };
}

/** A list, or packed: then its elements are numbers. */
export function column(value: unknown): ArrayLike<unknown> {
  if (typeof value !== 'string') return list(value);
  const numbers = unpackColumn(value);
  if (numbers === null) throw new Malformed('a packed column is damaged');
  return numbers;
}

/** What is wrong may be megabytes long. */
function show(value: unknown): string {
  return String(JSON.stringify(value)).slice(0, 100);
}
