"""Makes an abstract UNIX socket reachable through a socket file, for programs that cannot reach abstract ones.

    python3 abstract_bridge.py @tbsocket.1 /tmp/tbsocket.1

One connection after the other, as a tracebacker serves them. A dump is read whole before it is passed on, because a
worker stands still while its dump waits for a reader.
"""
import os
import socket
import stat
import sys


def connect(name):
    # uWSGI counts the NUL at the end of the name in.
    for address in ("\0" + name + "\0", "\0" + name):
        server = socket.socket(socket.AF_UNIX)
        try:
            server.connect(address)
            return server
        except ConnectionRefusedError:
            server.close()
    raise ConnectionRefusedError("nothing listens on @" + name)


def read_all(name):
    with connect(name) as server:
        return b"".join(iter(lambda: server.recv(65536), b""))


def main(name, path):
    if os.path.exists(path) and stat.S_ISSOCK(os.stat(path).st_mode):
        os.unlink(path)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen(16)
    while True:
        client = listener.accept()[0]
        try:
            with client:
                client.sendall(read_all(name.lstrip("@")))
        except OSError as error:
            print(error, file=sys.stderr)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: abstract_bridge.py @NAME FILE")
    try:
        main(*sys.argv[1:])
    except KeyboardInterrupt:
        os.unlink(sys.argv[2])
