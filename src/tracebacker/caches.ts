// What the parser remembers: text that comes again, dump after dump. Bounded by size, since lines are as long as the
// sampled program likes; a full cache forgets everything, because programs run in phases and a clear costs one slow dump.

/** How many runs of bytes may share a key: text that was made to collide must not slow us down. */
const maxCandidates = 8;

/** Finds a line again. */
export class TextCache<Value> {
  readonly #maxBytes: number;
  readonly #entries = new Map<string, Value>();
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get(text: string): Value | undefined {
    return this.#entries.get(text);
  }

  set(text: string, value: Value): void {
    if (text.length > this.#maxBytes) return;
    this.#bytes += text.length;
    if (this.#bytes > this.#maxBytes) {
      this.#entries.clear();
      this.#bytes = text.length;
    }
    this.#entries.set(copy(text), value);
  }
}

/** A slice keeps the whole dump that it was cut from alive; a key must not. */
function copy(latin1: string): string {
  return Buffer.from(latin1, 'latin1').toString('latin1');
}

/**
 * Finds a run of bytes again. A key of a few of them names the candidates, and one comparison of memory decides: that is
 * many times cheaper than a hash over the whole, which is what a map of strings would make.
 */
export class BytesCache<Value> {
  readonly #maxBytes: number;
  readonly #entries = new Map<number, { readonly bytes: Buffer; readonly value: Value }[]>();
  #size = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get(buffer: Buffer, from: number, to: number): Value | undefined {
    const candidates = this.#entries.get(keyOf(buffer, from, to));
    return candidates?.find(({ bytes }) => buffer.compare(bytes, 0, bytes.length, from, to) === 0)?.value;
  }

  set(buffer: Buffer, from: number, to: number, value: Value): void {
    const size = to - from;
    if (size > this.#maxBytes) return;
    this.#size += size;
    if (this.#size > this.#maxBytes) {
      this.#entries.clear();
      this.#size = size;
    }
    const key = keyOf(buffer, from, to);
    const candidates = this.#entries.get(key) ?? [];
    candidates.unshift({ bytes: Buffer.from(buffer.subarray(from, to)), value });
    candidates.length = Math.min(candidates.length, maxCandidates);
    this.#entries.set(key, candidates);
  }
}

/** Where the names of uWSGI's threads differ: after `thread_id = uWSGIWorker`. */
const numbersAt = 23;
const numbersLength = 12;

/** The length, and some bytes: those that tell threads apart, and many near the end, where stacks of one thread differ. */
function keyOf(buffer: Buffer, from: number, to: number): number {
  let key = to - from;
  const step = ((to - from) >> 4) + 1;
  for (let at = from; at < to; at += step) key = (Math.imul(key, 31) + buffer[at]!) | 0;
  const numbersEnd = Math.min(to, from + numbersAt + numbersLength);
  for (let at = from + numbersAt; at < numbersEnd; at++) key = (Math.imul(key, 31) + buffer[at]!) | 0;
  for (let at = Math.max(from, to - 96); at < to; at += 3) key = (Math.imul(key, 31) + buffer[at]!) | 0;
  return key;
}
