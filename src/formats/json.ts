// JSON of a file -> values, where they fit into memory: a few hundred MB of brackets would be tens of GB of objects.
import { unreadable } from './reader.ts';

/** What real profiles nest is 6 deep. */
const maxDepth = 200;

/** Of objects and arrays, by a rough rule for V8: what a value takes, and what a container takes. */
const maxMemoryBytes = 1_000_000_000;
const valueBytes = 8;
const containerBytes = 48;

const quote = 0x22;
const backslash = 0x5c;
const comma = 0x2c;

export function parseJson(bytes: Uint8Array, name: string): unknown {
  checkSize(bytes, name);
  const text = new TextDecoder().decode(bytes);
  try {
    return JSON.parse(text);
  } catch (error) {
    const place = /position (\d+)/.exec((error as Error).message)?.[1];
    const line = place === undefined ? 'its end' : `line ${text.slice(0, Number(place)).split('\n').length}`;
    throw unreadable(name, `it is no JSON (any more) at ${line}`, 'was it cut?');
  }
}

function checkSize(bytes: Uint8Array, name: string): void {
  let depth = 0;
  let memory = bytes.length;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at]!;
    if (byte === quote) {
      at = endOfString(bytes, at);
    } else if (byte === comma) {
      memory += valueBytes;
    } else if (byte === 0x5b || byte === 0x7b) {
      depth += 1;
      memory += containerBytes;
      if (depth > maxDepth) throw unreadable(name, `its JSON is nested more than ${maxDepth} deep at byte ${at}`);
    } else if (byte === 0x5d || byte === 0x7d) {
      depth -= 1;
    }
  }
  if (memory > maxMemoryBytes) throw unreadable(name, 'its JSON would not fit into memory');
}

function endOfString(bytes: Uint8Array, start: number): number {
  for (let at = start + 1; ; at++) {
    at = bytes.indexOf(quote, at);
    if (at === -1) return bytes.length;
    let slashes = 0;
    while (bytes[at - 1 - slashes] === backslash) slashes += 1;
    if (slashes % 2 === 0) return at;
  }
}
