// A tracebacker server inside tbprof: sockets that answer as uWSGI's do. For the demo, for tests and for benchmarks.
import { createServer, type Server } from 'node:net';
import { exitCodes, TbprofError } from '../errors.ts';

export interface Fleet {
  /** Closes all sockets and removes their files. */
  close(): Promise<void>;
}

/**
 * How many bytes the path of a socket may have: 108 in Linux, 104 elsewhere, with the NUL at its end. Node cuts longer
 * ones without a word, and listens somewhere else.
 */
const longestPath = 100;

/** Listens on PREFIX1, PREFIX2, ...; `dumpOf` gives the text of a worker's dump at the moment of the connection. */
export async function serveFleet(prefix: string, workers: number, dumpOf: (worker: number) => string): Promise<Fleet> {
  const numbers = Array.from({ length: workers }, (_, index) => index + 1);
  const servers = numbers.map((worker) => createWorker(() => dumpOf(worker)));
  const close = async () => {
    // One that does not listen only says so.
    await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  };
  const all = await Promise.allSettled(servers.map((server, index) => listen(server, `${prefix}${numbers[index]}`)));
  const failed = all.find((one) => one.status === 'rejected');
  if (failed) {
    await close();
    throw failed.reason;
  }
  return { close };
}

function createWorker(dump: () => string): Server {
  return createServer((socket) => {
    socket.on('error', () => socket.destroy()); // the client has left
    socket.end(dump());
  });
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    if (Buffer.byteLength(path) > longestPath) {
      return reject(cannotListen(path, `sockets need a path of at most ${longestPath} bytes`));
    }
    server.on('error', (error: NodeJS.ErrnoException) => reject(cannotListen(path, error.code ?? error.message)));
    server.listen(path, resolve);
  });
}

function cannotListen(path: string, reason: string): TbprofError {
  return new TbprofError(`cannot listen on ${path}: ${reason}`, {
    code: 'cannot-listen',
    exitCode: exitCodes.nothingRecorded,
    hint: 'set TMPDIR to a folder with a short path, such as /tmp',
  });
}
