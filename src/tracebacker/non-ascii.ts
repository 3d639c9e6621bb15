// Looks for source lines that would poison a tracebacker: those with a character that is not ASCII.
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { posix } from 'node:path';
import type { NonAsciiLine } from './check.ts';

/** Source is small; what is larger is data. The caps bound the time that a check takes. */
const maxFiles = 500;
const maxFileBytes = 2 * 1024 * 1024;
const maxBytes = 64 * 1024 * 1024;

/** As the process sees the files: its root, and its folder for relative names. What cannot be read is passed over. */
export function scanSources(pid: number, files: readonly string[]): NonAsciiLine[] {
  const found: NonAsciiLine[] = [];
  let left = maxBytes;
  for (const file of [...new Set(files)].slice(0, maxFiles)) {
    if (left <= 0) break;
    const bytes = readSource(pid, file, Math.min(left, maxFileBytes));
    if (bytes === null) continue;
    left -= bytes.length;
    const line = findNonAscii(bytes);
    if (line !== null) found.push({ file, line });
  }
  return found;
}

/** The number of the first line with a byte over 127; null where all is ASCII. */
export function findNonAscii(bytes: Uint8Array): number | null {
  const at = bytes.findIndex((byte) => byte > 127);
  if (at === -1) return null;
  return bytes.subarray(0, at).reduce((lines, byte) => (byte === 10 ? lines + 1 : lines), 1);
}

function readSource(pid: number, file: string, limit: number): Uint8Array | null {
  if (file.includes('\0')) return null;
  const path = file.startsWith('/') ? `/proc/${pid}/root${posix.normalize(file)}` : `/proc/${pid}/cwd/${file}`;
  let opened: number | null = null;
  try {
    opened = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK); // names come from a dump: a pipe must not hang us
    if (!fstatSync(opened).isFile()) return null;
    const bytes = new Uint8Array(limit);
    return bytes.subarray(0, readSync(opened, bytes, 0, limit, 0));
  } catch {
    return null;
  } finally {
    if (opened !== null) closeSync(opened);
  }
}
