// Numbers pairs of numbers in order of first appearance: stacks (parent and frame), nodes of trees (parent and group).
// A hash table with open addressing in typed arrays: half a million pairs cost a tenth of what a Map of them does.

const leastSlots = 128;

/** Different in each run, so that no file can be made whose pairs collide. Nothing that is written depends on it. */
const seed = Math.floor(Math.random() * 2 ** 32);

export class PairTable {
  /** Number of the pair plus 1; 0 where the slot is free. At most half of them are taken. */
  #slots = new Int32Array(leastSlots);
  #first: Int32Array = new Int32Array(leastSlots / 2);
  #second: Int32Array = new Int32Array(leastSlots / 2);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** The number of a pair; it is new where that is what {@link size} was before. */
  number(first: number, second: number): number {
    if (2 * this.#size >= this.#slots.length) this.reserve(this.#size + 1);
    const slot = this.#find(first, second);
    const known = this.#slots[slot]!;
    if (known !== 0) return known - 1;
    this.#first[this.#size] = first;
    this.#second[this.#size] = second;
    this.#size += 1;
    this.#slots[slot] = this.#size;
    return this.#size - 1;
  }

  /** Makes room for so many pairs more at once. */
  reserve(more: number): void {
    let slots = this.#slots.length;
    while (slots < 2 * (this.#size + more)) slots *= 2;
    if (slots > this.#slots.length) this.#grow(slots);
  }

  /** Takes distinct pairs into an empty table, with their numbers. What finds them again is made where one is looked for. */
  adopt(first: Int32Array, second: Int32Array): void {
    if (this.#size !== 0) throw new Error('there are pairs already');
    this.#first = first;
    this.#second = second;
    this.#size = first.length;
  }

  /** Forgets all pairs. Views of before are not valid any more. */
  clear(): void {
    if (this.#slots.length > 16 * (this.#size + leastSlots)) this.#slots = new Int32Array(leastSlots);
    else this.#slots.fill(0);
    this.#size = 0;
  }

  /** The pairs so far, by number, without a copy: later ones do not show in it. */
  first(): Int32Array {
    return this.#first.subarray(0, this.#size);
  }

  second(): Int32Array {
    return this.#second.subarray(0, this.#size);
  }

  /** The slot of the pair, or the free one where it belongs. */
  #find(first: number, second: number): number {
    const mask = this.#slots.length - 1;
    let mixed = Math.imul(first ^ seed, 0x9e3779b1);
    mixed = Math.imul(mixed ^ (mixed >>> 15) ^ second, 0x85ebca6b);
    mixed = Math.imul(mixed ^ (mixed >>> 13), 0x2c1b3c6d);
    let slot = (mixed ^ (mixed >>> 16)) & mask;
    while (true) {
      const known = this.#slots[slot]!;
      if (known === 0) return slot;
      if (this.#first[known - 1] === first && this.#second[known - 1] === second) return slot;
      slot = (slot + 1) & mask;
    }
  }

  #grow(slots: number): void {
    this.#slots = new Int32Array(slots);
    if (slots / 2 > this.#first.length) {
      this.#first = grown(this.#first, slots / 2);
      this.#second = grown(this.#second, slots / 2);
    }
    for (let number = 0; number < this.#size; number++) {
      this.#slots[this.#find(this.#first[number]!, this.#second[number]!)] = number + 1;
    }
  }
}

function grown(column: Int32Array, length: number): Int32Array {
  const longer = new Int32Array(length);
  longer.set(column);
  return longer;
}
