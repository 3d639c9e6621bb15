// What the operating system says about files, in words for people.
import { exitCodes, TbprofError } from '../errors.ts';

/** The failure to write an output, whatever kind it is. */
export function cannotWrite(name: string, cause: unknown, hint?: string): TbprofError {
  return new TbprofError(`cannot write ${name}: ${explain(cause)}`, {
    code: 'unwritable',
    exitCode: exitCodes.nothingRecorded,
    ...(hint !== undefined && { hint }),
    cause,
  });
}

/** True where whoever was reading has left, as `head` does: that is no failure of ours. */
export function readerLeft(cause: unknown): boolean {
  return (cause as NodeJS.ErrnoException).code === 'EPIPE';
}

export function explain(cause: unknown): string {
  const { code, message } = cause as NodeJS.ErrnoException;
  const known: Record<string, string> = {
    ENOENT: 'there is no such file or folder',
    EACCES: 'permission denied',
    EPERM: 'not permitted: it belongs to another user, or is protected',
    EISDIR: 'it is a folder',
    ENOTDIR: 'a part of its path is no folder',
    ENAMETOOLONG: 'its name is too long',
    ELOOP: 'its links lead in a circle',
    ENOSPC: 'no space is left on the device',
    EROFS: 'the file system is read-only',
  };
  return known[code ?? ''] ?? code ?? message;
}
