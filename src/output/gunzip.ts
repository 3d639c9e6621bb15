// gzip (RFC 1952) in chunks. What is whole of a file that was cut is given before the failure is told.
import { createGunzip } from 'node:zlib';

/** `harm` throws where so many bytes from so few are too many. The result says whether the file was whole. */
export async function* gunzip(
  chunks: AsyncIterable<Uint8Array>,
  harm: (compressed: number, bytes: number) => void,
): AsyncGenerator<Uint8Array, boolean> {
  const unzip = createGunzip();
  const ready: Uint8Array[] = [];
  let failure: NodeJS.ErrnoException | null = null;
  let compressed = 0;
  let bytes = 0;
  unzip.on('data', (chunk: Uint8Array) => ready.push(chunk));
  const over = new Promise<void>((resolve) => {
    unzip.on('error', (error) => {
      failure = error;
      resolve();
    });
    unzip.on('end', resolve);
  });
  try {
    for await (const chunk of chunks) {
      compressed += chunk.length;
      // Piece by piece: a chunk may unpack to a thousand times its size.
      for (let at = 0; at < chunk.length && failure === null; at += pieceBytes) {
        const piece = chunk.subarray(at, at + pieceBytes);
        // Where it fails, nobody is told that the piece was taken.
        await Promise.race([over, new Promise<unknown>((resolve) => unzip.write(piece, resolve))]);
        for (const unpacked of ready.splice(0)) {
          bytes += unpacked.length;
          harm(compressed, bytes);
          yield unpacked;
        }
      }
      if (failure !== null) break;
    }
    unzip.end();
    await over;
    yield* ready.splice(0);
  } finally {
    unzip.destroy();
  }
  if (failure === null) return true;
  if ((failure as NodeJS.ErrnoException).code === 'Z_BUF_ERROR') return false; // it ends too early
  throw failure;
}

const pieceBytes = 16 * 1024;
