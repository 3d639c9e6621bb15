// The client that tbprof must not be: it reads in its main thread, which blocks once a dump has begun to arrive.
// Arguments: path of the socket, milliseconds to block.
import { connect } from 'node:net';

const [path, blockMs] = process.argv.slice(2);
const socket = connect(path);
socket.once('data', () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, Number(blockMs)));
socket.on('data', () => {});
