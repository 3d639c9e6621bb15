// Packed columns: whole numbers of 32 bits as text, for pages, where a list of JSON numbers would deflate badly and take
// long to parse.
//
// The first character says what the numbers are: `p` themselves, `d` each the difference to the one before it. 0, -1, 1,
// -2, ... become 0, 1, 2, 3, ...; then come groups of five bits, the lowest first, each a digit of base64 (RFC 4648,
// section 4) whose sixth bit says that more follow. Much as in source maps (https://tc39.es/ecma426/#sec-base64-vlq):
// numbers so small are nearly all one character each.

export type PackedColumn = string;

const digits = new TextEncoder().encode('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/');
const valueOfDigit = new Int8Array(128).fill(-1);
for (let digit = 0; digit < digits.length; digit++) valueOfDigit[digits[digit]!] = digit;

const continues = 32;

/** The shorter of both ways. */
export function packColumn(column: Int32Array): PackedColumn {
  let plainLength = 0;
  let deltaLength = 0;
  let before = 0;
  for (const value of column) {
    plainLength += countDigits(zigzag(value));
    deltaLength += countDigits(zigzag((value - before) | 0));
    before = value;
  }
  const isDelta = deltaLength < plainLength;
  const text = new Uint8Array(1 + Math.min(deltaLength, plainLength));
  text[0] = (isDelta ? 'd' : 'p').charCodeAt(0);
  let at = 1;
  before = 0;
  for (const value of column) {
    let rest = zigzag(isDelta ? (value - before) | 0 : value);
    before = value;
    for (; rest >= continues; rest >>>= 5) text[at++] = digits[(rest & 31) | continues]!;
    text[at++] = digits[rest]!;
  }
  return new TextDecoder().decode(text);
}

/** Null where the text is no packed column. */
export function unpackColumn(text: PackedColumn): Int32Array | null {
  const isDelta = text[0] === 'd';
  if (!isDelta && text[0] !== 'p') return null;
  const column = new Int32Array(text.length - 1);
  let length = 0;
  let before = 0;
  let value = 0;
  let shift = 0;
  for (let at = 1; at < text.length; at++) {
    const digit = valueOfDigit[text.charCodeAt(at)] ?? -1;
    if (digit === -1 || shift > 30) return null;
    value |= (digit & 31) << shift;
    if (digit >= continues) {
      shift += 5;
      continue;
    }
    const number = (value >>> 1) ^ -(value & 1);
    before = isDelta ? (before + number) | 0 : number;
    column[length++] = before;
    value = 0;
    shift = 0;
  }
  return shift === 0 ? column.subarray(0, length) : null;
}

/** Differences wrap round at 32 bits, both ways. */
function zigzag(value: number): number {
  return ((value << 1) ^ (value >> 31)) >>> 0;
}

function countDigits(value: number): number {
  return Math.max(1, Math.ceil((32 - Math.clz32(value)) / 5));
}
