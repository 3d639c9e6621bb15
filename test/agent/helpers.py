"""What the agent's tests share: a client of its sockets, and patience without fixed waits."""
import contextlib
import json
import os
import shutil
import socket
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "..", "agent"))
import tbprof_agent as agent  # noqa: E402

GIVE_UP_S = 60


def eventually(ask, explain="it did not happen"):
    """Asks until the answer is true. Only ends what hangs: no test depends on how fast things are."""
    give_up = time.monotonic() + GIVE_UP_S
    while time.monotonic() < give_up:
        answer = ask()
        if answer:
            return answer
        time.sleep(0.005)
    raise AssertionError(explain)


@contextlib.contextmanager
def folder():
    path = tempfile.mkdtemp(prefix="tba-")  # short, since the paths of sockets are
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


@contextlib.contextmanager
def running(**options):
    """The prefix of a running agent, number 1 unless told otherwise."""
    with folder() as path:
        prefix = os.path.join(path, "s.")
        options.setdefault("number", 1)
        assert agent.start(prefix, **options)
        try:
            yield prefix
        finally:
            agent.stop()


@contextlib.contextmanager
def parked_thread(name="parked", inside=lambda wait: wait()):
    """A thread that waits at the same place as long as the block runs; gives its ident."""
    event = threading.Event()
    thread = threading.Thread(target=inside, args=(event.wait,), name=name, daemon=True)
    thread.start()
    try:
        eventually(lambda: "wait" in names_of(thread.ident))
        yield thread.ident
    finally:
        event.set()
        thread.join()


def names_of(ident):
    frame = sys._current_frames().get(ident)
    names = []
    while frame is not None:
        names.append(frame.f_code.co_name)
        frame = frame.f_back
    return names


def open_files():
    """(number, what it is) of those of the kinds that the agent opens: a thread that ends may open a library."""
    found = set()
    for number in os.listdir("/proc/self/fd"):
        if int(number) > 2:  # the others are those of whoever runs the tests
            with contextlib.suppress(FileNotFoundError):  # that of the folder itself
                found.add((number, os.readlink("/proc/self/fd/" + number)))
    return {(number, what) for number, what in found if what.startswith(("/memfd:", "anon_inode:", "socket:"))}


def connect(path):
    sock = socket.socket(socket.AF_UNIX)
    sock.settimeout(GIVE_UP_S)
    sock.connect(path)
    return sock


def read_all(path, send=b""):
    with connect(path) as sock:
        if send:
            sock.sendall(send)
        parts = []
        while True:
            data = sock.recv(65536)
            if not data:
                return b"".join(parts)
            parts.append(data)


class Client:
    """A client of the stream, that reads line by line and keeps the tables."""

    def __init__(self, prefix, number=1, **request):
        self.sock = connect("%s%s.stream" % (prefix, number))
        request.setdefault("tbprof", 1)
        request.setdefault("rateHz", 200)
        self.sock.sendall(json.dumps(request).encode() + b"\n")
        self.reader = self.sock.makefile("rb")
        self.lines = []
        self.strings, self.frames, self.stacks, self.threads, self.events = [], [], [], [], []
        self.samples = []  # (thread's name, functions root first, weight, cpuUs)
        self.dumps = 0
        self.weights = 0
        self.end = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.reader.close()
        self.sock.close()

    def read(self):
        """The next line, None at the end."""
        text = self.reader.readline()
        if not text.endswith(b"\n"):
            return None
        line = json.loads(text.decode("utf-8"))
        self.lines.append(line)
        if "strings" in line:
            self.strings += line["strings"]
        elif "frames" in line:
            columns = line["frames"]
            for function, file, number, source in zip(
                columns["function"], columns["file"], columns["line"], columns["source"]
            ):
                self.frames.append((self.strings[function], self.strings[file], number, self.strings[source]))
        elif "stacks" in line:
            for parent, frame in zip(line["stacks"]["parent"], line["stacks"]["frame"]):
                assert -1 <= parent < len(self.stacks)
                self.stacks.append((self.stacks[parent] if parent >= 0 else ()) + (self.frames[frame],))
        elif "threads" in line:
            self.threads += [thread["name"] for thread in line["threads"]]
        elif "dumps" in line:
            self._take_dumps(line["dumps"], line["sampled"])
        elif "events" in line:
            self.events += line["events"]
        elif "end" in line:
            self.end = line["end"]
        return line

    def _take_dumps(self, dumps, sampled):
        assert len({len(column) for column in dumps.values()}) == 1
        assert len({len(column) for column in sampled.values()}) == 1
        assert sum(dumps["samples"]) == len(sampled["stack"])
        self.dumps += len(dumps["weight"])
        self.weights += sum(dumps["weight"])
        cpu = sampled.get("cpuUs", [None] * len(sampled["stack"]))
        for thread, stack, weight, time_us in zip(sampled["thread"], sampled["stack"], sampled["weight"], cpu):
            self.samples.append((self.threads[thread], self.stacks[stack], weight, time_us))

    def read_until(self, done):
        while not done(self):
            assert self.read() is not None, "the stream has ended: %s" % self.lines[-1:]
        return self

    @property
    def throttles(self):
        return [event for event in self.events if event["kind"] == "throttle"]

    def gaps(self, reason):
        return sum(event["count"] for event in self.events if event["kind"] == "gap" and event["reason"] == reason)
