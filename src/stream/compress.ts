// Streams inside a page and files that are compressed, by what browsers and Node have in common.

/** zlib format (RFC 1950), base64 without line breaks. */
export async function compress(pieces: Iterable<string>): Promise<string> {
  let base64 = '';
  for await (const piece of compressPieces(pieces)) base64 += piece;
  return base64;
}

/** The same in pieces: all of it may be longer than a string can be. */
export async function* compressPieces(pieces: Iterable<string>): AsyncGenerator<string, void> {
  let rest = new Uint8Array(0); // base64 takes three bytes at a time
  for await (const deflated of pass(encode(pieces), new CompressionStream('deflate'))) {
    const bytes = new Uint8Array(rest.length + deflated.length);
    bytes.set(rest);
    bytes.set(deflated, rest.length);
    const whole = bytes.length - (bytes.length % 3);
    yield toBase64(bytes.subarray(0, whole));
    rest = bytes.slice(whole);
  }
  yield toBase64(rest);
}

/** gzip (RFC 1952), without a name and a time: the same bytes for the same bytes. */
export function gzip(pieces: Iterable<Uint8Array>): AsyncGenerator<Uint8Array, void> {
  return pass(pieces, new CompressionStream('gzip'));
}

function* encode(pieces: Iterable<string>): Generator<Uint8Array, void> {
  const encoder = new TextEncoder();
  for (const piece of pieces) yield encoder.encode(piece);
}

/** Feeds the stream only as fast as its results are taken. */
async function* pass(
  pieces: Iterable<Uint8Array>,
  { readable, writable }: CompressionStream,
): AsyncGenerator<Uint8Array, void> {
  const writer = writable.getWriter();
  const feed = async () => {
    for (const piece of pieces) await writer.write(piece as Uint8Array<ArrayBuffer>);
    await writer.close();
  };
  feed().catch((error) => writer.abort(error)); // the reader hears of it
  const reader = readable.getReader();
  for (let next = await reader.read(); !next.done; next = await reader.read()) yield next.value;
}

/** The text back, as UTF-8. Rejects where the payload is not what {@link compress} makes. */
export async function decompress(base64: string): Promise<Uint8Array> {
  const inflated = new Blob([fromBase64(base64)]).stream().pipeThrough(new DecompressionStream('deflate'));
  return new Uint8Array(await new Response(inflated).arrayBuffer());
}

function toBase64(bytes: Uint8Array): string {
  const pieces: string[] = [];
  const step = 0x6000; // a multiple of 3, and few enough arguments for every engine
  for (let at = 0; at < bytes.length; at += step) {
    pieces.push(btoa(String.fromCharCode(...bytes.subarray(at, at + step))));
  }
  return pieces.join('');
}

function fromBase64(base64: string): Uint8Array<ArrayBuffer> {
  const binary = atob(base64);
  const bytes = new Uint8Array(binary.length);
  for (let at = 0; at < binary.length; at++) bytes[at] = binary.charCodeAt(at);
  return bytes;
}
