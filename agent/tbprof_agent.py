"""tbprof's agent: serves the stacks of this process on two Unix sockets. One file, no dependencies, Python 3.7 or later.

What to add, with /tmp/tbsocket. as the prefix of the sockets' names:

    uWSGI     import = tbprof_agent             beside `py-tracebacker = /tmp/tbsocket.`, where that is there already, or
              set = tbprof=/tmp/tbsocket.       (or the environment variable TBPROF_SOCKET), with
              enable-threads = true
    gunicorn  def post_fork(server, worker):    in gunicorn.conf.py
                  import tbprof_agent
                  tbprof_agent.start("/tmp/tbsocket.")
    Celery    import tbprof_agent
              @celery.signals.worker_process_init.connect
              def start_tbprof(**_):
                  tbprof_agent.start("/tmp/tbsocket.")
              @celery.signals.worker_process_shutdown.connect
              def stop_tbprof(**_):
                  tbprof_agent.stop()
    others    import tbprof_agent
              tbprof_agent.start("/tmp/tbsocket.")

PREFIX + N, N being uWSGI's worker number or the pid, answers each connection with one dump of all stacks, as uWSGI's
tracebacker does. PREFIX + N + ".stream" samples for as long as its client stays: the client asks with one line of
JSON (see parse_request) and gets lines of JSON (see Tables and Stream). Both can only be asked for stacks: nothing that
a client says is executed or stored. While nobody is connected one thread waits in poll() and nothing else happens.
A failure of the agent is one line on stderr; the program goes on.

How to read this file, from the top. Stacks: look() sees all threads, with the GIL; text_dump() prints what it sees; Tables
number it for streams. Ticks: when to look. Then two kinds of eyes: Looks, which need the GIL, and the Camera, which does not.
That has the kernel run a Program, which waits for timers and copies threads and their frames; a Shape tells what is copied
to where, an Extent how much of a thread; a Reader makes out afterwards, with the GIL, what was copied. CpuClocks tell who
ran from who waited. A Watch plans looks and drives its eyes, a Stream tells its client what they have seen. Parked finds
greenlets and tasks. All else is about sockets, threads, and where to start. To see that it does no harm: Agent, parse_request,
Program, Codes.
"""
import _socket
import _thread
import atexit
import collections
import gc
import json
import linecache
import math
import mmap
import os
import random
import signal
import stat
import struct
import sys
import threading
import time
import types
import weakref
from functools import lru_cache, partial
from itertools import accumulate, chain, compress, islice, repeat, starmap, takewhile
from operator import attrgetter, is_not, itemgetter

try:  # here, not where it is used: a child forked while a thread imports could never import it
    import ctypes
except Exception:  # not every Python has it, and not every system lets it work
    ctypes = None
if sys.version_info < (3, 10):
    import dis

__all__ = ["start", "stop"]
VERSION = "0.1.0"


def _original(module, name):
    """What gevent's monkey patching has replaced, or will: the agent's threads are real ones and block for real."""
    patched = sys.modules.get("gevent.monkey")
    if patched is not None:
        return patched.get_original(module, name)
    return getattr(__import__(module), name)


# socket.socket is not used at all: its accept() looks its own class up by name and would find gevent's.
_sleep = _original("time", "sleep")
_poll = _original("select", "poll")
_start_thread = _original("_thread", "start_new_thread")
_new_lock = _original("_thread", "allocate_lock")
_get_ident = _original("_thread", "get_ident")
_monotonic = time.monotonic
if ctypes is not None:
    _system = ctypes.CDLL(None)
    _system_with_gil = ctypes.PyDLL(None)  # what is called by this one keeps the GIL

# ---------------------------------------------------------------------------------------------------------- stacks

MAX_DEPTH = 1000  # frames of one stack; Python's own limit of recursion is 1,000 unless told otherwise
MAX_SOURCE = 500  # characters
MAX_NAME = 1000
UNNAMED = "<UnnamedPythonThread>"  # as uWSGI's tracebacker calls threads that the threading module does not know

def _thread_name(thread):
    try:
        return thread.name
    except Exception:
        return UNNAMED


def _line_at(code, instruction):
    """The line of an instruction. From Python 3.10 on it may have none (PEP 626; uWSGI's tracebacker falls silent there):
    then, and where the function has not begun, that of the function.
    """
    line = None
    if hasattr(code, "co_lines"):
        line = next((line for begin, end, line in code.co_lines() if begin <= instruction < end), None)
    else:
        for begin, its_line in dis.findlinestarts(code):
            if begin > instruction:
                break
            line = its_line
    return code.co_firstlineno if line is None else line


def _source_of(file, line):
    try:
        return linecache.getline(file, line).strip()
    except Exception:
        return ""


_is_there = partial(is_not, None)
_PLACE = attrgetter("f_code", "f_lasti")


def look(depth=MAX_DEPTH + 1):
    """The stacks of all threads, seen with the GIL: (ident, path, None) of each; a path is (code, instruction), leaf first.

    Where a thread has asked for the GIL, Python gives it up between two instructions (_Py_HandlePending() in
    Python/ceval_gil.c). Then others run on, and what is looked at next is of a later moment. So the look itself has no
    instructions: a single call into C takes its steps. It holds no frame when that is over: frames keep the objects of
    the program alive.
    """
    idents, paths = [], []
    _take(_steps_of_look(idents, paths, depth))
    return list(zip(idents, paths, repeat(None)))


def _steps_of_look(idents, paths, depth):
    frames = []
    to_root = map(chain, map(repeat, map(itemgetter(1), frames), repeat(1)), repeat(repeat("f_back")))
    to_root = map(takewhile, repeat(_is_there), map(accumulate, to_root, repeat(getattr)))
    to_root = map(islice, to_root, repeat(depth))
    return [
        partial(frames.extend, chain.from_iterable(map(dict.items, starmap(sys._current_frames, [()])))),
        partial(paths.extend, map(list, map(map, repeat(_PLACE), to_root))),
        partial(idents.extend, map(itemgetter(0), frames)),
        partial(frames.clear),
    ]


def _take(steps):
    collections.deque(map(partial.__call__, steps), 0)


def _stacks_of(threads):
    """(ident, name, path, was cut, has the GIL) of the threads that run Python code but the agent's."""
    own, active = _get_ident(), threading._active  # not threading.enumerate(): its lock may be held
    stacks = []
    for ident, path, has_gil in threads:
        if path and ident != own and path[-1][0] is not _run_thread.__code__:
            was_cut = len(path) > MAX_DEPTH
            path = path[:MAX_DEPTH] if was_cut else path  # the same list: see Watch._stack_of
            stacks.append((ident, _thread_name(active.get(ident)), path, was_cut, has_gil))
    return stacks


def _leaf_of(path):
    """Where a thread is: (id of code, instruction)."""
    code, instruction = path[0]
    return id(code), instruction


def text_dump():
    """The stacks of all threads, in the words and the order of uWSGI's tracebacker (plugins/python/tracebacker.c)."""
    threads = []
    for _, name, path, _, _ in _stacks_of(look()):
        threads.append((name, [(code.co_filename, _line_at(code, place), code.co_name) for code, place in reversed(path)]))
    # Files are read only now, since reading lets other threads run on.
    for file in {file for _, lines in threads for file, _, _ in lines}:
        _try(linecache.checkcache, file)
    form = "thread_id = %s filename = %s lineno = %d function = %s line = %s\n"
    text = "*** uWSGI Python tracebacker output ***\n\n"
    for name, lines in threads:
        text += "".join(form % (name, file, line, function, _source_of(file, line)) for file, line, function in lines)
        text += "\n"
    return text.encode("utf-8", "backslashreplace")


class Tables:
    """Rows of the stream: each string, frame, stack and thread once, then named by its number."""

    MAX_NODES = 100000  # some 20 MB; a stream whose tables are full ends, and its client may come again

    def __init__(self):
        self.strings, self.frames, self.stacks, self.threads = {}, {}, {}, {}
        self.new_strings, self.new_frames, self.new_stacks, self.new_threads = [], [], [], []
        # (parent stack, id of code, instruction) -> stack. Hashing a code object is slow, hence its id, which stays its
        # own as long as the object lives: `codes` sees to that. Several instructions of a line share a stack.
        self.nodes = {}
        self.codes = {}

    @property
    def full(self):
        return len(self.nodes) >= self.MAX_NODES or len(self.threads) >= self.MAX_NODES // 5

    def stack_of(self, path):
        """Number of the stack of a path, leaf first."""
        nodes = self.nodes
        stack = -1
        for code, instruction in reversed(path):
            key = (stack, id(code), instruction)
            found = nodes.get(key)
            if found is None:
                self.codes[id(code)] = code
                line = _line_at(code, instruction)
                row = _row_of((id(code), line), self.frames, self.new_frames, (code, line))
                found = nodes[key] = _row_of((stack, row), self.stacks, self.new_stacks, (stack, row))
            stack = found
        return stack

    def thread_of(self, name):
        return _row_of(name, self.threads, self.new_threads, name)

    def new_lines(self):
        """Lines for what is new; here files are read."""
        frames = []
        for code, line in self.new_frames:
            function, file = self._string(code.co_name, MAX_NAME), self._string(code.co_filename, MAX_NAME)
            frames.append((function, file, max(0, line), self._string(_source_of(code.co_filename, line), MAX_SOURCE)))
        lines = {
            "strings": self.new_strings,
            "frames": frames and _columns(("function", "file", "line", "source"), frames),
            "stacks": self.new_stacks and _columns(("parent", "frame"), self.new_stacks),
            "threads": [{"worker": 0, "name": _clean(name, MAX_NAME)} for name in self.new_threads],
        }
        self.new_strings, self.new_frames, self.new_stacks, self.new_threads = [], [], [], []
        return [{kind: rows} for kind, rows in lines.items() if rows]

    def _string(self, text, limit):
        text = _clean(text, limit)
        return _row_of(text, self.strings, self.new_strings, text)


def _row_of(key, rows, new, value):
    row = rows.get(key)
    if row is None:
        row = rows[key] = len(rows)
        new.append(value)
    return row


def _columns(names, rows):
    return dict(zip(names, map(list, zip(*rows)))) if rows else {name: [] for name in names}


def _clean(text, limit):
    """What JSON in UTF-8 can say: file names may hold lone surrogates (PEP 383)."""
    return str(text)[:limit].encode("utf-8", "backslashreplace").decode("utf-8")


# ----------------------------------------------------------------------------------------------------------- ticks


class Ticks:
    """Tick k is due at start + (phase + k) / rate. Each tick is in the weight of one dump or in one gap. Pure.

    It is looked at at a random time before tick k + 1 is due: at a fixed one it would lock on to work of the same period. A
    dump that comes late speaks for the ticks whose own time has passed by then, too, and for no other: else what makes dumps
    late would be seen too often.
    """

    CREDIT_S = 1.0  # a dump that is later than this does not speak for the time before

    def __init__(self, rate, start, phase, uniform):
        self.period = 1.0 / rate
        self.first = start + phase * self.period
        self.credit = max(1, int(self.CREDIT_S * rate))
        self.next = 0  # ticks before this one are accounted for
        self.planned = 0  # those before this one are to be looked at, or are not
        self.stride = 1
        self.uniform = uniform
        self.moments = collections.deque()  # when to look at the next ones, in periods after each is due

    def next_time(self):
        """When to look at what is not planned yet."""
        return self.first + self._own_time(self.planned) * self.period

    def _own_time(self, tick):
        """In periods. With a stride, looks are spread over a whole one."""
        return tick + self.stride * (self._moment(tick - self.next) + 0.5) - 0.5

    def plan(self, now, until, most):
        """(the last tick that it is for, the time) of the next looks, up to a time and a number."""
        looks = []
        while len(looks) < most:
            due = self.next_time()
            if due > until:
                break
            self.planned += self.stride
            if due > now:
                looks.append((self.planned - 1, due))
        return looks

    def due_time(self, tick):
        return self.first + tick * self.period

    def due_before(self, now):
        return max(0, math.ceil((now - self.first) / self.period - 1e-9))

    def observe(self, tick, now):
        """A dump at this time, planned for this tick: its tick, its weight, and the ticks before it that nothing covers;
        None where another one has spoken for it.
        """
        begin = self.next
        if tick < begin:
            return None
        passed = (now - self.first) / self.period + 1e-9
        self._go_to(tick + 1)
        self._go_to(self.next + max(0, int((passed - self.next) / self.stride - 1.5)) * self.stride)
        while self._own_time(self.next) <= passed:
            self._go_to(self.next + self.stride)
        weight = min(self.next - begin, max(self.credit, self.stride))
        return self.next - 1, weight, self.next - begin - weight

    def miss(self, now):
        """Ticks up to now that nobody looked at, and that nobody will."""
        begin = self.next
        self._go_to(max(begin, self.due_before(now)))
        return self.next - begin

    def _moment(self, ticks):
        while len(self.moments) <= ticks:
            self.moments.append(self.uniform())
        return self.moments[ticks]

    def _go_to(self, tick):
        for _ in range(min(len(self.moments), tick - self.next)):
            self.moments.popleft()
        self.next = tick
        self.planned = max(self.planned, tick)


# ---------------------------------------------------------------------------------------------- looking with the GIL


class SwitchInterval:
    """sys.setswitchinterval, in microseconds: the least that a stream of Looks wants, what it was when there is none."""

    def __init__(self):
        self.lock = _new_lock()
        self.lows = {}  # stream -> how low it is to be
        self.normal = None

    def begin(self, stream, low):
        with self.lock:
            if not self.lows:
                self.normal = round(sys.getswitchinterval() * 1e6)
            self.lows[stream] = low
            self._apply()

    def end(self, stream):
        with self.lock:
            if self.lows.pop(stream, None) is not None:
                self._apply()

    def end_all(self):
        """In a child, which has none of the streams."""
        self.lock = _new_lock()  # it may have been held
        if self.lows:
            self.lows = {}
            self._apply()

    def _apply(self):
        sys.setswitchinterval((min([self.normal] + list(self.lows.values())) + 0.5) * 1e-6)


_interval = SwitchInterval()


class Looks:
    """Takes pictures with the GIL, where no Camera works.

    It needs the GIL promptly: else it sees only threads that have just given it up. So while there is one, the switch
    interval is low (in seconds). That costs threads that compete for the GIL up to a fifth of their work, and what waits
    for the GIL then is another picture than without.
    """

    reader = None
    most = 1  # pictures of a batch
    pause = staticmethod(_sleep)

    def __init__(self, low):
        _interval.begin(self, low * 1e6)

    def close(self):
        _interval.end(self)

    def aim(self, times):
        self.times = times

    def take(self):
        self.pictures = []
        for due in self.times:
            _sleep(max(0.0, due - _monotonic()))
            self.pictures.append((_monotonic(), look()))

    def hand_over(self):
        """(time, threads as look() has them) of each picture, None for one that was not taken."""
        return self.pictures

    def hurry(self):
        """From another thread: what take() waits for is now."""


# ------------------------------------------------------------------------------------------- looking without the GIL

# How much of a thread is copied. `chunks`, `words`: since Python 3.11, chunks of the stack that its frames lie on, and words of
# each. `frames`: so many are followed one by one, from the leaf.
Extent = collections.namedtuple("Extent", "frames chunks words")
NOTHING = Extent(0, 0, 0)
TORN = Extent(0, 0, 0)  # that is known to be needed where a thread went on while it was copied
SLACK = Extent(4, 0, 200)  # by which a stack may have grown since the last pictures, and still be seen as a whole
SOME_FRAMES, SOME_WORDS = 8, 256  # Each thread is copied as deep as the deepest one wants, and so deep at least,
MANY_FRAMES, MANY_WORDS = 160, 8192  # but all together no more than that, unless they are known to be deeper.
MAX_CHUNK = 2048  # words: what Python allocates, if no frame needs more (DATA_STACK_CHUNK_SIZE in Python/pystate.c)
CHUNK_HEADER = 3  # of them: the chunk before, bytes, and how many words are in use if it is not the last
ADAPT_S = 5.0
MAX_CAMERAS = 8  # each has up to 30 file descriptors, and the program may be short of them
MAX_THREADS = 500
MAX_FRAMES, MAX_WORDS = 8000, 500000  # of a picture
MAX_OPERATIONS, MAX_SIZE = 4000, 65536  # of a batch, if it has several pictures; the latter in words
GENERATOR = 0x20 | 0x80 | 0x100 | 0x200  # generators and coroutines: flags of code objects (inspect.CO_GENERATOR, ...)
READ, WRITE = 0, 1  # IOCB_CMD_PREAD, IOCB_CMD_PWRITE
SYSTEM_CALLS = {"x86_64": (206, 207, 209), "aarch64": (0, 1, 2)}  # io_setup, io_destroy, io_submit

_UNREAD = compile("def unread(): pass", "<tbprof>", "exec").co_consts[0]  # stands for frames that could not be read
_NOT_READ = _UNREAD, 0  # in a path: (code, instruction); of Reader.codes: (code, words of its frames)


_open = set()  # what has file descriptors, of which a child is to have none
_no_fork = _new_lock()  # held where there are some that it does not tell of


class File:
    """A file in memory, mapped."""

    def __init__(self, size):
        with _no_fork:
            self.fd = _system_with_gil.memfd_create(b"tbprof", 1)  # MFD_CLOEXEC
            if self.fd < 0:
                raise OSError("no memfd")
            try:
                if _system_with_gil.ftruncate(self.fd, ctypes.c_long(size)) != 0:
                    raise OSError("no memory for a memfd")
                self.view = mmap.mmap(self.fd, size)
            except BaseException:
                os.close(self.fd)
                raise
            self.address = ctypes.addressof(ctypes.c_char.from_buffer(self.view))
            _open.add(self)

    def close(self):
        with _no_fork:
            if self in _open:
                _open.remove(self)
                self.view.close()
                os.close(self.fd)


class Memory(File):
    """This process's own memory, copied by the kernel: where there is none, that is an answer and no crash."""

    MOST = 512

    def __init__(self):
        File.__init__(self, 8 * self.MOST)
        self.write = _system_with_gil.pwrite
        self.write.argtypes = [ctypes.c_int, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_long]

    def words(self, address, count):
        """The words of 8 bytes at an address, MOST or less; fewer or none where memory ends."""
        count = max(0, self.write(self.fd, address, 8 * count, 0)) // 8
        return struct.unpack_from("<%dQ" % count, self.view)


def _find_layout(memory):
    """Where this interpreter keeps its threads, their frames and who has the GIL: numbers of words in their structures.

    There is no table of versions: what is known of this very thread is looked for, and LookupError is raised where it is
    not found. What is wrong nevertheless shows when a Camera compares its first picture with look().
    """
    frames = []
    try:
        return _find_layout_by(memory, frames)
    finally:
        frames.clear()  # one of them holds this list


def _find_layout_by(memory, frames):
    api, found = _system_with_gil, types.SimpleNamespace()  # the former is the agent's own: others do not see these types
    for function in (api.PyThreadState_Get, api.PyInterpreterState_Head, api.PyInterpreterState_Next):
        function.restype = ctypes.c_void_p
    found.interpreter = api.PyInterpreterState_Head()
    if api.PyInterpreterState_Next(ctypes.c_void_p(found.interpreter)) is not None:
        raise LookupError("several interpreters")

    # A frame: PyFrameObject, since 3.11 the _PyInterpreterFrame that it points to.
    frames.extend(map(sys._getframe, range(3)))  # this one, _find_layout(), who calls that: with no C code in between
    at = [id(frame) if sys.version_info < (3, 11) else memory.words(id(frame) + 24, 1)[0] for frame in frames]
    words = list(zip(*[memory.words(address, 16) for address in at]))
    codes = [id(frame.f_code) for frame in frames]
    found.code = _only("code", (n for n, row in enumerate(words) if [word & ~7 for word in row] == codes))  # 3.14 tags it
    found.back = _only("back", (n for n, row in enumerate(words) if list(row[:2]) == at[1:]))
    if sys.version_info >= (3, 11):  # a pointer into the code; the first frame has gone on since it was copied
        leads = [{row[n] - codes[n] - frames[n].f_lasti for n in (1, 2)} for row in words]
        found.place = _only("place", (n for n, lead in enumerate(leads) if len(lead) == 1 and 0 < min(lead) < 1000))
        lead = leads[found.place].pop()
        found.instruction_of = lambda word, code: word - code - lead
    else:  # an int, in 3.10 the number of an instruction of two bytes
        scale = 2 if sys.version_info >= (3, 10) else 1
        found.place, shift = _only("place", (
            (place, shift) for place, row in enumerate(words) for shift in (0, 32)
            if all((row[n] >> shift & 0xFFFFFFFF) * scale == frames[n].f_lasti for n in (1, 2))
        ))
        found.instruction_of = lambda word, _: -1 if word >> shift & 2**31 else (word >> shift & 0xFFFFFFFF) * scale
    found.specials = 0  # words of a frame, besides its variables; since 3.11 frames lie one above the other
    if sys.version_info >= (3, 11):
        sizes = [(above - frame) // 8 for above, frame in zip(at, at[1:])]
        found.specials = sizes[0] - _variables_of(frames[1].f_code)
        if sizes[1] - _variables_of(frames[2].f_code) != found.specials:
            raise LookupError("the size of a frame is not what was expected")
    found.frame_size = max(found.code, found.back, found.place) + 1

    # A code object, to tell one from what has taken its place.
    words = list(zip(*[memory.words(code, 40) for code in codes[1:]]))
    names = [(id(frame.f_code.co_filename), id(frame.f_code.co_name)) for frame in frames[1:]]
    found.names = [words.index(column) for column in zip(*names)]

    # A thread: PyThreadState. Its frame is this one, as long as write() is called from here (and not by memory.words()); in
    # 3.11 and 3.12 it is in a structure that the thread points to (_PyCFrame). Threads are in a list, the newest first.
    address = api.PyThreadState_Get()
    size = memory.write(memory.fd, address, 1024, 0) // 8
    thread = struct.unpack_from("<%dQ" % size, memory.view)
    found.ident, found.of = thread.index(_get_ident()), thread.index(found.interpreter)
    found.next, found.previous = found.of - 1, found.of - 2
    found.via = found.frame = found.stack = None
    if at[0] in thread:
        found.frame = thread.index(at[0])
    else:
        for n, word in enumerate(thread):
            if memory.write(memory.fd, word, 24, 0) == 24 and at[0] in struct.unpack_from("<3Q", memory.view):
                found.via, found.frame = n, struct.unpack_from("<3Q", memory.view).index(at[0])
                break
        else:
            raise LookupError("frame is not found")
    if sys.version_info >= (3, 11):  # the last chunk of its stack, the top, the end
        found.stack = _only("stack", (
            n for n, (chunk, top, end) in enumerate(zip(thread, thread[1:], thread[2:]))
            if chunk < at[0] < top <= end and memory.words(chunk, 2)[1:] == (end - chunk,)
        ))
    top = 0 if found.stack is None else found.stack + 1
    found.thread_size = max(found.ident, found.of, top, found.frame if found.via is None else found.via) + 1
    found.gil = _find_gil(memory, address)
    found.own_thread = api.PyThreadState_Get
    return found


def _variables_of(code):
    """Words of its frame for variables and the values it computes with; a cell may be an argument's place, too."""
    cells = set(code.co_cellvars) - set(code.co_varnames)
    return len(code.co_varnames) + len(cells) + len(code.co_freevars) + code.co_stacksize


def _only(what, places):
    places = list(places)
    if len(places) != 1:
        raise LookupError("%s is found at %d places" % (what, len(places)))
    return places[0]


def _find_gil(memory, thread):
    """The address of what tells who has the GIL (_gil_runtime_state, after the switch interval; Python/ceval_gil.h, since
    3.12 in the state of the main interpreter, a part of the runtime's): the thread that had it last, and whether it still
    has.
    """
    state = struct.pack("<QQi", round(sys.getswitchinterval() * 1e6), thread, 1)
    base = ctypes.addressof(ctypes.c_char.in_dll(ctypes.pythonapi, "_PyRuntime"))
    runtime = b""
    while len(runtime) < 1 << 20:
        words = memory.words(base + len(runtime), 512)
        runtime += struct.pack("<%dQ" % len(words), *words)
        if state in runtime:
            return base + runtime.index(state) + 8
        if len(words) < 512:
            break
    raise LookupError("who has the GIL is not found")


class Queue:
    """Where the kernel tells what became of the operations of a Program (aio_context_t)."""

    def __init__(self):
        if not sys.platform.startswith("linux") or os.uname().machine not in SYSTEM_CALLS:
            raise LookupError("io_submit is not known here")
        if _is_filtered() and "INVOCATION_ID" in os.environ:  # by systemd, whose filters kill; those of containers refuse
            raise LookupError("a filter of system calls")
        self.setup, self.destroy, self.call = SYSTEM_CALLS[os.uname().machine]
        self.size = 0
        self.contexts = []

    def make_room(self, number, share):
        """For so many operations; OSError where there is none. It is of all processes together, and a database may need it:
        half of it is left to others, and this share of the rest is taken at most.
        """
        if number <= self.size:
            return
        taken, all_there_is = map(_number_in, ("/proc/sys/fs/aio-nr", "/proc/sys/fs/aio-max-nr"))
        most = int((all_there_is // 2 - taken) * share)
        if number > most:
            raise OSError("fs.aio-max-nr is %d, and %d of them are in use" % (all_there_is, taken))
        number = min(most, max(number, min(4 * self.size, max(MAX_OPERATIONS, self.size * 5 // 4))))
        context = ctypes.c_ulong()
        if _system_with_gil.syscall(self.setup, number, ctypes.byref(context)) != 0:
            raise OSError("io_setup")
        self.size = number
        self.contexts.append(context)  # the former one stays: to destroy it takes up to 0.1 s

    def close(self):
        contexts, self.contexts = self.contexts, []
        if contexts:
            _try(_start_real_thread, self._destroy, contexts)  # nobody is to wait for that; at the exit the kernel does it

    def _destroy(self, contexts):
        for context in contexts:
            _system.syscall(self.destroy, context)


def _number_in(path):
    with open(path) as file:
        return int(file.read())


class Program:
    """A list of operations for io_submit(2), done again and again, and the file in memory that they copy to; places in it are
    numbers of words.

    The kernel does one after the other, within the call. To write to the file from an address is to copy what is there, or
    to do nothing where nothing is. And to read from the file into the next operation of the list, as its address, is to
    follow a pointer. Each round begins with reading from other descriptors, into the first words of the file: to read a
    timer is to wait for it. At its end all of the file is copied to where the round's copy is kept.
    """

    def __init__(self, queue, waits):
        self.queue = queue
        self.waits = waits  # of each round, the descriptors: something can be read from them in time, up to 8 bytes
        self.operations = []  # opcode, address, bytes, place of words
        self.blank = bytearray(8 * len(waits[0]))
        self.files = []

    @property
    def size(self):
        """Of the file, in words."""
        return len(self.blank) // 8

    def room(self, words, blank=bytes(8)):
        """The place of so many words, and what each of them is where nothing is copied to it."""
        self.blank += blank * words
        return self.size - words

    def copy(self, address, words, place):
        self.operations.append((WRITE, address, 8 * words, place))

    def follow(self, pointer, words, place):
        """Copies from where the pointer at one place leads, to another place."""
        self.operations.append((READ, None, 8, pointer))
        self.copy(0, words, place)

    def build(self, share=1.0):
        """OSError where this system cannot."""
        width, rounds, size = len(self.waits[0]), len(self.waits), 8 * self.size
        self.length = width + 1 + len(self.operations) + 1
        self.queue.make_room(self.length * rounds, share)
        for its_size in (size, size * rounds):  # one by one: where there is no memory for the second, the first is closed
            self.files.append(File(its_size))
        file, kept = self.files
        self.iocbs = ctypes.create_string_buffer(64 * (1 + len(self.operations) + rounds * (width + 1)))
        base = ctypes.addressof(self.iocbs)
        number = 0

        def add(opcode, fd, address, size, offset):
            nonlocal number
            struct.pack_into("<16xHxxIQQq16x", self.iocbs, 64 * number, opcode, fd, address, size, offset)
            number += 1
            return base + 64 * (number - 1)

        blank = ctypes.addressof(ctypes.c_char.from_buffer(self.blank)) + 8 * width
        each = [add(WRITE, file.fd, blank, size - 8 * width, 8 * width)]
        for opcode, address, amount, place in self.operations:
            address = base + 64 * (number + 1) + 24 if address is None else address  # aio_buf of the next one
            each.append(add(opcode, file.fd, address, amount, 8 * place))
        pointers = []
        for n, waits in enumerate(self.waits):
            pointers += [add(READ, fd, file.address + 8 * place, 8, 0) for place, fd in enumerate(waits)]
            pointers += each
            pointers.append(add(WRITE, kept.fd, file.address, size, n * size))
        self.pointers = (ctypes.c_void_p * len(pointers))(*pointers)

    def run(self, rounds):
        """Without the GIL."""
        self._submit(0, rounds * self.length, _system)

    def run_at_once(self):
        """One round with the GIL, and without a wait."""
        self._submit(len(self.waits[0]), self.length, _system_with_gil)

    def _submit(self, begin, end, system):
        """All but what the kernel refuses, such as an address that can be none."""
        context = self.queue.contexts[-1]
        ring = (ctypes.c_uint * 4).from_address(context.value)  # struct aio_ring: id, nr, head, tail
        while begin < end:
            pointers = ctypes.byref(self.pointers, 8 * begin)
            done = system.syscall(self.queue.call, context, ctypes.c_long(end - begin), pointers)
            ring[2] = ring[3]  # what became of them is not needed
            begin += max(0, done) + 1

    def kept(self, rounds):
        """What the file was at the end of each of the last rounds."""
        view, size = self.files[1].view, 8 * self.size
        return [view[n * size : (n + 1) * size] for n in range(rounds)]

    def close(self):
        for file in self.files:
            file.close()


class Timers:
    """What pictures wait for, and a clock to tell when they were taken; Linux can read these in a Program since 6.10."""

    CLOCK_NS = 100000

    def __init__(self):
        self.timers = []
        with _no_fork:
            self.clock = _new_timer(0o4000)  # O_NONBLOCK: to read it is to ask how often it has expired
            _open.add(self)

    def close(self):
        with _no_fork:
            if self in _open:
                _open.remove(self)
                timers, self.timers = self.timers, []
                for timer in timers + [self.clock]:
                    os.close(timer)

    def work(self, queue):
        program = Program(queue, [(self.clock,)])
        try:
            program.build()
            _set_timer(self.clock, 0.000001)
            program.run(1)
            return program.kept(1) != [bytes(8)]
        finally:
            program.close()

    def of(self, picture):
        while len(self.timers) <= picture:
            with _no_fork:
                self.timers.append(_new_timer())
        return self.timers[picture], self.clock

    def aim(self, times):
        self.began = _monotonic()
        _set_timer(self.clock, self.began, self.CLOCK_NS)
        for timer, time_s in zip(self.timers, times):
            _set_timer(timer, time_s)

    def times(self, copies, planned):
        """When pictures were taken, by what was read of the clock. None for one that was not waited for, since it was to be
        over.
        """
        clock_s = self.CLOCK_NS * 1e-9
        taken = [self.began + ticks * clock_s for ticks in accumulate(struct.unpack_from("<Q", copy, 8)[0] for copy in copies)]
        return [max(now, due) if now > due - 2 * clock_s else None for now, due in zip(taken, planned)]

    def hurry(self):
        for timer in self.timers:
            _set_timer(timer, 0.000001)


def _new_timer(flags=0):
    timer = _system_with_gil.timerfd_create(1, 0o2000000 | flags)  # CLOCK_MONOTONIC, TFD_CLOEXEC
    if timer < 0:
        raise OSError("no timer")
    return timer


def _set_timer(timer, time_s, every_ns=0):
    # struct itimerspec: seconds and nanoseconds between expirations, and of the first; TFD_TIMER_ABSTIME
    times = struct.pack("4l", 0, every_ns, int(time_s), int(time_s % 1.0 * 1e9))
    _system_with_gil.timerfd_settime(timer, 1, times, None)


class Timeouts:
    """The same for older kernels: sockets at which nothing ever comes. Their timeouts are in ticks of the kernel's clock
    (1 to 10 ms), and how late one is is not known.
    """

    COARSE = 6  # CLOCK_MONOTONIC_COARSE: the time of the last of these ticks

    def __init__(self):
        self.sockets = []
        self.end = math.inf
        self.tick = time.clock_getres(self.COARSE)
        _open.add(self)

    def close(self):
        _open.discard(self)
        for sock in self.sockets:
            sock.close()

    def of(self, picture):
        while len(self.sockets) <= picture:
            with _no_fork:
                self.sockets.append(_socket.socket(_socket.AF_UNIX, _socket.SOCK_DGRAM))
        return (self.sockets[picture].fileno(),)

    def aim(self, times):
        self.at = [time.clock_gettime(self.COARSE)]
        for sock, time_s in zip(self.sockets, times):
            ticks = max(1, round((time_s - self.at[-1]) / self.tick))
            timeout = struct.pack("ll", int(ticks * self.tick), int(ticks * self.tick % 1.0 * 1e6))
            sock.setsockopt(_socket.SOL_SOCKET, _socket.SO_RCVTIMEO, timeout)
            self.at.append(self.at[-1] + ticks * self.tick)

    def times(self, _, planned):
        return [max(at, due) if at < self.end else None for at, due in zip(self.at[1:], planned)]

    def hurry(self):
        self.end = _monotonic()
        for sock in self.sockets:
            _try(sock.shutdown, _socket.SHUT_RDWR)


_cameras = set()  # of this process


class Camera:
    """Takes pictures of all threads at certain moments, without the GIL, and so that the program does not notice.

    An agent that waits for the GIL sees threads when they let it have the GIL, which is not what they do at a random
    moment; and they wait for it. But all that a picture needs is memory, which the kernel can copy: a batch of pictures is
    one Program. The GIL is given up once for it, and after it is taken when it is to be had.
    """

    most = 24  # pictures of a batch: for each there is a timer

    def __init__(self, reader):
        self.reader = reader
        self.program = self.shape = self.queue = self.memory = self.waits = None
        _cameras.add(self)

    def close(self):
        _cameras.discard(self)
        for part in (self.program, self.waits, self.queue, self.memory):
            if part is not None:
                part.close()

    def check(self, number):
        """LookupError where a picture is not what Python says; in a batch there are to be so many of them."""
        self.queue = Queue()
        self.memory = Memory()
        self.waits = Timers()
        if not self.waits.work(self.queue):
            self.waits.close()
            self.waits = Timeouts()
        for _ in range(20):  # it has to find how deep stacks are; and other threads may run on in between
            self._prepare(number)
            expected = self._others(look())
            self.program.run_at_once()
            seen = self._others(self.reader.threads(self.shape, *self.program.kept(1)) or [])
            are_same = seen.keys() == expected.keys() and all(_agree(seen[ident], expected[ident]) for ident in seen)
            if are_same and self.shape.version == self.reader.version:
                return
        if are_same:
            return
        raise LookupError("pictures are not what Python says")

    @staticmethod
    def _others(threads):
        apart = _own_idents | {_get_ident()}
        return {ident: path for ident, path, _ in threads if path and ident not in apart}

    def aim(self, times):
        """At the next moments, as _monotonic() has them."""
        self._prepare(len(times))
        self.times = times[: len(self.program.waits)]
        self.waits.aim(self.times)

    def take(self):
        self.program.run(len(self.times))

    def pause(self, seconds):
        """With the GIL."""
        _system_with_gil.usleep(int(seconds * 1e6))

    def hurry(self):
        """From another thread: what take() waits for is now."""
        self.waits.hurry()

    def hand_over(self):
        """(time, threads as look() has them) of each, None for one that was not taken; to be read by one thread only."""
        copies = self.program.kept(len(self.times))
        return self.reader.pictures(self.shape, self.waits.times(copies, self.times), copies)

    def _prepare(self, number):
        """A program for so many pictures, unless there is one."""
        shape, number = self.shape, min(number, self.most)
        if shape is not None and shape.version == self.reader.version and number <= len(self.program.waits):
            return
        chain = self._chain()
        if len(chain) > MAX_THREADS:
            raise LookupError("more than %d threads" % MAX_THREADS)
        wanted = self.reader.wanted_for([ident for _, ident in chain])
        operations, words = self.reader.cost_of(wanted)
        self.most = max(1, min(Camera.most, MAX_OPERATIONS // operations, MAX_SIZE // words))
        number = min(self.most, -(-number // 8) * 8)  # some more, so that it fits for long
        while not self._build(chain[0][0], wanted, number):
            number = self.most = number // 2

    def _build(self, oldest, wanted, number):
        """False where this system has no room for so many."""
        if self.program is not None:
            self.program.close()
        self.program = Program(self.queue, [self.waits.of(picture) for picture in range(number)])
        try:
            self.shape = Shape(self.reader, oldest, wanted, self.program)
            self.program.build(1.0 if number == 1 else 0.25)
        except OSError:
            if number == 1:
                raise
            return False
        return True

    def _chain(self):
        """(address, ident) of all threads, the oldest first; or of so many that they are too many."""
        layout, address, chain = self.reader.layout, self.reader.layout.own_thread(), []
        for _ in range(MAX_THREADS + 1):  # where threads end meanwhile, what is read may lead in a circle
            if not address:
                break
            oldest, address = address, self.memory.words(address, layout.thread_size)[layout.next]
        while oldest and len(chain) <= MAX_THREADS:
            thread = self.memory.words(oldest, layout.thread_size)
            chain.append((oldest, thread[layout.ident]))
            oldest = thread[layout.previous]
        return chain


# What is where of one attempt to copy a thread: numbers of words.
Attempt = collections.namedtuple("Attempt", "thread pointer chunks frames end extent")
# Who has the GIL, and its thread.
Holder = collections.namedtuple("Holder", "gil attempt")


class Shape:
    """What is where in a picture.

    A thread that runs goes on while it is copied, and then what was copied may not fit together. That is who has the GIL, or
    gets it meanwhile: so it is copied first and last, and once as one of all.
    """

    def __init__(self, reader, oldest, wanted, program):
        self.version = reader.version
        self.oldest = oldest
        self.layout = reader.layout
        self.blank = struct.pack("<Q", reader.nowhere)
        most = _most_of(*wanted)
        self.begin = self._add_holder(program, most)
        self.threads, previous = [], None
        for extent in wanted:
            self.threads.append(self._add_attempt(program, previous, extent))
            previous = self.threads[-1].thread + self.layout.previous
        self.end = self._add_holder(program, most)

    def _add_holder(self, program, extent):
        gil = program.room(2)
        program.copy(self.layout.gil, 2, gil)
        return Holder(gil, self._add_attempt(program, gil, extent))

    def _add_attempt(self, program, link, extent):
        """Of the thread that a pointer leads to; without one, of the oldest."""
        layout, room = self.layout, partial(program.room, blank=self.blank)
        thread = room(layout.thread_size)
        if link is None:
            program.copy(self.oldest, layout.thread_size, thread)
        else:
            program.follow(link, layout.thread_size, thread)
        pointer = thread + layout.frame
        if layout.via is not None:
            structure = room(3)
            program.follow(thread + layout.via, 3, structure)
            pointer = structure + layout.frame
        chunks = room(extent.chunks * extent.words)
        frames = room(extent.frames * layout.frame_size)
        link = thread + (layout.stack or 0)
        for chunk in range(chunks, frames, extent.words or 1):
            program.follow(link, extent.words, chunk)
            link = chunk  # its first word is where the chunk before is
        link = pointer
        for frame in range(frames, program.size, layout.frame_size):
            program.follow(link, layout.frame_size, frame)
            link = frame + layout.back
        return Attempt(thread, pointer, chunks, frames, program.size, extent)


class Copied:
    """Finds frames in what an attempt has copied, by the addresses that they had."""

    def __init__(self, layout, attempt, words, nowhere):
        self.layout, self.attempt, self.words = layout, attempt, words
        self.outside = 0  # how many frames had to be followed, from the leaf, to come to the last one that is in no chunk
        self.chunks = []  # (address of the chunk, the last one at which a frame can have been copied, place of the former)
        address = words[attempt.thread + (layout.stack or 0)]
        self.root = None if address else 0  # where the outermost frame is; None: in no chunk that was copied; 0: there is none
        for place in range(attempt.chunks, attempt.frames, attempt.extent.words or 1):
            if words[place] == nowhere:  # the chunk is not there any more
                break
            self.chunks.append((address, address + 8 * (attempt.extent.words - layout.frame_size), place))
            if words[place] == 0:  # then it is the first one, and leaves out a word (push_chunk() in Python/pystate.c)
                self.root = address + 8 * (CHUNK_HEADER + 1)
                break
            address = words[place]

    def find(self, frame):
        """(its chunk, its place), both None where it is in none or was not copied."""
        for chunk, last, place in self.chunks:
            if chunk <= frame <= last:
                return chunk, place + (frame - chunk >> 3)
        return None, None

    def place_outside(self, frame, number):
        """Of a frame that is in no chunk, the one with this number from the leaf; None where it was not copied."""
        size = self.layout.frame_size
        place = self.attempt.frames + (number - 1) * size
        link = place - size + self.layout.back if number > 1 else self.attempt.pointer
        if place >= self.attempt.end or self.words[link] != frame:
            return None
        self.outside = number
        return place

    def needed_for(self, frames):
        """The Extent that these can be read with."""
        chunks = words = 0
        for number, (address, last, _) in enumerate(self.chunks, 1):
            highest = next((frame for frame in frames if address <= frame <= last), None)  # who is called is above who calls
            if highest is not None:
                chunks, words = number, max(words, (highest - address) // 8 + self.layout.frame_size)
        return Extent(self.outside, chunks, words)

    def wanted_for(self, frame, frames, most):
        """The Extent that a frame could have been read with, after others; if that is more than most, what these need."""
        needed, extent = self.needed_for(frames), self.attempt.extent
        for address, _, place in self.chunks:
            words = (frame - address) // 8 + self.layout.frame_size
            if frame >= address and words <= min(self.words[place + 1] // 8, most.words):
                return needed._replace(words=words)
        if self.root is None and len(self.chunks) < extent.chunks or len(frames) < extent.frames:
            return TORN
        if self.root is None and len(self.chunks) < most.chunks:
            return needed._replace(chunks=2 * len(self.chunks))
        return needed._replace(frames=2 * (len(frames) + 1)) if len(frames) < most.frames else needed

    def has_no_more_than(self, frames):
        """Whether these are all frames of the stack; False where that is not known."""
        top = self.words[self.attempt.thread + (self.layout.stack or 0) + 1]
        return self.root is not None and (top <= self.root or self.root in frames)


class Codes(dict):
    """By their addresses: (code object, or False where it is none that anybody wants to see; words of its frames); _NOT_READ
    where there is none.
    """

    def __init__(self, memory, layout):
        dict.__init__(self)
        self.memory, self.layout = memory, layout
        self[id(None)] = False, 0  # since 3.13, where C code calls Python code

    def __missing__(self, address):
        words = self.memory.words(address, 40)
        # The number of references of what is not in use is another one, mostly a pointer (3.14 has flags in its upper bits).
        if len(words) < 40 or words[1] != id(types.CodeType) or words[0] & 0xFFFFFFFF == 0 or words[0] >> 32 & 0xFFFF > 1:
            return _NOT_READ
        if any(self.memory.words(words[n], 2)[1:] != (id(str),) for n in self.layout.names):
            return _NOT_READ
        code = self._take_reference(address, words[: max(self.layout.names) + 1])
        if code is None:
            return _NOT_READ
        # "<shim>": in 3.12, where C code calls Python code, and where a class makes an object.
        self[address] = code.co_filename != "<shim>" and code, _variables_of(code) + self.layout.specials
        return self[address]

    def _take_reference(self, address, words):
        """The object at an address, None where these words are not there any more: since they were read, other threads may
        have run, and freed it. So one call into C both compares them again and takes the reference (see look()).
        """
        expected, pointer = struct.pack("<%dQ" % len(words), *words), ctypes.c_void_p(address)
        counts = starmap(self.memory.write, [(self.memory.fd, address, len(expected), 0)])
        are_same = map(expected.__eq__, map(self.memory.view.__getitem__, map(slice, counts)))
        return next(map(attrgetter("value"), compress([ctypes.py_object.from_buffer(pointer)], are_same)), None)


class Reader:
    """Makes threads and their paths of what Cameras have copied; knows how much of each thread they are to copy.

    What was copied is not to be trusted: a thread may have gone on between two copies. What is no code object, and what
    leads to where nothing was copied from, is shown as `unread`.
    """

    def __init__(self):
        self.memory = Memory()
        try:
            self.layout = _find_layout(self.memory)
        except BaseException:
            self.memory.close()
            raise
        self.codes = Codes(self.memory, self.layout)
        self.last = {}  # ident -> (the bytes of its frames, what _walk() made of them): most threads do not move
        some = Extent(SOME_FRAMES, 0, 0) if self.layout.stack is None else Extent(0, 1, SOME_WORDS)
        self.some = self.least = self.most = some  # for each thread, where none wants more; now; and at most
        self.wanted = {}  # ident -> Extent
        self.spare = 1  # threads that may be new
        self.version = 0  # of how much is to be copied
        self.needed, self.adapted = {}, _monotonic()  # ident -> Extent, since then
        self.entries = {}  # see _before()
        size = self.layout.thread_size + self.layout.frame_size
        self.buffer = (ctypes.c_ulong * size)()
        self.nowhere = ctypes.addressof(self.buffer)  # where pointers lead that lead nowhere: to itself, without a fault
        self.buffer[:] = [self.nowhere] * size

    def close(self):
        self.memory.close()

    def adapt(self):
        """Wants what was needed since the last time, if that is much less: what is too little is wanted at once."""
        needed = self._bounded({ident: _with_slack(extent) for ident, extent in self.needed.items()})
        costs = zip(self.cost_of(needed.values()), self.cost_of(self.wanted.values()))
        if any(1.2 * less < much for less, much in costs):
            self.wanted = needed
            self.version += 1
        self.last = {ident: last for ident, last in self.last.items() if ident in self.needed}
        self.needed, self.adapted = {}, _monotonic()
        self.entries = {}

    def cost_of(self, extents):
        """(operations, words) of a picture."""
        layout, extents = self.layout, list(extents)
        extents += 2 * [_most_of(*extents)]  # see Shape
        operations = 6 + sum(2 * frames + 2 * chunks + 4 for frames, chunks, _ in extents)
        size = layout.thread_size + 3
        words = 6 + sum(size + frames * layout.frame_size + chunks * words for frames, chunks, words in extents)
        return operations, words

    def wanted_for(self, idents):
        """The Extents of threads, and of those that may begin: none of the agent's own is looked at."""
        self.wanted = self._bounded({ident: self.wanted.get(ident, NOTHING) for ident in idents if ident not in _own_idents})
        wanted = [self.wanted.get(ident, NOTHING) for ident in idents] + [self.least] * self.spare
        # Who ends gives its place to the next. The agent's own seldom end: they need not show who comes after.
        return [_most_of(*pair) if pair[0] != NOTHING else NOTHING for pair in zip(wanted, wanted[1:] + [NOTHING])]

    def _bounded(self, wanted):
        """Threads of a program do the same, mostly: one may come to be as deep as another is, as far as that is cheap."""
        number = len(wanted) + 2
        frames, chunks, words = _most_of(self.some, *wanted.values())
        self.least = Extent(min(frames, MANY_FRAMES // number), min(chunks, 1), min(words, MANY_WORDS // number))
        most_words = min(MAX_CHUNK, MAX_WORDS // number)
        most_frames = min(MAX_DEPTH + SLACK.frames, MAX_FRAMES // number)
        most_chunks = 0 if self.layout.stack is None else max(1, MAX_WORDS // number // MAX_CHUNK)
        self.most = Extent(most_frames, most_chunks, most_words)
        return {ident: _least_of(self.most, _most_of(self.least, extent)) for ident, extent in wanted.items()}

    def pictures(self, shape, times, copies):
        if _monotonic() - self.adapted > ADAPT_S:
            self.adapt()
        for time_s, copied in zip(times, copies):
            threads = None if time_s is None else self.threads(shape, copied)
            yield None if threads is None else (time_s, threads)

    def threads(self, shape, copied):
        """(ident, path, has the GIL) of each; None where these are not the threads that the shape was made for."""
        layout, words = self.layout, memoryview(copied).cast("Q")
        holder = words[shape.begin.gil] if words[shape.begin.gil + 1] & 0xFFFFFFFF else 0
        address, threads = shape.oldest, []
        for attempt in shape.threads:
            thread = attempt.thread
            if words[thread + layout.of] == self.nowhere:  # nothing was copied
                return None
            if words[thread + layout.of] != layout.interpreter:  # it has ended meanwhile
                if address != shape.oldest:
                    return None
                break
            ident = words[thread + layout.ident]
            if ident not in _own_idents:
                if attempt.extent == NOTHING:  # it has the place of one of the agent's, or was one
                    return self._outdate(shape)
                its_attempts = [
                    held for gil, held in (shape.begin, shape.end)
                    if words[gil] == address and words[held.thread + layout.ident] == ident
                ] + [attempt]
                threads.append((ident, self._path(ident, its_attempts, shape, copied, words), address == holder))
            address = words[thread + layout.previous]
            if address == 0:
                return threads
        if shape.version == self.version:  # there are more threads, or the oldest one has ended
            self.spare = min(2 * self.spare, 16)
        return self._outdate(shape)

    def _outdate(self, shape):
        """The next pictures are to be of another shape."""
        if shape.version == self.version:
            self.version += 1

    def _path(self, ident, attempts, shape, copied, words):
        """A path as look() has it, the best that there is; the last attempt is the one that all threads have."""
        needed, paths = self.needed.get(ident, NOTHING), []
        for attempt in attempts:
            path, is_whole, extent = self._attempt(ident, attempt, copied, words)
            needed = _most_of(needed, extent)
            paths.append(path)
            if is_whole:
                break
        else:
            # Before 3.11, a generator is the outermost frame where all attempts say so.
            is_certain = path and self.layout.stack is None and paths.count(path) == len(paths)
            if path[-1:] != [_NOT_READ] and not is_certain:
                path.append(_NOT_READ)
        self.needed[ident] = needed
        wanted = _least_of(self.most, _with_slack(needed))
        if not _is_enough(attempts[-1].extent, wanted):
            self.wanted[ident] = _most_of(wanted, self.wanted.get(ident, NOTHING))
            self._outdate(shape)
        return path

    def _attempt(self, ident, attempt, copied, words):
        """A path; whether it seems to be whole, not of a thread that went on while it was copied; and what it needed."""
        if words[attempt.pointer] == 0:  # no Python code
            return [], True, NOTHING
        key = words[attempt.pointer], copied[8 * attempt.chunks : 8 * attempt.end]
        last = self.last.get(ident)
        if last is not None and last[0] == key:
            return last[1]
        result = self._walk(attempt, words)
        if result[2] is not TORN:
            self.last[ident] = key, result
        return result

    def _walk(self, attempt, words):
        layout, nowhere = self.layout, self.nowhere
        copied, path, frames, frame = Copied(layout, attempt, words, nowhere), [], [], words[attempt.pointer]
        is_whole, above = frame != nowhere, None
        while frame != 0 and frame != nowhere and len(frames) <= MAX_DEPTH:
            chunk, place = copied.find(frame)
            if place is None:
                place = copied.place_outside(frame, len(frames) + 1)
            if place is None:
                before = self._before(frame, above, copied) if is_whole else None
                if before is None:
                    wanted = copied.wanted_for(frame, frames, self.most) if is_whole else TORN
                    return path + [_NOT_READ], False, wanted
                frames.append(frame)
                frame = before
                continue
            if layout.stack is None and words[place] == 0:  # it is free, and leads along Python's list of free ones
                return path, False, TORN
            address = words[place + layout.code] & ~7
            code, size = self.codes[address]
            if code is _UNREAD:
                is_whole = False
            elif chunk is not None:
                if above is not None and not _is_below(frame, size, chunk, *above):
                    return path, False, TORN
                above = frame, chunk
            frames.append(frame)
            if code is not False:
                path.append((code, layout.instruction_of(words[place + layout.place], address)))
            frame = words[place + layout.back]
        if len(frames) > MAX_DEPTH >= len(set(frames)):  # what was copied leads back to itself
            return path[:1], False, TORN
        if frame == 0 and path:  # a generator that has given its value leads no further: that may be a part only
            is_end = copied.has_no_more_than(frames) if layout.stack is not None else not path[-1][0].co_flags & GENERATOR
            is_whole = is_whole and is_end
        return path, is_whole, copied.needed_for(frames) if is_whole else TORN

    def _before(self, entry, above, copied):
        """The frame before a frame that was not copied, if that is of C code that calls Python code: since 3.12 these are on the
        C stack. It is read only now, so it is believed only if what it leads to lies right below `above`. Else None.
        """
        if above is None:
            return None
        before = self.entries.get(entry)
        if not self._fits(before, above, copied):
            words = self.memory.words(entry, self.layout.frame_size)
            is_entry = len(words) == self.layout.frame_size and self.codes[words[self.layout.code] & ~7][0] is False
            before = words[self.layout.back] if is_entry else None
            if not self._fits(before, above, copied):
                return None
            self.entries[entry] = before
        return before

    def _fits(self, before, above, copied):
        if not before:
            return before == 0 and above[0] == copied.root
        chunk, place = copied.find(before)
        if place is None:
            return False
        address = copied.words[place + self.layout.code] & ~7
        _, size = self.codes[address]
        return _is_below(before, size, chunk, *above)



def _is_below(frame, size, chunk, above, its_chunk):
    """Frames of a stack follow one another; what does not fit into a chunk begins the next one."""
    return above == (frame + 8 * size if chunk == its_chunk else its_chunk + 8 * CHUNK_HEADER)


def _agree(path, expected):
    """Whether they are the same, as far as they could be read."""
    if path[-1][0] is _UNREAD:
        path, expected = path[:-1], expected[: len(path) - 1]
    return path[:MAX_DEPTH] == expected[:MAX_DEPTH]


# Cached, since they are asked about each thread of each picture, and the answers are few.
@lru_cache(100)
def _most_of(*extents):
    return Extent(*map(max, NOTHING, *extents))


@lru_cache(100)
def _least_of(*extents):
    return Extent(*map(min, *extents))


@lru_cache(100)
def _with_slack(extent):
    return Extent(*[need + slack if need else 0 for need, slack in zip(extent, SLACK)])


@lru_cache(100)
def _is_enough(extent, wanted):
    """Not where half of the slack is used up."""
    return all(want <= has + slack // 2 for want, has, slack in zip(wanted, extent, SLACK))


def _eyes(low, number, batch):
    """What a stream looks with, and why it is not Cameras where it is not; `low` as Looks have it."""
    try:
        return _new_cameras(number, batch), None
    except Exception as why:
        return [Looks(low)], _clean(why, MAX_SOURCE) or type(why).__name__


def _new_cameras(number, batch):
    """Each takes pictures while the others wait for the GIL, so that C code that keeps it hides nothing."""
    if os.environ.get("TBPROF_WITH_GIL"):
        raise LookupError("TBPROF_WITH_GIL is set")
    if ctypes is None or sys.implementation.name != "cpython" or sys.maxsize < 2**32 or sys.byteorder != "little":
        raise LookupError("not CPython of 64 bits with ctypes")
    if len(_cameras) + number > MAX_CAMERAS:
        raise LookupError("%d others are at it" % len(_cameras))
    eyes = [Reader()]
    try:
        for _ in range(number):
            eyes.append(Camera(eyes[0]))
            eyes[-1].check(batch)
        return eyes[1:]
    except BaseException:
        for eye in eyes:
            eye.close()
        raise


# -------------------------------------------------------------------------------------------------------- CPU time


class CpuClocks:
    """CPU time of samples: what threads use at the place where they are, scaled to what their clocks say.

    The clock's advance since the last sample would not do: of 3 ms of computing before 7 ms of sleep, nearly all would be
    ascribed to the sleep. So who has the GIL computes, and of the others it is measured: for a moment, in each batch, the
    agent keeps the GIL and waits. Who runs meanwhile runs C code without the GIL at the place where it is (to hash: 1;
    to sleep, to wait for the GIL: 0). Where it is not known who has the GIL, nobody can keep it: then all go on in that
    moment. Last, the shares of each thread are scaled so that their sum follows its clock.
    """

    WINDOW_S = 0.00005  # it sleeps, since who could run meanwhile may need its CPU; with less of it that showed
    MEMORY = 0.99  # per batch, of the sums that the scale is made from

    def __init__(self, period, pause):
        self.period = period
        self.pause = pause  # waits for so many seconds
        self.clocks = {}  # ident -> Clock
        self.places = {}  # (id of code, instruction) -> [seconds run, seconds passed]
        self.anywhere = [0.0, 1e-9]  # all places together, for those that are not known yet

    def times(self, samples, active):
        """Microseconds of CPU for each (ident, place, has the GIL, weight) of a batch, -1 where they are not known."""
        self._update({ident for ident, _, _, _ in samples}, active)
        if any(clock.has_run for clock in self.clocks.values()):
            self._learn()
        by_clock, times = {}, [-1] * len(samples)
        for number, (ident, place, has_gil, weight) in enumerate(samples):
            clock = self.clocks[ident]
            if clock.now is not None:
                share = (1.0 if has_gil else self._share(place)) if clock.has_run else 0.0
                by_clock.setdefault(clock, []).append((number, share * weight * self.period))
        for clock, shares in by_clock.items():
            scaled = clock.scaled([seconds for _, seconds in shares], self.MEMORY)
            for (number, _), seconds in zip(shares, scaled):
                times[number] = int(seconds * 1e6 + 0.5)
        return times

    def _update(self, idents, active):
        """Of the threads that were seen; a thread may have the ident of one that has ended."""
        clocks = {}
        for ident in idents:
            clock = self.clocks.get(ident)
            clocks[ident] = clock if clock and clock.thread is active.get(ident) else Clock(ident, active.get(ident))
        self.clocks = clocks
        said = _read_clocks(clocks.values())
        for clock in clocks.values():
            clock.go_on(said.get(clock))

    def _learn(self):
        where = {ident: _leaf_of(path) for ident, path, _ in look(1) if path}
        clocks = [(clock, where[ident]) for ident, clock in self.clocks.items() if ident in where]
        before, began = _read_clocks(clock for clock, _ in clocks), _monotonic()
        self.pause(self.WINDOW_S)
        after, passed = _read_clocks(clock for clock, _ in clocks), _monotonic() - began
        for clock, place in clocks:
            if clock in before and clock in after:
                for sums in (self.places.setdefault(place, [0.0, 0.0]), self.anywhere):
                    sums[0] += after[clock] - before[clock]
                    sums[1] += passed

    def _share(self, place):
        """Of a CPU."""
        ran, passed = self.places.get(place, self.anywhere)
        return min(1.0, ran / passed)


def _read_clocks(clocks):
    """Seconds, of each that can be read."""
    said = {}
    for clock in clocks:
        try:
            said[clock] = time.clock_gettime(clock.id)
        except (OSError, TypeError):  # its thread has ended; there is none
            pass
    return said


class Clock:
    """The CPU clock of one thread: whether it has run in the last batch, and what of it is ascribed to samples."""

    def __init__(self, ident, thread):
        self.thread = thread
        self.id = _clock_id(ident, thread)
        self.before = self.now = None
        self.has_run = True
        self.true = self.ascribed = self.owed = 0.0

    def go_on(self, now):
        """To what it says now, None where that is not known."""
        self.before, self.now = self.now, now
        self.has_run = self.before is None or self.before != now

    def scaled(self, shares, memory):
        """The seconds of a batch as they fit to what the clock says, and no more than it has gone on unascribed."""
        if self.before is None:
            return shares
        self.true = self.true * memory + self.now - self.before
        self.ascribed = self.ascribed * memory + sum(shares)
        self.owed += self.now - self.before
        scaled = []
        for seconds in shares:
            scaled.append(min(self.owed, seconds * self.true / self.ascribed) if seconds > 0 else 0.0)
            self.owed -= scaled[-1]
        return scaled


def _clock_id(ident, thread):
    """The CPU clock of a thread, None where there is none to be had.

    By the number that the kernel gives it (include/linux/posix-timers.h): pthread_getcpuclockid() of a thread that has
    ended is undefined. The native_id of the main thread is wrong after a fork without PyOS_AfterFork_Child (uWSGI's),
    but on Linux it is always the pid.
    """
    if not sys.platform.startswith("linux") or thread is None:
        return None
    if thread is threading.main_thread():
        tid = os.getpid()
    elif hasattr(thread, "native_id"):
        tid = thread.native_id
    elif isinstance(thread, threading._DummyThread):
        return None
    else:  # Python 3.7: a thread takes itself off threading._active before it ends
        return time.pthread_getcpuclockid(ident) if threading._active.get(ident) is thread else None
    return None if tid is None else (~tid << 3) | 6


# ---------------------------------------------------------------------------------------------------------- stream

MAX_REQUEST = 4096  # bytes
REQUEST_TIMEOUT_S = 5.0
SEND_TIMEOUT_S = 10.0
MAX_SEND = 65536  # bytes at a time
BATCH_S = 0.1
MAX_BATCH_S = 0.5
MAX_TURN_S = 0.0005  # of the GIL at a time: whoever waits for it is not to wait for all that is made out of a batch
MAX_BATCHES = 20  # that nobody has looked at yet
MAX_PENDING = 4 * 1024 * 1024  # bytes that wait for a slow client; beyond, no samples are taken


def parse_request(line):
    """What a client asks for, checked; ValueError says what is wrong. Keys that are not known are of a later version."""
    try:
        given = json.loads(line.decode("utf-8"))
    except (ValueError, RecursionError):
        raise ValueError("the request is not a line of JSON")
    if not isinstance(given, dict) or given.get("tbprof") != 1:
        raise ValueError('the request is not of version 1: {"tbprof":1,"rateHz":100}')

    def number(key, least, most, default=None):
        value = given.get(key, default)
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not -1e9 < value < 1e9:
            raise ValueError("%s is not a number" % key)
        return min(max(float(value), least), most)

    def flag(key, default):
        value = given.get(key, default)
        if not isinstance(value, bool):
            raise ValueError("%s is neither true nor false" % key)
        return value

    return types.SimpleNamespace(
        rate=number("rateHz", 0.01, 1000.0),
        interval=number("switchInterval", 0.00001, 0.05, 0.00015),
        max_overhead=number("maxOverhead", 0.001, 1.0, 0.1),
        cpu=flag("cpu", True),
        greenlets=flag("greenlets", False),
        tasks=flag("tasks", False),
    )


DUMP_COLUMNS = ("worker", "timeMs", "dumps", "weight", "waitUs", "sendUs", "samples")
SAMPLE_COLUMNS = ("thread", "stack", "weight", "cpuUs")


class Watch:
    """Looks at the ticks of a stream, and keeps what was seen until the stream takes it.

    Each of its eyes has a thread, and they take turns: one looks while the other waits for the GIL. What they have seen is
    made out in the stream's thread, since in that time, too, the GIL may be lost to others.
    """

    def __init__(self, request):
        self.request = request
        self.is_over = self.is_behind = False  # `behind`: there is no room for what is seen
        self.failure = None
        # With one tick in a batch there is time enough in between.
        number, batch = (2, math.ceil(request.rate * BATCH_S) + 1) if request.rate * BATCH_S > 2 else (1, 1)
        self.eyes, self.blind = _eyes(request.interval, number, min(batch, Camera.most))
        self.readers = list({eye.reader for eye in self.eyes if eye.reader is not None})
        self.turns = [_new_lock() for _ in self.eyes]
        for lock in self.turns:
            lock.acquire()
        self.begun, self.ends = [], []  # the threads; a lock of each
        self.batches = collections.deque()  # (pictures, what they were planned for)
        self.batch_s = 0.0  # the first tick is looked at and sent alone: there is a stream, and it works
        self.lock = _new_lock()  # of the ticks
        self._begin()
        self.cpu = CpuClocks(1.0 / request.rate, self.eyes[0].pause) if request.cpu else None
        self.parked = Parked(request.greenlets, request.tasks)
        self.tables = Tables()
        self.stacks = {}  # ident -> (path, its stack)
        self.costs = {}  # of what -> CPU seconds a dump, smoothed; from 0, since the first ones fill the tables and are dear
        self.seen = Seen()

    def _begin(self):
        self.begin = _monotonic()
        self.ticks = Ticks(self.request.rate, self.begin, random.random(), random.random)

    def start(self):
        for number in range(len(self.eyes)):
            end = _new_lock()
            end.acquire()
            _start_real_thread(self._run, number, end)
            self.ends.append(end)
        while len(self.begun) < len(self.eyes):  # so that they know each other for the agent's
            _sleep(0.001)
        for reader in self.readers:  # there are other threads than before
            reader.version += 1
        self._begin()
        self.turns[0].release()

    def stop(self):
        """Ends it, with what was seen until now."""
        self.is_over = True
        if len(self.ends) < len(self.eyes):  # one could not be started
            self._end_turns()
        for eye in self.eyes:
            eye.hurry()
        for end in self.ends:
            end.acquire()
        try:
            self._observe_all()
        finally:
            for eye in self.eyes + self.readers:
                eye.close()

    def take(self):
        """What was seen since the last time."""
        self._observe_all()
        with self.lock:
            seen, self.seen = self.seen, Seen()
            seen.events = [("gap", ticks, reason) for reason, ticks in seen.gaps.items() if ticks]
            seen.events.extend(self._throttle())
        if seen.cut:
            seen.events.append(("cut", seen.cut, ""))
        seen.events.extend(("unsearched", number, why) for number, why in self.parked.news())
        return seen

    def miss(self, reason, until):
        """Ticks that nobody looks at."""
        with self.lock:
            self.seen.gaps[reason] += self.ticks.miss(until)

    def note_cost(self, what, spent, dumps):
        """CPU seconds, for so many dumps."""
        for _ in range(dumps):
            self.costs[what] = 0.98 * self.costs.get(what, 0.0) + 0.02 * spent / dumps

    def _run(self, number, end):
        self.begun.append(number)
        try:
            self._look(self.eyes[number], self.turns[number], self.turns[(number + 1) % len(self.turns)])
        except BaseException as error:
            self.failure = self.failure or error
            self._end_turns()
        finally:
            end.release()

    def _end_turns(self):
        """Nobody is to wait for an eye that does not look any more."""
        self.is_over = True
        for lock in self.turns:
            _try(lock.release)

    def _look(self, eye, turn, next_turn):
        _be_prompt()
        aimed, spent = [], time.thread_time()
        while True:
            if aimed:
                eye.take()
            turn.acquire()
            try:
                if aimed:
                    self.batches.append((eye.hand_over(), aimed))
                    # Where the GIL is hard to get, there is time for that while the other eye looks.
                    seconds = max(BATCH_S, 0.9 * self.batch_s, 2 * (_monotonic() - aimed[-1][1]))
                    self.batch_s = min(seconds, MAX_BATCH_S)
                    begin, spent = spent, time.thread_time()
                    self.note_cost("looking", spent - begin, len(aimed))
                if self.is_over:
                    return
                eye, aimed = self._aim(eye)
            finally:
                next_turn.release()

    def _aim(self, eye):
        """At the next ticks: the eye, and (the last tick that it is for, the time) of each look."""
        while (self.is_behind or len(self.batches) > MAX_BATCHES) and not self.is_over:
            _sleep(BATCH_S)
            self.miss("behind", _monotonic())
        while self._next_time() > _monotonic() + 2 * BATCH_S and not self.is_over:
            _sleep(BATCH_S)
        with self.lock:
            now = _monotonic()
            if self.ticks.next_time() < now - Ticks.CREDIT_S:  # the process was stopped
                self.seen.gaps["late"] += self.ticks.miss(now)
            seconds = min(self.batch_s * self.ticks.stride, MAX_BATCH_S)  # what a batch costs is shared by as many looks
            aimed = self.ticks.plan(now, max(now, self.ticks.next_time()) + seconds, eye.most)
        if aimed:
            try:
                eye.aim([due for _, due in aimed])
            except (LookupError, OSError, ValueError) as why:  # too many threads; too little of what the system has
                eye, aimed = self._replace(eye, why), aimed[:1]
                eye.aim([due for _, due in aimed])
            if self.is_over:
                eye.hurry()
        return eye, aimed

    def _replace(self, eye, why):
        """With the GIL, then."""
        number, self.blind = self.eyes.index(eye), _clean(why, MAX_SOURCE)
        self.eyes[number] = Looks(self.request.interval)
        eye.close()
        if self.cpu is not None:
            self.cpu.pause = Looks.pause
        return self.eyes[number]

    def _next_time(self):
        with self.lock:
            return self.ticks.next_time()

    def _observe_all(self):
        for _ in range(len(self.batches)):  # not until there are none, since others come meanwhile
            self._observe(*self.batches.popleft())

    def _observe(self, pictures, aimed):
        samples, shown = [], []  # for CpuClocks, and where what they say belongs
        seen, parked = self.seen, self.parked.samples(self.tables)
        turn = time.thread_time()
        for picture, (planned, due) in zip(pictures, aimed):
            if time.thread_time() - turn > MAX_TURN_S:
                _sleep(MAX_TURN_S)
                turn = time.thread_time()
            with self.lock:
                observed = self.ticks.observe(planned, picture[0]) if picture else None
                if observed is None:
                    continue
                (now, threads), (tick, weight, late) = picture, observed
                seen.gaps["late"] += late
            begin = len(seen.samples)
            for ident, name, path, was_cut, has_gil in _stacks_of(threads):
                samples.append((ident, _leaf_of(path), has_gil, weight))
                shown.append(len(seen.samples))
                seen.samples.append((self.tables.thread_of(name), self._stack_of(ident, path), weight, -1))
                seen.cut += was_cut
            seen.samples.extend((thread, stack, weight, 0) for thread, stack in parked)
            time_ms = max(0, int((self.ticks.due_time(tick) - self.begin) * 1000))
            wait_us = int((now - due) * 1e6) if self.blind else 0  # for the GIL
            seen.dumps.append((0, time_ms, 1, weight, wait_us, 0, len(seen.samples) - begin))
        if self.cpu is not None:
            for number, cpu_us in zip(shown, self.cpu.times(samples, threading._active)):
                seen.samples[number] = seen.samples[number][:3] + (cpu_us,)

    def _stack_of(self, ident, path):
        """A Reader gives the same path again where nothing has changed."""
        last = self.stacks.get(ident)
        if last is None or last[0] is not path:
            last = self.stacks[ident] = path, self.tables.stack_of(path)
        return last[1]

    def _throttle(self):
        """Looks at every nth tick only, where the client's limit of overhead needs it."""
        ticks = self.ticks
        needed = sum(self.costs.values()) / (self.request.max_overhead * ticks.period)
        if needed > ticks.stride or needed < 0.85 * (ticks.stride - 1):
            ticks.stride = max(1, math.ceil(needed))
            return [("throttle", ticks.stride, "overhead")]
        return []


class Seen:
    """What a Watch has seen and nobody has taken yet."""

    def __init__(self):
        self.dumps = []  # rows of DUMP_COLUMNS
        self.samples = []  # rows of SAMPLE_COLUMNS
        self.gaps = collections.Counter()  # why -> how many ticks
        self.cut = 0
        self.events = []  # (kind, count, reason)


class Stream:
    """What one client gets, until it leaves, the agent stops or the tables are full."""

    def __init__(self, sock, request, agent):
        self.sock = sock
        self.request = request
        self.agent = agent
        self.pending = bytearray()
        self.unasked = 0  # bytes that the client has sent after its request
        self.dumps = self.samples = 0

    def run(self):
        self.watch = Watch(self.request)
        try:
            self._put_header()
            self.watch.start()
            self._send_what_is_seen()
        finally:
            duration = self._now_ms()
            self.watch.stop()
        if self.watch.failure is not None:
            raise self.watch.failure
        ticks = self.watch.ticks  # some were looked at after that
        duration = max(duration, int((ticks.due_time(ticks.next - 1) - self.watch.begin) * 1000))
        self._put_seen()
        self.watch.miss("late", self.watch.begin + duration / 1000.0)
        self._put_seen()
        self._put({"end": {"durationMs": duration, "dumps": self.dumps, "samples": self.samples}})
        self.sock.settimeout(1.0)
        self.sock.sendall(self.pending)

    def _put_header(self):
        header = {"tbprof": 1, "startedEpochMs": int(time.time() * 1000), "rateHz": self.request.rate, "source": "agent"}
        header["host"] = _clean(os.uname().nodename, MAX_NAME)
        how = "; with the GIL: %s" % self.watch.blind if self.watch.blind else ""
        header["recorder"] = "tbprof-agent %s (CPython %d.%d.%d%s)" % ((VERSION,) + sys.version_info[:3] + (how,))
        worker = {"number": self.agent.number, "address": self.agent.address, "pid": os.getpid()}
        self._put(header, {"workers": [worker]})

    def _send_what_is_seen(self):
        while not self.watch.batches and self._now_ms() < 1000 * BATCH_S:
            _sleep(0.002)
        spent = time.thread_time()
        while not (self.agent.stopped or self.watch.is_over or self.watch.tables.full):
            dumps = self._put_seen()
            if not self._talk():
                return
            self.watch.is_behind = len(self.pending) > MAX_PENDING
            begin, spent = spent, time.thread_time()
            self.watch.note_cost("telling", spent - begin, dumps)
            if self.agent.running.acquire(True, BATCH_S):  # it stops: then all are to know
                self.agent.running.release()

    def _now_ms(self):
        return int((_monotonic() - self.watch.begin) * 1000)

    def _talk(self):
        """Sends what waits, as far as it goes; False where the client is done, OSError where it is gone."""
        try:
            while self.pending:
                del self.pending[: self.sock.send(self.pending[:MAX_SEND])]
        except BlockingIOError:
            pass
        try:
            said = len(self.sock.recv(MAX_REQUEST))
        except BlockingIOError:
            return True
        self.unasked += said  # it may still read: the end is sent to it
        return said > 0 and self.unasked <= 16 * MAX_REQUEST

    def _put_seen(self):
        """Makes lines of what was seen; the number of dumps."""
        seen = self.watch.take()
        self._put(*self.watch.tables.new_lines())
        if seen.dumps:
            self.dumps += len(seen.dumps)
            self.samples += len(seen.samples)
            sampled = _columns(SAMPLE_COLUMNS, seen.samples)
            if not self.request.cpu:
                del sampled["cpuUs"]
            self._put({"dumps": _columns(DUMP_COLUMNS, seen.dumps), "sampled": sampled})
        if seen.events:
            names, now = ("timeMs", "worker", "kind", "count", "reason"), self._now_ms()
            self._put({"events": [dict(zip(names, (now, 0) + event)) for event in seen.events]})
        return len(seen.dumps)

    def _put(self, *lines):
        for line in lines:
            self.pending += json.dumps(line, ensure_ascii=False, separators=(",", ":")).encode("utf-8") + b"\n"


# ------------------------------------------------------------------------------------------- greenlets and asyncio


class Parked:
    """Greenlets and tasks that wait: they are on no thread's stack. Looked for now and then, at a bounded cost."""

    MOST = 1000
    MOST_BLOCKS = 5000000  # of memory: some 2 million objects, whose list takes 30 ms in which nobody else runs
    PAUSE_S = 1.0

    def __init__(self, greenlets, tasks):
        self.greenlets = greenlets
        self.tasks = tasks
        self.found = []
        self.next = 0.0
        self.left_out, self.told = {}, {}  # why -> how many at most

    def samples(self, tables):
        """(thread, stack) of each of them."""
        if not (self.greenlets or self.tasks):
            return []
        now = _monotonic()
        if now >= self.next:
            try:
                self.found = self._find()
            except Exception:  # what they are made of is no promise of gevent's or asyncio's
                self.found = []
            # All objects of the process are gone through: that must stay below a hundredth of the time.
            self.next = _monotonic() + max(self.PAUSE_S, 100 * (_monotonic() - now))
        samples = []
        for name_of, reference, path_of in self.found:
            try:
                item = reference()
                path = path_of(item) if item is not None else []
                if path:
                    samples.append((tables.thread_of(name_of(item)), tables.stack_of(path)))
            except Exception:
                pass
        return samples

    def news(self):
        """(how many, why) of those that were left out, each once."""
        news = [(most, why) for why, most in self.left_out.items() if most > self.told.get(why, 0)]
        self.told = dict(self.left_out)
        return news

    def _leave_out(self, number, why):
        self.left_out[why] = max(number, self.left_out.get(why, 0))

    def _find(self):
        if sys.getallocatedblocks() > self.MOST_BLOCKS:
            self._leave_out(1, "objects")  # all of them: there are too many objects to look among
            return []
        greenlet = sys.modules.get("greenlet") if self.greenlets else None
        asyncio = sys.modules.get("asyncio") if self.tasks else None
        greenlets = _subclasses(greenlet.greenlet) if greenlet else set()
        loops = _subclasses(asyncio.AbstractEventLoop) if asyncio else set()
        kinds = greenlets | loops
        found = []
        for item in [item for item in gc.get_objects() if type(item) in kinds]:
            if type(item) in greenlets:
                found.append((_greenlet_name, weakref.ref(item), _greenlet_path))
            elif item.is_running():
                found.extend((_task_name, weakref.ref(task), _task_path) for task in _tasks_of(asyncio, item))
        if len(found) > self.MOST:
            self._leave_out(len(found) - self.MOST, "most")
        return found[: self.MOST]


def _subclasses(kind):
    """A class and all that are derived from it. isinstance() would be slow, and would run the code of proxies."""
    return {kind}.union(*map(_subclasses, type.__subclasses__(kind)))


def _greenlet_name(greenlet):
    name = getattr(greenlet, "name", None)
    return "greenlet-%s" % (name if isinstance(name, str) else hex(id(greenlet)))


def _greenlet_path(greenlet):
    path, frame = [], greenlet.gr_frame  # none while it runs: then it is on its thread's stack
    while frame is not None and len(path) < MAX_DEPTH:
        path.append(_PLACE(frame))
        frame = frame.f_back
    return path


def _tasks_of(asyncio, loop):
    for _ in range(3):
        try:
            return list(asyncio.all_tasks(loop))
        except RuntimeError:  # its thread has changed the set meanwhile
            pass
    return []


def _coroutine_of(task):
    return task.get_coro() if hasattr(task, "get_coro") else task._coro  # the former is new in Python 3.8


def _task_name(task):
    name = task.get_name() if hasattr(task, "get_name") else "Task-"
    if name.startswith("Task-"):  # a number, another one for each request: what it does says more
        name = getattr(_coroutine_of(task), "__qualname__", "?")
    return "task-%s" % name


def _task_path(task):
    awaited = _coroutine_of(task)
    path = []
    if getattr(awaited, "cr_running", False):
        return path  # it is on its thread's stack
    while awaited is not None and len(path) < MAX_DEPTH:
        for its_frame, next_one in (("cr_frame", "cr_await"), ("gi_frame", "gi_yieldfrom"), ("ag_frame", "ag_await")):
            frame = getattr(awaited, its_frame, None)
            if frame is not None:
                path.append(_PLACE(frame))
                awaited = getattr(awaited, next_one, None)
                break
        else:
            break
    return path[::-1]


# --------------------------------------------------------------------------------------------------------- sockets

MAX_CLIENTS = 16  # of each kind


class Agent:
    """The two sockets of this process, and who is connected to them."""

    def __init__(self, number, address):
        self.number = number
        self.address = address
        self.pid = os.getpid()
        self.listeners = {}  # socket -> (path, what identifies the file, serve)
        self.clients = {}  # socket -> serve
        self.stopped = False
        self.running = _new_lock()  # held until it stops
        self.running.acquire()
        self.wake, self.waker = _socket.socketpair()  # the one is readable once the other is closed
        self.by_fd = {}
        self.poll = _poll()
        self._watch(self.wake)

    def _watch(self, sock):
        self.by_fd[sock.fileno()] = sock
        self.poll.register(sock, 1)  # POLLIN

    def listen(self, path, mode, serve):
        sock = _bind(path, mode)
        status = os.stat(path)
        self.listeners[sock] = (path, (status.st_dev, status.st_ino), serve)
        self._watch(sock)

    def run(self):
        """The agent's one thread while nobody is connected."""
        said = None
        while not self.stopped:
            for fd, _ in self.poll.poll():
                if self.stopped:
                    return
                try:
                    self._accept(self.by_fd[fd])
                except Exception as error:
                    if str(error) != said:
                        said = str(error)
                        _say("cannot accept a client: %s" % said)
                    _sleep(1.0)  # too many open files, most likely

    def _accept(self, listener):
        serve = self.listeners[listener][2]
        is_full = list(self.clients.values()).count(serve) >= MAX_CLIENTS
        if is_full and serve is _serve_text:
            return _sleep(0.05)  # it waits, as with uWSGI's: without a dump it would take the worker for broken
        try:
            fd, _ = listener._accept()
        except BlockingIOError:
            return
        client = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM, 0, fd)
        if is_full:
            _try(_refuse, client, "there are %d clients already" % MAX_CLIENTS)
            client.close()
            return
        self.clients[client] = serve
        try:
            _start_real_thread(self._serve, client, serve)
        except Exception:
            self._forget(client)
            raise

    def _serve(self, client, serve):
        try:
            serve(client, self)
        except (ConnectionError, _socket.timeout):  # the client has left, or does not read
            pass
        finally:
            self._forget(client)

    def _forget(self, client):
        self.clients.pop(client, None)
        client.close()

    def stop(self):
        """Removes the sockets; streams end in order, if their clients read."""
        if self.pid != os.getpid():
            return
        self.stopped = True
        _try(self.running.release)
        for path, identity, _ in self.listeners.values():
            try:
                status = os.stat(path)
                if (status.st_dev, status.st_ino) == identity:
                    os.unlink(path)
            except OSError:
                pass
        self.waker.close()
        give_up = _monotonic() + 2.0  # of a client that does not read; the others take milliseconds
        while self.clients and _monotonic() < give_up:
            _sleep(0.01)
        for sock in list(self.listeners) + [self.wake]:
            sock.close()


def _serve_text(client, _agent):
    client.settimeout(SEND_TIMEOUT_S)
    client.sendall(text_dump())


def _serve_stream(client, agent):
    try:
        request = parse_request(_read_request(client))
    except ValueError as error:
        return _refuse(client, str(error))
    client.settimeout(0.0)
    Stream(client, request, agent).run()


def _refuse(client, why):
    client.settimeout(0.0)
    client.send(json.dumps({"error": why}).encode("utf-8") + b"\n")
    _try(client.recv, 16 * MAX_REQUEST)  # who closes with something unread resets the connection, and the answer is lost


def _read_request(client):
    give_up = _monotonic() + REQUEST_TIMEOUT_S
    line = b""
    while b"\n" not in line:
        if len(line) > MAX_REQUEST:
            raise ValueError("the request is too long")
        client.settimeout(max(0.001, give_up - _monotonic()))
        try:
            data = client.recv(MAX_REQUEST + 1 - len(line))
        except _socket.timeout:
            raise ValueError("no request came within %g seconds" % REQUEST_TIMEOUT_S)
        if not data:
            raise ValueError("the request is not a whole line")
        line += data
    return line.split(b"\n")[0]


def _bind(path, mode):
    """A socket that listens at a path, in place of one that nobody listens at."""
    if len(os.fsencode(path)) > 107:
        raise ValueError("the path of a socket cannot be longer than 107 bytes: %s" % path)
    _remove_stale(path)
    sock = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
    try:
        sock.setblocking(False)
        # Linux gives the file the mode of the socket, less the umask: at no moment can others connect.
        _try(os.fchmod, sock.fileno(), mode)
        sock.bind(path)
        os.chmod(path, mode)
        sock.listen(16)
    except BaseException:
        sock.close()
        raise
    return sock


def _remove_stale(path):
    try:
        if not stat.S_ISSOCK(os.lstat(path).st_mode):
            raise ValueError("%s is there and is not a socket" % path)
    except FileNotFoundError:
        return
    probe = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
    try:
        probe.setblocking(False)
        probe.connect(path)
    except ConnectionRefusedError:
        return os.unlink(path)
    except BlockingIOError:  # its queue is full
        pass
    finally:
        probe.close()
    raise ValueError("another process listens on %s" % path)


# --------------------------------------------------------------------------------------------------------- threads


_own_idents = set()  # of the agent's threads


def _run_thread(function, arguments):
    ident = _get_ident()
    _own_idents.add(ident)
    try:
        function(*arguments)
    except Exception as error:
        _say("%s: %s" % (type(error).__name__, error))
    finally:
        _own_idents.discard(ident)


def _start_real_thread(function, *arguments):
    """A thread that threading does not know (nothing waits for it at the exit), and that no signal interrupts.

    uWSGI's handlers of signals expect to run in a thread that serves requests.
    """
    faults = {signal.SIGSEGV, signal.SIGBUS, signal.SIGFPE, signal.SIGILL}
    signals = signal.valid_signals() if hasattr(signal, "valid_signals") else range(1, signal.NSIG)
    before = signal.pthread_sigmask(signal.SIG_BLOCK, set(signals) - faults)
    try:
        _start_thread(_run_thread, (function, arguments))
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _be_prompt():
    """Makes the kernel wake this thread on time. Else, where the CPUs are busy, it runs only when the program's threads
    stop to wait for something, and that is then all that it sees.

    Both are for any user and for this thread only: no slack of its timers (proc_pid_timerslack_ns(5)), and time slices
    of 0.1 ms, which let it preempt others where Linux (6.12 or later) would have it wait for the end of theirs
    (sched_setattr(2)). A seccomp filter may kill the process for a system call: where there is one, none is tried.
    """
    try:
        with open("/proc/%d/timerslack_ns" % threading.get_native_id(), "w") as file:
            file.write("1")
        number = {"x86_64": 314, "aarch64": 274}.get(os.uname().machine)
        if ctypes is not None and not _is_filtered() and number is not None and sys.maxsize > 2**32:
            # struct sched_attr: size, policy (SCHED_OTHER), flags, nice, priority, runtime in ns, and what is not used
            attributes = struct.pack("=IIQiIQQQ", 48, 0, 0, os.getpriority(os.PRIO_PROCESS, 0), 0, 100000, 0, 0)
            _system.syscall(number, 0, attributes, 0)
    except Exception:  # another system, an old Python, a system without /proc or ctypes
        pass


def _is_filtered():
    """Whether system calls of this process are filtered (seccomp(2))."""
    with open("/proc/self/status") as file:
        return "\nSeccomp:\t0\n" not in file.read()


def _say(message):
    _try(sys.stderr.write, "tbprof: %s\n" % message)


def _try(function, *arguments):
    try:
        function(*arguments)
    except Exception:
        pass


# -------------------------------------------------------------------------------------------------------- start-up

_agent = None
_forked_by_python = None  # the pid of a process that Python knows to be a child


def start(prefix=None, number=None, mode=0o600):
    """Serves this process on PREFIX + N and PREFIX + N + ".stream"; True where it does. Never raises.

    Without a prefix it is that of the environment variable TBPROF_SOCKET; without a number, uWSGI's worker or the pid.
    The sockets have the mode: who may write to them may see all stacks. In uWSGI that is `set = tbprof-mode=660`.
    To be called after the fork; calling it again is harmless.
    """
    try:
        return _start(prefix or os.environ.get("TBPROF_SOCKET"), number, mode)
    except Exception as error:
        _say("not started: %s" % error)
        return False


def stop():
    """Ends what start() has begun."""
    global _agent
    agent, _agent = _agent, None
    if agent is not None:
        agent.stop()


def _start(prefix, number, mode, with_text=True):
    global _agent
    if not prefix:
        raise ValueError("no prefix: give one to start(), or set TBPROF_SOCKET")
    if not getattr(sys, "_is_gil_enabled", lambda: True)():  # github.com/python/cpython/issues/152355
        raise ValueError("without the GIL, reading the stacks of threads that run may crash Python: set PYTHON_GIL=1")
    prefix = os.fsdecode(prefix)
    if prefix.startswith("@"):
        raise ValueError("abstract sockets are open to everyone: give a path instead of %s" % prefix)
    if _agent is not None and _agent.pid == os.getpid():
        return True
    uwsgi = sys.modules.get("uwsgi")
    if uwsgi is not None:
        _check_uwsgi(uwsgi)
        number = number or uwsgi.worker_id() or None
    path = prefix + str(os.getpid() if number is None else number)
    agent = Agent(number, os.path.abspath(path))
    try:
        agent.listen(path + ".stream", mode, _serve_stream)
        if with_text:
            agent.listen(path, mode, _serve_text)
        _start_real_thread(agent.run)
    except BaseException:
        agent.stop()
        raise
    _agent = agent
    return True


def _after_fork_in_child():
    """The child has none of the agent's threads; it must neither hold its sockets nor remove them."""
    global _agent, _forked_by_python
    _forked_by_python = os.getpid()
    _try(_no_fork.release)  # uWSGI may fork without having called what is to come before
    agent, _agent = _agent, None
    if agent is not None:
        for sock in [agent.wake, agent.waker] + list(agent.listeners) + list(agent.clients):
            _try(sock.close)
    for part in list(_open):
        _try(part.close)
    _cameras.clear()
    _own_idents.clear()
    _interval.end_all()


os.register_at_fork(before=_no_fork.acquire, after_in_parent=_no_fork.release, after_in_child=_after_fork_in_child)
atexit.register(stop)


# ----------------------------------------------------------------------------------------------------------- uWSGI


def _start_in_uwsgi(uwsgi):
    """At import: in the master, where workers are forked from it, or with lazy-apps in each worker."""
    if uwsgi.worker_id() > 0:
        _start_in_worker(uwsgi)
    elif not uwsgi.mule_id():
        hook = getattr(uwsgi, "post_fork_hook", None)
        uwsgi.__class__ = _UwsgiModule
        uwsgi.post_fork_hook = hook


class _UwsgiModule(types.ModuleType):
    """The uwsgi module, in which whoever sets post_fork_hook (as uwsgidecorators does) does not replace the agent's."""

    def __setattr__(self, name, value):
        if name == "post_fork_hook":
            value = _post_fork_hook(self, value)
        super().__setattr__(name, value)


def _post_fork_hook(uwsgi, hook):
    def post_fork_hook():
        if uwsgi.worker_id() > 0:  # mules and spoolers call it too
            _start_in_worker(uwsgi)
        if callable(hook):
            hook()

    return post_fork_hook


def _start_in_worker(uwsgi):
    try:
        stock = _option(uwsgi, "py-tracebacker")
        prefix = _option(uwsgi, "tbprof") or os.environ.get("TBPROF_SOCKET") or stock
        if not prefix:
            if not _imports_agent(uwsgi):
                return  # the application does, and will call start()
            raise ValueError("no prefix: add `set = tbprof=/tmp/tbsocket.` to uWSGI's configuration")
        # uWSGI binds its tracebacker's socket after the hooks have run, and removes whatever has that name.
        shared = stock is not None and os.path.abspath(stock) == os.path.abspath(prefix)
        _start(prefix, None, _mode(_option(uwsgi, "tbprof-mode") or "600"), not shared)
    except Exception as error:
        _say("not started in worker %d: %s" % (uwsgi.worker_id(), error))


def _check_uwsgi(uwsgi):
    if uwsgi.worker_id() == 0 and uwsgi.masterpid() in (0, os.getpid()):  # 0: there is no master, and no worker yet
        raise ValueError(
            "uWSGI has not forked its workers yet, and none of them would have this thread: leave start() out, "
            "with `import = tbprof_agent` in uWSGI's configuration the agent starts in each worker"
        )
    if not getattr(uwsgi, "has_threads", 1):
        raise ValueError("Python threads are disabled: add `enable-threads = true` to uWSGI's configuration")
    lost = _threads_lost_in_fork()
    if lost:
        raise ValueError(
            "%s was started before uWSGI forked its workers, and reading stacks would crash this worker: "
            "add `lazy-apps = true`, or start threads after the fork (uwsgidecorators.postfork)" % ", ".join(lost)
        )


def _option(uwsgi, name):
    value = uwsgi.opt.get(name)
    if isinstance(value, list):
        value = value[-1]
    return os.fsdecode(value) if isinstance(value, bytes) and value else None


def _imports_agent(uwsgi):
    """Whether its configuration does: `import`, `py-import`, `shared-import` and what else ends so."""
    return any(__name__ in repr(value) for name, value in uwsgi.opt.items() if name.endswith("import"))


def _mode(text):
    if not set(text) <= set("01234567") or int(text, 8) > 0o777:
        raise ValueError("tbprof-mode is an octal number such as 660, not %s" % text)
    return int(text, 8)


def _threads_lost_in_fork():
    """Threads that ended in uWSGI's fork but are still on the interpreter's list, where sys._current_frames() follows
    their pointers into stacks that are gone. Python's own os.fork() clears that list; uWSGI's fork does not.
    """
    if _forked_by_python == os.getpid() or not os.path.isdir("/proc/self/task"):
        return []
    alive = set(map(int, os.listdir("/proc/self/task")))
    others = [thread for ident, thread in list(threading._active.items())
              if ident != _get_ident() and thread is not threading.main_thread()]  # whose native_id is the master's
    if all(hasattr(thread, "native_id") for thread in others):
        lost = [thread for thread in others if thread.native_id not in alive]
    else:  # Python 3.7
        lost = others if len(others) > len(alive) - 1 else []
    if not lost and _thread._count() > len(alive) - 1:
        return ["a thread without a name"]
    return ["thread %s" % _thread_name(thread) for thread in lost]


if "uwsgi" in sys.modules:
    try:
        _start_in_uwsgi(sys.modules["uwsgi"])
    except Exception as failure:
        _say("not started: %s" % failure)
