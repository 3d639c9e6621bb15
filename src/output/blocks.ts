// Pieces of a file gathered into blocks: to write each small piece by itself would be slow.

/** Text is UTF-8. */
export type Piece = string | Uint8Array;

const blockBytes = 1 << 20;

/** The same bytes, in blocks of about a megabyte. */
export async function* inBlocks(pieces: Iterable<Piece> | AsyncIterable<Piece>): AsyncGenerator<Uint8Array, void> {
  let waiting: Uint8Array[] = [];
  let length = 0;
  for await (const piece of pieces) {
    const bytes = Buffer.from(piece);
    waiting.push(bytes);
    length += bytes.length;
    if (length < blockBytes) continue;
    yield Buffer.concat(waiting);
    waiting = [];
    length = 0;
  }
  if (length > 0) yield Buffer.concat(waiting);
}
