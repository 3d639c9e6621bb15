// Streams inside a page: deflate and base64, by what browsers and Node have in common.

/** zlib format (RFC 1950), base64 without line breaks. Pieces, since all of them may be longer than a string can be. */
export async function compress(pieces: Iterable<string>): Promise<string> {
  const encoder = new TextEncoder();
  const bytes = new Blob(Array.from(pieces, (piece) => encoder.encode(piece)));
  const deflated = bytes.stream().pipeThrough(new CompressionStream('deflate'));
  return toBase64(new Uint8Array(await new Response(deflated).arrayBuffer()));
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
