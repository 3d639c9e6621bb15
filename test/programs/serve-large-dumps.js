// A tracebacker whose dumps are larger than a socket's buffer: 8 threads of 300 frames. Tells for each dump, in a line on
// stdout, how many milliseconds passed from the accept until the system had taken all of it: as long as a real one holds
// the GIL. Arguments: the path of its socket.
import { createServer } from 'node:net';

const source = 'return self.next(request, "'.padEnd(200, 'x');
const frames = (thread) =>
  Array.from(
    { length: 300 },
    (_, line) => `thread_id = ${thread} filename = /srv/app.py lineno = ${line} function = f${line} line = ${source}\n`,
  ).join('');
const blocks = Array.from({ length: 8 }, (_, core) => `${frames(`uWSGIWorker1Core${core}`)}\n`);
const dump = `*** uWSGI Python tracebacker output ***\n\n${blocks.join('')}`;

const server = createServer((socket) => {
  const startMs = performance.now();
  socket.on('error', () => socket.destroy());
  socket.write(dump, () => {
    process.stdout.write(`wrote ${(performance.now() - startMs).toFixed(3)}\n`);
    socket.end();
  });
});
server.listen(process.argv[2], () => process.stdout.write(`listening ${dump.length}\n`));
