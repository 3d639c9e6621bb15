// A tracebacker server inside tbprof: sockets that answer as uWSGI's do. For the demo, for tests and for benchmarks.
import { createServer, type Server } from 'node:net';

export interface Fleet {
  /** Closes all sockets and removes their files. */
  close(): Promise<void>;
}

/** Listens on PREFIX1, PREFIX2, ...; `dumpOf` gives the text of a worker's dump at the moment of the connection. */
export async function serveFleet(prefix: string, workers: number, dumpOf: (worker: number) => string): Promise<Fleet> {
  const numbers = Array.from({ length: workers }, (_, index) => index + 1);
  const servers = await Promise.all(numbers.map((worker) => serveWorker(`${prefix}${worker}`, () => dumpOf(worker))));
  return {
    close: async () => {
      await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
    },
  };
}

function serveWorker(path: string, dump: () => string): Promise<Server> {
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy()); // the client has left
    socket.end(dump());
  });
  return new Promise((resolve, reject) => {
    server.on('error', reject);
    server.listen(path, () => resolve(server));
  });
}
