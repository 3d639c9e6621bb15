// Reading of files: inputs, and the package's own; and the folder for sockets of our own.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exitCodes, TbprofError } from '../errors.ts';
import { explain } from './failures.ts';

/** The bytes of an input, which may be more than a string can hold; `-` is stdin. */
export function readInput(file: string): Uint8Array {
  try {
    return readFileSync(file === '-' ? 0 : file);
  } catch (cause) {
    throw new TbprofError(`cannot read ${file}: ${explain(cause)}`, {
      code: 'unreadable',
      exitCode: exitCodes.usage,
      cause,
    });
  }
}

/** A file of the package's templates/. */
export function readTemplate(name: string): string {
  return readFileSync(new URL(`../../templates/${name}`, import.meta.url), 'utf8');
}

export function readVersion(): string {
  const manifest = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  return manifest.version;
}

/** A new folder for sockets of our own. */
export function makeSocketFolder(): { readonly prefix: string; readonly remove: () => void } {
  let folder: string;
  try {
    folder = mkdtempSync(join(tmpdir(), 'tbprof-'));
  } catch (cause) {
    throw new TbprofError(`cannot make a folder for sockets in ${tmpdir()}: ${explain(cause)}`, {
      code: 'no-socket-folder',
      exitCode: exitCodes.nothingRecorded,
      hint: 'set TMPDIR to a folder that you may write to',
      cause,
    });
  }
  return { prefix: join(folder, 'socket.'), remove: () => rmSync(folder, { recursive: true, force: true }) };
}
