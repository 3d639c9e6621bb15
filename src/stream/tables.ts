// The tables of one stream, written into a growing profile: numbers in a stream are numbers of its own tables; in the
// profile they may differ, since it has no row twice and several streams may end in it.
import type { ProfileBuilder } from '../profile/builder.ts';
import type { StackTable } from '../profile/profile.ts';
import { decodePreorder } from './preorder.ts';
import { column, equalColumns, type JsonObject, list, look, Malformed, object, text, whole } from './values.ts';

/** Longer names are cut: a limit only for streams that are still being made. */
export interface TableLimits {
  readonly maxNameLength: number;
}

export class StreamTables {
  readonly strings: number[] = [];
  readonly frames: number[] = [];
  readonly stacks: number[] = [];
  readonly threads: number[] = [];
  readonly #builder: ProfileBuilder;
  readonly #maxNameLength: number;

  constructor(builder: ProfileBuilder, { maxNameLength }: TableLimits = { maxNameLength: Number.POSITIVE_INFINITY }) {
    this.#builder = builder;
    this.#maxNameLength = maxNameLength;
  }

  /** Rows of all tables. */
  get length(): number {
    return this.strings.length + this.frames.length + this.stacks.length + this.threads.length;
  }

  /** Takes the rows of a line; false where it is a line of something else. `workers` are those that threads name. */
  take(line: JsonObject, workers: readonly number[]): boolean {
    if ('strings' in line) this.#takeStrings(list(line.strings));
    else if ('frames' in line) this.#takeFrames(object(line.frames));
    else if ('stacks' in line) this.#takeStacks(object(line.stacks));
    else if ('threads' in line) this.#takeThreads(list(line.threads), workers);
    else return false;
    return true;
  }

  #takeStrings(strings: readonly unknown[]): void {
    for (const string of strings) this.strings.push(this.#builder.string(this.#name(string)));
  }

  #takeFrames(columns: JsonObject): void {
    const [functions, files, lines, sources] = equalColumns(columns, ['function', 'file', 'line', 'source']);
    for (let row = 0; row < lines.length; row++) {
      const frame = this.#builder.frame(
        look(this.strings, functions[row], 'string'),
        look(this.strings, files[row], 'string'),
        whole(lines[row]),
        look(this.strings, sources[row], 'string'),
      );
      this.frames.push(frame);
    }
  }

  #takeStacks(columns: JsonObject): void {
    if ('up' in columns) this.#takePreorder(columns);
    else {
      const [parents, frames] = equalColumns(columns, ['parent', 'frame']);
      this.#addStacks(parents, frames);
    }
  }

  /** Half a million stacks are taken as they are where their numbers are those of the profile. */
  #takePreorder(columns: JsonObject): void {
    const first = this.stacks.length;
    const { parent, frame } = fromPreorder(columns, this.frames.length);
    const sameFrames = this.frames.every((own, row) => own === row);
    if (first === 0 && sameFrames && this.#builder.adoptStacks({ parent, frame })) {
      for (let row = 0; row < parent.length; row++) this.stacks.push(row);
      return;
    }
    this.#addStacks(
      parent.map((above) => (above === -1 ? -1 : first + above)),
      frame,
    );
  }

  #addStacks(parents: ArrayLike<unknown>, frames: ArrayLike<unknown>): void {
    this.#builder.reserveStacks(frames.length);
    for (let row = 0; row < frames.length; row++) {
      // Parents are looked up among the stacks before this one, so that there can be no cycle.
      const parent = parents[row] === -1 ? -1 : look(this.stacks, parents[row], 'stack');
      this.stacks.push(this.#builder.stack(parent, look(this.frames, frames[row], 'frame')));
    }
  }

  #takeThreads(threads: readonly unknown[], workers: readonly number[]): void {
    for (const thread of threads) {
      const { worker, name } = object(thread);
      this.threads.push(this.#builder.thread(look(workers, worker, 'worker'), this.#name(name)));
    }
  }

  #name(value: unknown): string {
    const name = text(value);
    return name.length > this.#maxNameLength ? name.slice(0, this.#maxNameLength) : name;
  }
}

/** Stacks by parent, as if they had been listed; they count from 0. */
function fromPreorder(columns: JsonObject, frameCount: number): StackTable {
  const [up, callee] = equalColumns(columns, ['up', 'callee']).map(numbers);
  const stacks = decodePreorder({ up: up!, callee: callee!, frame: numbers(column(columns.frame)) }, frameCount);
  if (stacks === null) throw new Malformed('its stacks contradict themselves');
  return stacks;
}

function numbers(list: ArrayLike<unknown>): Int32Array {
  return list instanceof Int32Array ? list : Int32Array.from(Array.from(list, (value) => whole(value)));
}
