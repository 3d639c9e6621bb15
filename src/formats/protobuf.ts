// The wire format of protocol buffers, read in place: https://protobuf.dev/programming-guides/encoding/
// Nothing is copied or made, so that a hostile file costs time in proportion to its size and no memory.

/** Where bytes make no sense. */
export class BadProtobuf extends Error {
  readonly at: number;
  /** The bytes end where there should be more. */
  readonly isCut: boolean;

  constructor(message: string, at: number, isCut = false) {
    super(message);
    this.at = at;
    this.isCut = isCut;
  }
}

const wire = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 };

/** Walks through the fields of a message: `while (message.next())`. */
export class Message {
  readonly #bytes: Uint8Array;
  readonly #begin: number;
  readonly #end: number;
  #at: number;
  #field = 0;
  #wire = 0;
  /** Of the value of the field. */
  #from = 0;
  #to = 0;

  constructor(bytes: Uint8Array, from = 0, end = bytes.length) {
    this.#bytes = bytes;
    this.#begin = from;
    this.#at = from;
    this.#end = end;
  }

  /** The same from its first field. */
  again(): Message {
    return new Message(this.#bytes, this.#begin, this.#end);
  }

  /** Number of the field. */
  get field(): number {
    return this.#field;
  }

  /** The field is a message, a text or a packed list. */
  get isBytes(): boolean {
    return this.#wire === wire.bytes;
  }

  next(): boolean {
    if (this.#at >= this.#end) return false;
    const tag = this.#varint();
    this.#field = Math.floor(tag / 8);
    this.#wire = tag % 8;
    if (this.#field === 0) throw new BadProtobuf('a field has the number 0', this.#at);
    this.#from = this.#at;
    if (this.#wire === wire.varint) this.#at = readVarint(this.#bytes, this.#at, this.#end).next;
    else if (this.#wire === wire.fixed64) this.#at += 8;
    else if (this.#wire === wire.fixed32) this.#at += 4;
    else if (this.#wire === wire.bytes) {
      const length = this.#varint();
      this.#from = this.#at;
      this.#at += length;
    } else throw new BadProtobuf(`a field is of the unknown kind ${this.#wire}`, this.#from);
    if (this.#at > this.#end) throw new BadProtobuf('it stops in the middle of a field', this.#from, true);
    this.#to = this.#at;
    return true;
  }

  /** The value as a whole number with its sign; beyond 2^53 the nearest. */
  int(): number {
    if (this.#wire !== wire.varint) throw new BadProtobuf('a number is missing', this.#from);
    return readVarint(this.#bytes, this.#from, this.#to).value;
  }

  /** Every value of a repeated number, packed or not. */
  ints(take: (value: number) => void): void {
    if (this.#wire === wire.varint) {
      take(this.int());
      return;
    }
    if (this.#wire !== wire.bytes) throw new BadProtobuf('a list of numbers is missing', this.#from);
    for (let at = this.#from; at < this.#to; ) {
      const { value, next } = readVarint(this.#bytes, at, this.#to);
      take(value);
      at = next;
    }
  }

  message(): Message {
    if (this.#wire !== wire.bytes) throw new BadProtobuf('a message is missing', this.#from);
    return new Message(this.#bytes, this.#from, this.#to);
  }

  /** All of it as text: whether bytes are a text or a message only the reader knows. */
  text(): string {
    return decoder.decode(this.#bytes.subarray(this.#begin, this.#end));
  }

  /** Its numbers by field: the last one of each, which is the rule for what is not repeated. */
  numbers(): Readonly<Record<number, number>> {
    const numbers: Record<number, number> = {};
    for (const message = this.again(); message.next(); ) {
      if (message.#wire === wire.varint) numbers[message.field] = message.int();
    }
    return numbers;
  }

  #varint(): number {
    const { value, next } = readVarint(this.#bytes, this.#at, this.#end);
    this.#at = next;
    if (value < 0) throw new BadProtobuf('a length or tag is negative', this.#at);
    return value;
  }
}

const decoder = new TextDecoder();

function readVarint(bytes: Uint8Array, from: number, end: number): { value: number; next: number } {
  let value = 0;
  let factor = 1;
  for (let at = from; at < end && at < from + 10; at++) {
    const byte = bytes[at]!;
    value += (byte & 0x7f) * factor;
    factor *= 128;
    if (byte < 0x80) return { value: at === from + 9 ? signed(bytes, from) : value, next: at + 1 };
  }
  throw new BadProtobuf('a number does not end', from, from + 10 > end);
}

/** Ten bytes long are only the negative ones, in two's complement of 64 bits, and those beyond 2^63. */
function signed(bytes: Uint8Array, from: number): number {
  let value = 0n;
  for (let i = 0; i < 10; i++) value |= BigInt(bytes[from + i]! & 0x7f) << BigInt(7 * i);
  return Number(BigInt.asIntN(64, value));
}
