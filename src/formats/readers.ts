// The registry of readers, in the order in which they are asked whether a file is theirs.
import { readCollapsed } from './read-collapsed.ts';
import { readPprof } from './read-pprof.ts';
import { readPage, readRecording } from './read-recording.ts';
import { readSpeedscope } from './read-speedscope.ts';
import { readTracebacks } from './read-tracebacks.ts';
import { type Reader, startBytes, unreadable } from './reader.ts';

export const readers: readonly Reader[] = [
  readRecording,
  readPage,
  readPprof,
  readSpeedscope,
  readTracebacks,
  readCollapsed,
];

/** By content, never by name. A text that nobody knows may be a log whose first traceback comes late. */
export function readerOf(start: Uint8Array, name: string): Reader {
  const bytes = start.subarray(0, startBytes);
  const text = new TextDecoder().decode(bytes);
  const found = readers.find(({ recognises }) => recognises(bytes, text));
  if (found) return found;
  if (bytes.length === 0) throw unreadable(name, 'it is empty');
  if (!text.includes('\0')) return readTracebacks;
  const known = readers.map(({ description }) => description).join('; ');
  throw unreadable(name, 'it is of no kind that is known, or it is damaged', `known: ${known}`);
}
