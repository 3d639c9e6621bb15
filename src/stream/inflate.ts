// The stream inside a page -> chunks of UTF-8: the other half of compress.ts, for a payload that may be hostile.

/** Deflate's own limit is 1032; real streams shrink to a tenth. */
export const maxExpansion = 500;

/** Below this much, however well it was compressed, nobody is harmed. */
export const harmlessBytes = 64 * 1024 * 1024;

/** Throws a RangeError that says so. */
export function checkExpansion(compressedBytes: number, bytes: number): void {
  if (bytes > harmlessBytes && bytes > compressedBytes * maxExpansion) {
    throw new RangeError(`it unpacks to more than ${maxExpansion} times its size`);
  }
}

/** Rejects where the payload is not what compress.ts makes, or would take memory out of proportion. */
export async function* inflate(base64: string): AsyncGenerator<Uint8Array> {
  const binary = atob(base64);
  const bytes = new Uint8Array(binary.length);
  for (let at = 0; at < binary.length; at++) bytes[at] = binary.charCodeAt(at);
  let inflated = 0;
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate'));
  for await (const chunk of stream as unknown as AsyncIterable<Uint8Array>) {
    inflated += chunk.length;
    checkExpansion(bytes.length, inflated);
    yield chunk;
  }
}
