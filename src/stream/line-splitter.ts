// Chunks of UTF-8 -> lines of text, whatever the length of the whole: V8's strings end at 512 MB.

const newline = 10;

export class LineSplitter {
  readonly #maxLineBytes: number;
  readonly #decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  /** The line that has not ended yet. */
  #open: Uint8Array[] = [];
  #openBytes = 0;
  #tooLong = 0;

  constructor(maxLineBytes: number) {
    this.#maxLineBytes = maxLineBytes;
  }

  /** Lines that were longer than allowed, and are missing. */
  get tooLong(): number {
    return this.#tooLong;
  }

  /** The lines that end in this chunk, without their ends. They are slices of a longer text: see {@link detach}. */
  *push(chunk: Uint8Array): Generator<string> {
    const last = chunk.lastIndexOf(newline);
    if (last === -1) return this.#keep(chunk);
    const first = chunk.indexOf(newline);
    this.#keep(chunk.subarray(0, first));
    const line = this.rest();
    if (line !== null) yield line;
    const text = this.#decoder.decode(chunk.subarray(first + 1, last + 1));
    for (let from = 0, to = text.indexOf('\n'); to !== -1; to = text.indexOf('\n', from)) {
      yield text.slice(from, to);
      from = to + 1;
    }
    this.#keep(chunk.subarray(last + 1));
  }

  /** What follows the last line end; null where it was too long. */
  rest(): string | null {
    const isTooLong = this.#openBytes > this.#maxLineBytes;
    const line = isTooLong ? null : this.#decoder.decode(join(this.#open, this.#openBytes));
    if (isTooLong) this.#tooLong += 1;
    this.#open = [];
    this.#openBytes = 0;
    return line;
  }

  #keep(bytes: Uint8Array): void {
    this.#openBytes += bytes.length;
    if (this.#openBytes > this.#maxLineBytes) this.#open = [];
    else if (bytes.length > 0) this.#open.push(bytes);
  }
}

function join(pieces: readonly Uint8Array[], length: number): Uint8Array {
  if (pieces.length === 1) return pieces[0]!;
  const joined = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    joined.set(piece, at);
    at += piece.length;
  }
  return joined;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** A copy of its own: V8 keeps the whole text alive while there is a slice of it. */
export function detach(slice: string): string {
  return decoder.decode(encoder.encode(slice));
}
