// All writing of reports and reading of files. A report is written beside its name and renamed: whoever opens the name
// sees the old file or the whole new one.
import {
  accessSync,
  constants,
  copyFileSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { exitCodes, TbprofError } from '../errors.ts';

/** Throws where a file of this name could not be written: better before a recording than after. */
export function checkWritable(file: string): void {
  const folder = dirname(resolve(file));
  try {
    if (statSync(file, { throwIfNoEntry: false })?.isDirectory()) throw new Error('it is a folder');
    accessSync(folder, constants.W_OK | constants.X_OK);
  } catch (cause) {
    throw cannotWrite(file, cause);
  }
}

export function exists(file: string): boolean {
  return statSync(file, { throwIfNoEntry: false }) !== undefined;
}

export function writeReport(file: string, text: string): void {
  write(file, (temporary) => writeFileSync(temporary, text));
}

/** As {@link writeReport}, from a file that is there. */
export function copyReport(from: string, file: string): void {
  write(file, (temporary) => copyFileSync(from, temporary));
}

function write(file: string, fill: (temporary: string) => void): void {
  const temporary = `${file}.${process.pid}.tmp`;
  try {
    fill(temporary);
    renameSync(temporary, file);
  } catch (cause) {
    rmSync(temporary, { force: true });
    throw cannotWrite(file, cause);
  }
}

/** The text of an input; `-` is stdin. */
export function readInput(file: string): string {
  try {
    return readFileSync(file === '-' ? 0 : file, 'utf8');
  } catch (cause) {
    throw new TbprofError(`cannot read ${file}: ${explain(cause)}`, {
      code: 'unreadable',
      exitCode: exitCodes.usage,
      cause,
    });
  }
}

/** A page of the package's templates/. */
export function readTemplate(name: string): string {
  return readFileSync(new URL(`../../templates/${name}`, import.meta.url), 'utf8');
}

export function readVersion(): string {
  const manifest = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  return manifest.version;
}

/** A new folder for sockets of our own; they need short names (108 bytes in Linux, fewer elsewhere). */
export function makeSocketFolder(): { readonly prefix: string; readonly remove: () => void } {
  const folder = mkdtempSync(join(tmpdir(), 'tbprof-'));
  return { prefix: join(folder, 'socket.'), remove: () => rmSync(folder, { recursive: true, force: true }) };
}

function cannotWrite(file: string, cause: unknown): TbprofError {
  return new TbprofError(`cannot write ${file}: ${explain(cause)}`, {
    code: 'unwritable',
    exitCode: exitCodes.nothingRecorded,
    hint: 'choose another place with -o',
    cause,
  });
}

function explain(cause: unknown): string {
  const { code, message } = cause as NodeJS.ErrnoException;
  const known: Record<string, string> = {
    ENOENT: 'there is no such file or folder',
    EACCES: 'permission denied',
    EISDIR: 'it is a folder',
    ENOSPC: 'no space is left on the device',
    EROFS: 'the file system is read-only',
  };
  return known[code ?? ''] ?? code ?? message;
}
