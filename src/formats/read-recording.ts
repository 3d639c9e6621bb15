// tbprof's own: the stream (stream/lines.ts), by itself or in a page. A stream that was cut is read up to its last whole
// line; a page is whole or damaged.
import { type DecodedStream, StreamReader } from '../stream/decode.ts';
import { inflate } from '../stream/inflate.ts';
import { LineSplitter } from '../stream/line-splitter.ts';
import { isComparison } from './diff-html.ts';
import { findStream } from './html.ts';
import { collect, type Input, type Reader, unreadable } from './reader.ts';

/** Our own lines have at most 8192 rows; parsed, a hostile one may take twenty times its size. */
const maxLineBytes = 64 * 1024 * 1024;

export const readRecording: Reader = {
  name: 'tbprof',
  description: 'recordings of tbprof',
  recognises: (_start, text) => text.startsWith('{"tbprof":'),
  read: async (input) => ({ ...(await readStream(input)), skipped: [] }),
};

export const readPage: Reader = {
  name: 'html',
  description: 'pages of tbprof',
  recognises: (_start, text) => /^\s*<(!doctype|html)\b/i.test(text) || text.includes(' id="stream">'),
  read: async (input) => ({ ...(await readInPage(input)), skipped: [] }),
};

async function readStream({ name, chunks }: Input): Promise<DecodedStream> {
  const splitter = new LineSplitter(maxLineBytes);
  const reader = new StreamReader(name);
  for await (const chunk of chunks) {
    for (const line of splitter.push(chunk)) reader.take(line);
    if (splitter.tooLong > 0) throw unreadable(name, `a line of its stream is longer than ${maxLineBytes} bytes`);
  }
  return reader.finish();
}

async function readInPage(input: Input): Promise<DecodedStream> {
  const { name } = input;
  const page = new TextDecoder().decode(await collect(input));
  if (isComparison(page)) {
    const why = 'it is a comparison, which carries two recordings';
    throw unreadable(name, why, 'open it in a browser, or read the files that were compared');
  }
  const payload = findStream(page);
  if (payload === null) throw unreadable(name, 'it is a page, but none of tbprof, or it was cut');
  const damaged = (error: unknown) => {
    if (error instanceof RangeError) throw unreadable(name, `its recording is refused: ${error.message}`);
    throw unreadable(name, 'the recording in it is damaged');
  };
  return readStream({ name, chunks: guard(inflate(payload), damaged) });
}

/** Tells the failures of the chunks from those of what reads them. */
async function* guard(
  chunks: AsyncIterable<Uint8Array>,
  failed: (error: unknown) => never,
): AsyncGenerator<Uint8Array> {
  const iterator = chunks[Symbol.asyncIterator]();
  try {
    while (true) {
      const { done, value } = await iterator.next().catch(failed);
      if (done) return;
      yield value;
    }
  } finally {
    await iterator.return?.();
  }
}
