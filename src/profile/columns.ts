// Growable columns of numbers and interned strings: what the tables of a profile are made of.

/** A 32-bit integer column that grows by doubling. */
export class IntColumn {
  #values: Int32Array = new Int32Array(64);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push(value: number): void {
    if (this.#length === this.#values.length) {
      const grown = new Int32Array(Math.max(64, this.#length * 2));
      grown.set(this.#values);
      this.#values = grown;
    }
    this.#values[this.#length] = value;
    this.#length += 1;
  }

  at(row: number): number {
    return this.#values[row]!;
  }

  replace(values: Int32Array): void {
    this.#values = values;
    this.#length = values.length;
  }

  /** The values so far, without a copy: later pushes do not show in it. */
  view(): Int32Array {
    return this.#values.subarray(0, this.#length);
  }
}

/** Views of all columns of a table. */
export function viewColumns<Name extends string>(columns: Record<Name, IntColumn>): Record<Name, Int32Array> {
  const views = Object.entries<IntColumn>(columns).map(([name, column]) => [name, column.view()]);
  return Object.fromEntries(views) as Record<Name, Int32Array>;
}

/** A column of doubles that grows by doubling. */
export class FloatColumn {
  #values = new Float64Array(64);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push(value: number): void {
    if (this.#length === this.#values.length) {
      const grown = new Float64Array(this.#length * 2);
      grown.set(this.#values);
      this.#values = grown;
    }
    this.#values[this.#length] = value;
    this.#length += 1;
  }

  add(row: number, value: number): void {
    this.#values[row]! += value;
  }

  /** As in {@link IntColumn.view}. */
  view(): Float64Array {
    return this.#values.subarray(0, this.#length);
  }
}

/** Gives each distinct key a number, in order of first appearance. */
export class Interner<Key> {
  readonly #numbers = new Map<Key, number>();

  /** The number of a key and whether it is new. */
  intern(key: Key): { readonly id: number; readonly isNew: boolean } {
    const known = this.#numbers.get(key);
    if (known !== undefined) return { id: known, isNew: false };
    const id = this.#numbers.size;
    this.#numbers.set(key, id);
    return { id, isNew: true };
  }
}
