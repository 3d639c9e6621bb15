// All writing of reports. A report is written beside its name and renamed: whoever opens the name sees the old file or the
// whole new one. Links are followed, and what is no file (a device, a FIFO) is written into: neither may be replaced.
import { randomUUID } from 'node:crypto';
import {
  accessSync,
  constants,
  createReadStream,
  lstatSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
} from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { inBlocks, type Piece } from './blocks.ts';
import { cannotWrite, readerLeft } from './failures.ts';

/** Where a name leads. */
interface Place {
  /** Free of links where it is a file, or nothing yet. */
  readonly path: string;
  /** What is there now; null: nothing. */
  readonly there: Stats | null;
}

const hint = 'choose another place with -o';

/** Throws where a file of this name could not be written: better before a recording than after. */
export function checkWritable(file: string): void {
  try {
    const { path, there } = locate(file);
    if (there?.isDirectory()) throw systemError('EISDIR');
    if (there === null || there.isFile()) checkReplaceable(path, there);
    else accessSync(path, constants.W_OK);
  } catch (cause) {
    throw cannotWrite(file, cause, hint);
  }
}

function checkReplaceable(path: string, there: Stats | null): void {
  const folder = dirname(path);
  accessSync(folder, constants.W_OK | constants.X_OK);
  if (there !== null && isProtected(there, statSync(folder))) throw systemError('EPERM');
}

/** True for a file, or where there is none yet; false for what keeps nothing: a device, a FIFO. */
export function keepsWhatIsWritten(file: string): boolean {
  return statSync(file, { throwIfNoEntry: false })?.isFile() ?? true;
}

export function exists(file: string): boolean {
  return statSync(file, { throwIfNoEntry: false }) !== undefined;
}

/** The content is made when there is a place for it: pieces that nobody takes would be lost. */
export function writeReport(file: string, content: () => Iterable<Piece> | AsyncIterable<Piece>): Promise<void> {
  return write(file, () => inBlocks(content()));
}

/** As {@link writeReport}, from a file that is there. */
export function copyReport(from: string, file: string): Promise<void> {
  return write(file, () => createReadStream(from));
}

type Content = AsyncIterable<Uint8Array>;

async function write(file: string, content: () => Content): Promise<void> {
  try {
    const { path, there } = locate(file);
    if (there === null || there.isFile()) await replace(path, content());
    // To open a FIFO takes until somebody reads it, and Ctrl-C must work meanwhile: nothing here is synchronous.
    else await writeFile(path, content(), { flag: constants.O_WRONLY | constants.O_NOCTTY });
  } catch (cause) {
    if (!readerLeft(cause)) throw cannotWrite(file, cause, hint);
  }
}

async function replace(path: string, content: Content): Promise<void> {
  // In a folder that others may write to, they could put a link under a name that they can guess. The length of the name
  // does not depend on that of the report, which may be the longest that there is.
  const temporary = join(dirname(path), `.tbprof-${randomUUID()}.tmp`);
  try {
    await writeFile(temporary, content, { flag: 'wx' });
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

function locate(file: string): Place {
  const path = resolve(file);
  const there = statSync(path, { throwIfNoEntry: false }) ?? null;
  if (there === null) return { path: followLinks(path), there };
  return { path: there.isFile() ? realpathSync(path) : path, there };
}

/** For a link to what is not there yet. Links in a circle have failed before. */
function followLinks(file: string): string {
  const path = join(realpathSync(dirname(file)), basename(file));
  const isLink = lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink();
  return isLink ? followLinks(resolve(dirname(path), readlinkSync(path))) : path;
}

/** In a sticky folder, such as /tmp, a file is replaced by its owner, the folder's, or root. */
function isProtected(file: Stats, folder: Stats): boolean {
  const user = process.geteuid?.() ?? 0;
  return (folder.mode & 0o1000) !== 0 && ![0, file.uid, folder.uid].includes(user);
}

function systemError(code: string): NodeJS.ErrnoException {
  return Object.assign(new Error(code), { code });
}
