// Reading of files: inputs, and the package's own; and the folder for sockets of our own.
import { createReadStream, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exitCodes, TbprofError, usageError } from '../errors.ts';
import { explain } from './failures.ts';

/** The bytes of an input in chunks, since it may be larger than memory; `-` is stdin. */
export async function* readInput(file: string): AsyncGenerator<Uint8Array> {
  const stream = file === '-' ? process.stdin : createReadStream(file, { highWaterMark: chunkBytes });
  try {
    yield* stream as AsyncIterable<Uint8Array>;
  } catch (cause) {
    // What goes wrong with the chunks elsewhere does not come here: a generator that is left is not told why.
    throw new TbprofError(`cannot read ${file}: ${explain(cause)}`, {
      code: 'unreadable',
      exitCode: exitCodes.usage,
      cause,
    });
  }
}

const chunkBytes = 256 * 1024;

/** A file of the package's templates/. */
export function readTemplate(name: string): string {
  return readFileSync(new URL(`../../templates/${name}`, import.meta.url), 'utf8');
}

/** The Python agent of the package's agent/. */
export function readAgent(): string {
  return readFileSync(new URL(`../../agent/${agentName}`, import.meta.url), 'utf8');
}

const agentName = 'tbprof_agent.py';

/** Where the agent is in a folder of somebody's choice. Throws where that is no folder. */
export function agentFile(folder: string): string {
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) {
    throw usageError(`${folder} is no folder`, 'give a folder that Python looks into (sys.path)');
  }
  return join(folder, agentName);
}

/** The first characters of a file; null where there is none. */
export function startOf(file: string): string | null {
  if (statSync(file, { throwIfNoEntry: false }) === undefined) return null;
  return readFileSync(file).subarray(0, 100).toString();
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
