// The recording while it is made: lines appended to a file, so that whatever happens to tbprof, all but the last second
// can be rendered. A full disk ends the file, not the recording.
import { closeSync, fdatasync, openSync, rmSync, writeSync } from 'node:fs';

export class RecordingFile {
  readonly path: string;
  readonly #isOurs: boolean;
  #fd: number | null;
  #failure: string | null = null;
  #syncing = false;

  /**
   * Opens a file of this name, or with a number added where there is one: it may be the rest of a lost recording. Where
   * none can be opened, the recording is made without; see {@link failure}.
   */
  constructor(path: string) {
    const { fd, name, failure } = openNew(path);
    this.#fd = fd;
    this.#isOurs = fd !== null;
    this.#failure = failure;
    this.path = name;
  }

  /** Why nothing more is written; null where all is well. */
  get failure(): string | null {
    return this.#failure;
  }

  append(text: string): void {
    if (this.#fd === null || text === '') return;
    try {
      const bytes = Buffer.from(text);
      for (let at = 0; at < bytes.length; ) at += writeSync(this.#fd, bytes, at);
    } catch (error) {
      this.#failure = (error as NodeJS.ErrnoException).code ?? String(error);
      this.close();
    }
  }

  /** Hands what was written to the disk itself, in the background: for the day on which the power fails. */
  sync(): void {
    if (this.#fd === null || this.#syncing) return;
    this.#syncing = true;
    fdatasync(this.#fd, () => {
      this.#syncing = false;
    });
  }

  close(): void {
    if (this.#fd !== null) closeSync(this.#fd);
    this.#fd = null;
  }

  remove(): void {
    this.close();
    if (this.#isOurs) rmSync(this.path, { force: true });
  }
}

function openNew(path: string): { fd: number | null; name: string; failure: string | null } {
  for (let number = 1; ; number++) {
    const name = number === 1 ? path : path.replace(/(\.tbprof)?$/, `-${number}$1`);
    try {
      return { fd: openSync(name, 'wx'), name, failure: null };
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code ?? String(error);
      if (code !== 'EEXIST' || number === 1_000) return { fd: null, name, failure: code };
    }
  }
}
