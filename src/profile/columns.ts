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

/**
 * Gives each distinct pair of numbers (32 bits each) a number, in order of first appearance. Stacks come in tens of
 * millions: a Map of them would take five times the memory, and stops at 2^24 entries.
 */
export class PairIndex {
  readonly #first = new IntColumn();
  readonly #second = new IntColumn();
  /** Open addressing with linear probing: the number of the pair, plus one; 0 is free. A power of two long. */
  #slots = new Int32Array(256);

  get length(): number {
    return this.#first.length;
  }

  get first(): Int32Array {
    return this.#first.view();
  }

  get second(): Int32Array {
    return this.#second.view();
  }

  /** The number of the pair; new where it is the length from before. */
  intern(first: number, second: number): number {
    const slot = this.#find(first, second);
    const known = this.#slots[slot]! - 1;
    if (known >= 0) return known;
    const id = this.#first.length;
    this.#first.push(first);
    this.#second.push(second);
    this.#slots[slot] = id + 1;
    if (id * 2 > this.#slots.length) this.#grow();
    return id;
  }

  #find(first: number, second: number): number {
    const mask = this.#slots.length - 1;
    let slot = hashPair(first, second) & mask;
    for (let taken = this.#slots[slot]!; taken !== 0; taken = this.#slots[slot]!) {
      if (this.#first.at(taken - 1) === first && this.#second.at(taken - 1) === second) return slot;
      slot = (slot + 1) & mask;
    }
    return slot;
  }

  #grow(): void {
    this.#slots = new Int32Array(this.#slots.length * 2);
    for (let id = 0; id < this.#first.length; id++) {
      this.#slots[this.#find(this.#first.at(id), this.#second.at(id))] = id + 1;
    }
  }
}

/** The finalizer of MurmurHash3 over both: https://github.com/aappleby/smhasher/wiki/MurmurHash3 */
function hashPair(first: number, second: number): number {
  let hash = Math.imul(first, 0x9e3779b1) ^ second;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
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
