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
a client says is executed or stored. While nobody is connected one thread waits in poll() and nothing else happens;
while a stream takes a sample, sys.setswitchinterval is lowered, because a sampler that does not get the GIL promptly
sees only threads that have just given it up. A failure of the agent is one line on stderr; the program goes on.

How to read this file: start() binds the sockets, an Agent accepts. text_dump() answers the one kind of client, a Stream the
other: it plans Looks for the Ticks of the next 0.1 s, takes them in one call, and puts what they saw into Tables. An Alarm
gets it the GIL in time, CpuClocks tell who ran from who waited, Parked finds greenlets and tasks. That is what can touch a
program; all else is about sockets, and about where to start.
"""
import _socket
import _thread
import atexit
import collections
import errno
import gc
import json
import linecache
import math
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
from functools import partial
from itertools import accumulate, chain, compress, islice, repeat, starmap, takewhile
from operator import attrgetter, gt, is_not, itemgetter

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


def _keep(kept, function, *arguments):
    """A step of a look that keeps what a function returns."""
    return partial(kept.extend, starmap(function, [arguments]))


_take_step = partial.__call__
_is_there = partial(is_not, None)
_PLACE = attrgetter("f_code", "f_lasti", "f_globals")


class Look:
    """The stacks of all threads at one moment.

    Where a thread has asked for the GIL, Python gives it up between two instructions (_Py_HandlePending() in
    Python/ceval_gil.c). Then others run on, and what is looked at next is of a later moment. So a look has no
    instructions: it is a list of steps, that a single call into C takes. It holds no frame when that is over: frames
    keep the objects of the program alive.
    """

    def __init__(self, due=None, before=(), after=()):
        self.due = due
        self.reading = None  # of the CPU clocks
        self.times = []  # when it began and when it had ended; empty where it was too late to begin
        self.idents = []
        self.paths = []  # per thread: (code, instruction, globals) of each frame, leaf first
        self.active = []  # what threading._active was
        frames = []  # (ident, frame)
        to_root = map(chain, map(repeat, map(itemgetter(1), frames), repeat(1)), repeat(repeat("f_back")))
        to_root = map(takewhile, repeat(_is_there), map(accumulate, to_root, repeat(getattr)))
        to_root = map(islice, to_root, repeat(MAX_DEPTH + 1))
        self.steps = list(before) + [
            _keep(self.times, _monotonic),
            partial(frames.extend, chain.from_iterable(map(dict.items, starmap(sys._current_frames, [()])))),
            partial(self.paths.extend, map(list, map(map, repeat(_PLACE), to_root))),
            partial(self.idents.extend, map(itemgetter(0), frames)),
            partial(frames.clear),
            _keep(self.active, dict, threading._active),  # not threading.enumerate(): its lock may be held
            _keep(self.times, _monotonic),
        ] + list(after)

    def take(self):
        return _take_looks([self])[0]

    def stacks(self):
        """(ident, name, path, was cut) of the threads that run Python code but the agent's; a path is leaf first."""
        own = _get_ident()
        stacks = []
        for ident, path in zip(self.idents, self.paths):
            if path and ident != own and path[-1][0] is not _run_thread.__code__:
                name = _thread_name(self.active[0].get(ident))
                stacks.append((ident, name, path[:MAX_DEPTH], len(path) > MAX_DEPTH))
        return stacks


def _take_looks(looks, then=()):
    """Takes one after the other, each at its time, but those whose time has passed; the looks that were taken."""
    steps = [look.steps for look in looks]
    is_ahead = map(gt, [look.due or math.inf for look in looks], starmap(_monotonic, repeat(())))
    list(map(_take_step, chain(chain.from_iterable(compress(steps, is_ahead)), then)))
    return [look for look in looks if look.times]


def _leaf_of(path):
    """Where a thread is: (id of code, instruction)."""
    code, instruction, _ = path[0]
    return id(code), instruction


def _path_of(frame):
    path = []
    while frame is not None and len(path) < MAX_DEPTH:
        path.append(_PLACE(frame))
        frame = frame.f_back
    return path


def text_dump():
    """The stacks of all threads, in the words and the order of uWSGI's tracebacker (plugins/python/tracebacker.c)."""
    modules = {}
    threads = []
    for _, name, path, _ in Look().take().stacks():
        lines = [(code.co_filename, _line_at(code, place), code.co_name) for code, place, _ in reversed(path)]
        threads.append((name, lines))
        modules.update((code.co_filename, module) for code, _, module in path)
    # Files are read only now, since reading lets other threads run on.
    for file, module in modules.items():
        try:
            linecache.checkcache(file)
            linecache.lazycache(file, module)
        except Exception:
            pass
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
        for code, instruction, module in reversed(path):
            key = (stack, id(code), instruction)
            found = nodes.get(key)
            if found is None:
                self.codes[id(code)] = code
                line = _line_at(code, instruction)
                row = _row_of((id(code), line), self.frames, self.new_frames, (code, line, module))
                found = nodes[key] = _row_of((stack, row), self.stacks, self.new_stacks, (stack, row))
            stack = found
        return stack

    def thread_of(self, name):
        return _row_of(name, self.threads, self.new_threads, name)

    def new_lines(self):
        """Lines for what is new; here files are read."""
        frames = []
        for code, line, module in self.new_frames:
            try:
                linecache.lazycache(code.co_filename, module)
            except Exception:
                pass
            function, file = self._string(code.co_name, MAX_NAME), self._string(code.co_filename, MAX_NAME)
            frames.append((function, file, max(0, line), self._string(_source_of(code.co_filename, line), MAX_SOURCE)))
        threads = [{"worker": 0, "name": _clean(name, MAX_NAME)} for name in self.new_threads]
        lines = []
        if self.new_strings:
            lines.append({"strings": self.new_strings})
        if frames:
            lines.append({"frames": _columns(("function", "file", "line", "source"), frames)})
        if self.new_stacks:
            lines.append({"stacks": _columns(("parent", "frame"), self.new_stacks)})
        if threads:
            lines.append({"threads": threads})
        self.new_strings, self.new_frames, self.new_stacks, self.new_threads = [], [], [], []
        return lines

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

    It is looked at at a random time before tick k + 1 is due: less would lock on to work of the same period. A dump that
    comes late speaks for the ticks whose own time has passed by then, too, and for no other: else what makes looks late,
    such as C code that holds the GIL, would be seen too often.
    """

    CREDIT_S = 1.0  # a dump that is later than this does not speak for the time before

    def __init__(self, rate, start, phase, uniform):
        self.period = 1.0 / rate
        self.first = start + phase * self.period
        self.credit = max(1, int(self.CREDIT_S * rate))
        self.next = 0  # ticks before this one are accounted for
        self.stride = 1
        self.uniform = uniform
        self.moments = collections.deque()  # when to look at the next ones, in periods after each is due

    def next_time(self, looks=0):
        """When to look next, or after so many looks: with a stride, spread over a whole one."""
        ticks = looks * self.stride
        return self.first + (self.next + ticks + self.stride * (self._moment(ticks) + 0.5) - 0.5) * self.period

    def due_time(self, tick):
        return self.first + tick * self.period

    def due_before(self, now):
        return max(0, math.ceil((now - self.first) / self.period - 1e-9))

    def observe(self, now):
        """A dump at this time: its tick, its weight, and the ticks before it that nothing covers."""
        begin = self.next
        passed = (now - self.first) / self.period
        self._go_to(max(begin + 1, math.floor(passed + 1e-9)))
        if self.next + self._moment(0) <= passed:
            self._go_to(self.next + 1)
        weight = min(self.next - begin, max(self.credit, self.stride))
        return self.next - 1, weight, self.next - begin - weight

    def miss(self, now, least=0):
        """Ticks up to now that nobody looked at, and that nobody will."""
        begin = self.next
        self._go_to(max(begin + least, self.due_before(now)))
        return self.next - begin

    def _moment(self, ticks):
        while len(self.moments) <= ticks:
            self.moments.append(self.uniform())
        return self.moments[ticks]

    def _go_to(self, tick):
        for _ in range(min(len(self.moments), tick - self.next)):
            self.moments.popleft()
        self.next = tick


# --------------------------------------------------------------------------------------------------------- the GIL


class SwitchInterval:
    """sys.setswitchinterval, in microseconds: what the program wants, but while a stream asks for the GIL.

    A sampler that does not get the GIL promptly sees only threads that have just given it up. But threads that compute
    take turns as often as the interval says, which costs (four of them on two cores do 0.94 of their work at 0.1 ms),
    and what waits for the GIL then is another picture than before. So it is low only for the moments of a look.
    """

    def __init__(self):
        self.lock = _new_lock()
        self.lows = {}  # stream -> how low it is to be between its looks as well
        self.normal = self.between = None  # what the program wants, and what it is between looks
        self.word = self.sought = None

    def find(self):
        """The interpreter's word for it, where that can be told."""
        with self.lock:
            if not self.sought:
                self.word = _find_interval()
                self.sought = True
            return self.word

    def begin(self, stream, low=math.inf):
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
        self.between = min([self.normal] + list(self.lows.values()))
        sys.setswitchinterval((self.between + 0.5) * 1e-6)


_interval = SwitchInterval()


def _find_interval():
    """Where the interpreter keeps its switch interval, a word of microseconds (Python/ceval_gil.c, since 3.12 in the
    state of the main interpreter, which is a part of the runtime's): the only word there that follows when it is set.
    """
    if sys.maxsize < 2**32 or sys.byteorder != "little":  # as the timer's number is written into it
        return None
    before = sys.getswitchinterval()
    try:
        symbol = ctypes.c_void_p()
        base = ctypes.addressof(ctypes.c_char.in_dll(ctypes.pythonapi, "_PyRuntime"))
        info = (ctypes.c_void_p * 4)()
        # RTLD_DL_SYMENT, dladdr(3): a struct Elf64_Sym, elf(5), has the size of what it names in its last 8 bytes.
        if not ctypes.CDLL(None).dladdr1(ctypes.c_void_p(base), info, ctypes.byref(symbol), 1):
            return None
        size = ctypes.c_ulong.from_address(symbol.value + 16).value
        found = None
        for more in (11, 18, 31):
            sys.setswitchinterval(before + more * 1e-6)
            value = round(sys.getswitchinterval() * 1e6)
            words = memoryview(ctypes.string_at(base, size // 8 * 8)).cast("L")
            places = {place for place, word in enumerate(words) if word == value}
            found = places if found is None else found & places
        return ctypes.c_ulong.from_address(base + 8 * found.pop()) if len(found) == 1 else None
    except Exception:  # no ctypes, another C library, another system
        return None
    finally:
        sys.setswitchinterval(before)


def _sleep_for_stream(low):
    """How a stream sleeps; `low` is in seconds, for where there is no alarm."""
    word = _interval.find()
    try:
        return Sleep(low) if word is None else Alarm(word)
    except OSError:  # a filter of system calls
        return Sleep(low)


class Sleep:
    """Sleeps without the GIL, and gets it soon after; for that, the switch interval is low all the time."""

    most = 1  # looks of one call: each has to know how long to sleep

    def __init__(self, low=math.inf):
        _interval.begin(self, low * 1e6)

    def close(self):
        _interval.end(self)

    def until(self, due):
        """Steps of a look."""
        return self.during(max(0.0, due - _monotonic()))

    def during(self, seconds):
        return [partial(_sleep, seconds)]

    def settle(self):
        """Steps after looks, that nobody may ask for the GIL while the agent computes."""
        return []

    def note_wait(self, seconds):
        """For how long a look that was due had to wait."""


class Alarm(Sleep):
    """Sleeps with the switch interval nearly as the program wants it; when it is time, the kernel lowers it.

    Who sleeps cannot do so, since that takes the GIL. But who reads a timer (timerfd_create(2)) names where the kernel is
    to write how often it has expired: the word of the interpreter. Of that, 1, the zeros are written over all of the
    word but its lowest byte, which is kept at how many microseconds it is then. Before Linux 6.10 the kernel writes to one
    place only (fs/timerfd.c), which is all of the word then: 1 microsecond. (A timer that expires again and again would
    make it more, but without bound, where the process is stopped for a while.)
    """

    # Until the agent asks for the GIL. It has to be longer than the agent has run to get there (20 to 40 us), since who
    # has run for longer than its share does not preempt (EEVDF, kernel/sched/fair.c): on the CPU of the thread that has
    # the GIL it would ask for it some milliseconds later only. But where many wait for the GIL, each of them has it
    # before the agent, for as long as this: what they do then is not seen as it was.
    ALONE_US, CROWDED_US = 45, 20
    CROWDED_S = 0.0002  # 2 of 5 looks wait longer, where threads are many or run C code that keeps the GIL
    LATE_US = 300  # after that whoever began to wait at a low interval has asked: see settle()
    most = 100

    def __init__(self, word):
        self.word = word
        self.crowded = 0.0  # what part of the last looks waited for so long
        self.fd = ctypes.CDLL(None).timerfd_create(1, 0o2000000)  # CLOCK_MONOTONIC, TFD_CLOEXEC
        if self.fd < 0:
            raise OSError("no timer")
        try:
            self.places = self._places()
        except OSError:
            os.close(self.fd)
            raise
        super().__init__()
        self.word.value = self._usual()

    def _places(self):
        """Where the kernel is to write the number: to a place of no matter and over the word, or over all of the word."""
        if self._set(0, 0.000001)() != 0:
            raise OSError("no timer")
        try:
            os.readv(self.fd, [bytearray(4), bytearray(4)])
        except OSError as error:
            if error.errno != errno.EINVAL:
                raise
            return [self.word]
        return [bytearray(4), (ctypes.c_char * 4).from_address(ctypes.addressof(self.word) + 1)]

    def close(self):
        super().close()
        os.close(self.fd)

    def note_wait(self, seconds):
        self.crowded += 0.05 * ((seconds > self.CROWDED_S) - self.crowded)

    def until(self, due):
        return self._steps(1, due)  # TFD_TIMER_ABSTIME

    def during(self, seconds):
        return self._steps(0, seconds)

    def settle(self):
        """Who has begun to wait for the GIL at the low interval will ask, once. This thread lets that happen, then gives
        it up and takes it again before anyone else wakes up: that forgets what was asked (take_gil() in ceval_gil.c).
        """
        return [partial(ctypes.pythonapi.usleep, self.LATE_US), partial(_sleep, 0)]  # the former keeps the GIL

    def _set(self, flags, seconds):
        """A step."""
        # struct itimerspec: seconds and nanoseconds between expirations, here none, and of the first
        times = (ctypes.c_long * 4)(0, 0, int(seconds), int(seconds % 1.0 * 1e9))
        return partial(ctypes.pythonapi.timerfd_settime, self.fd, flags, times, None)

    def _steps(self, flags, seconds):
        return [
            self._set(flags, seconds),
            partial(os.readv, self.fd, self.places),
            partial(setattr, self.word, "value", self._usual()),  # before anyone else begins to wait
        ]

    def _usual(self):
        """What the program wants, or up to 255 us less: the lowest byte is how low it is to be."""
        wanted, low = _interval.between, self.CROWDED_US if self.crowded > 0.4 else self.ALONE_US
        return wanted if wanted < 256 + low else wanted - (wanted - low) % 256


# -------------------------------------------------------------------------------------------------------- CPU time


class CpuClocks:
    """CPU time per sample: what threads at this place use, as far as their clocks say.

    The clock's advance since the last tick would not do: of 3 ms of computing before 7 ms of sleep, nearly all would be
    ascribed to the sleep. So now and then the clocks are read twice, a short time without the GIL apart. That has the
    same fault in small: a thread that sleeps may wake up in it. So where threads mostly stay, only those that stayed
    count (a sleep: 0, hashing without the GIL: 1), or else those that are still in the same function. Who has run for
    a quarter as long as who ran longest has run: to wait for the GIL takes some CPU time as well. Last, the shares of
    each thread are scaled so that their sum follows its clock.
    """

    WINDOW_S = 0.0002
    LEAST_S = 0.0001  # who runs longest runs for longer, but where all wait
    MOST_S = 0.002  # what took longer says little: threads have gone on since, and where C code kept the GIL most have run
    TWICE = 0.25  # of the looks: to read them twice at each would cost threads that compete for the GIL twice as much
    MEMORY = 0.999  # per tick, of the sums that the scale is made from

    def __init__(self, period, uniform=random.random):
        self.period = period
        self.uniform = uniform
        self.clocks = {}  # ident -> Clock
        self.places = {}  # (id of code, instruction) -> Windows
        self.anywhere = Windows()
        self.is_unknown = True  # whether a thread is where nothing is known of
        self.have_run = True

    def read(self, sleep):
        """What a look is to read; to read it twice, it sleeps."""
        twice = self.is_unknown or (self.have_run and self.uniform() < self.TWICE)
        self.is_unknown = False
        return Reading(self.clocks.values(), sleep.during(self.WINDOW_S) if twice else None)

    def times(self, places, active, reading, weight):
        """Microseconds of CPU for each (ident, place), -1 where they are not known."""
        seconds = reading.seconds()
        if reading.later is not None:
            self._learn(places, reading)
            seconds.update(reading.seconds(1))
        clocks, times, elsewhere = {}, [], self.anywhere.share()
        for ident, place in places:
            clock = self.clocks.get(ident)
            if clock is None or clock.thread is not active.get(ident):
                clock = Clock(ident, active.get(ident))
                is_known = clock.id is not None  # from the next looks on it is read
            else:
                is_known = clock.go_on(seconds.get(clock))
            clocks[ident] = clock
            self.is_unknown |= place not in self.places
            share = self.places.get(place, self.anywhere).share(elsewhere) if clock.has_run else 0.0
            scaled = clock.scaled(share * weight * self.period, self.MEMORY)
            times.append(int(scaled * 1e6 + 0.5) if is_known else -1)
        self.clocks = clocks
        self.have_run = any(clock.has_run for clock in clocks.values())
        return times

    def _learn(self, places, reading):
        ran = reading.ran()
        was_kept = reading.took() >= self.MOST_S
        least = max(max(ran.values(), default=0.0) / 4, self.MOST_S if was_kept else self.LEAST_S / 4)
        now = {ident: _leaf_of(path) for ident, path in zip(reading.later.idents, reading.later.paths) if path}
        for ident, place in places:
            clock = self.clocks.get(ident)
            if clock in ran:
                stayed = None if was_kept else _how_near(place, now.get(ident))
                for windows in (self.places.setdefault(place, Windows()), self.anywhere):
                    windows.add(ran[clock] >= least, stayed)


def _how_near(place, later):
    """How far a thread has stayed where it was: 2 at the same place, 1 in the same function, 0 neither."""
    return 0 if later is None or later[0] != place[0] else 1 + (later == place)


class Reading:
    """What clocks say at a look; with a pause, what they and the stacks are after that as well."""

    def __init__(self, clocks, pause=None):
        self.clocks = [clock for clock in clocks if clock.id is not None and ctypes is not None]
        self.later = None
        self.said, self.began = [], []
        self.steps = self._read()
        if pause is not None:
            self.later = Look(before=[_keep(self.began, _monotonic)] + pause, after=self._read())
            self.steps += self.later.steps

    def took(self):
        """Seconds, from the one to the other."""
        return self.later.times[0] - self.began[0]

    def _read(self):
        # Not time.clock_gettime(), which raises an exception where a thread has ended: no step may.
        answers, times = [], [_Timespec() for _ in self.clocks]
        self.said.append((answers, times))
        if not self.clocks:  # nor ctypes, perhaps
            return []
        read = ctypes.pythonapi.clock_gettime  # of a PyDLL, which keeps the GIL
        return [partial(answers.extend, map(read, [clock.id for clock in self.clocks], map(ctypes.byref, times)))]

    def seconds(self, turn=0):
        """Of each clock that could be read."""
        rows = zip(self.clocks, *self.said[turn])
        return {clock: said.seconds + said.ns * 1e-9 for clock, answer, said in rows if answer == 0}

    def ran(self):
        """Seconds for which each clock went on between the two."""
        before, after = self.seconds(), self.seconds(1)
        return {clock: after[clock] - before[clock] for clock in after if clock in before}


if ctypes is not None:
    class _Timespec(ctypes.Structure):
        _fields_ = [("seconds", ctypes.c_long), ("ns", ctypes.c_long)]


class Windows:
    """How many threads at one place ran in the time between two readings of their clocks: of all of them, of those that
    were in the same function after it, and of those that were at the same place. Those in which C code kept the GIL are
    counted apart: the others say nothing of such code.
    """

    def __init__(self):
        self.all, self.ran = [0, 0, 0], [0, 0, 0]
        self.kept = 0  # how many ran where C code kept the GIL

    def add(self, has_run, stayed):
        """One more thread; `stayed` as _how_near() says, None where C code kept the GIL."""
        if stayed is None:
            self.kept += has_run
            return
        for level in range(stayed + 1):
            self.all[level] += 1
            self.ran[level] += has_run

    def share(self, elsewhere=1.0):
        """Of a CPU; as elsewhere, where nothing is known of this place yet."""
        number, in_function, at_place = self.all
        if 2 * self.kept > number:
            return 1.0
        level = 2 if 2 * at_place > number else 1 if 5 * in_function > number else 0
        return self.ran[level] / self.all[level] if number else elsewhere


class Clock:
    """The CPU clock of one thread: whether it has run since the last look, and what of it is ascribed to samples."""

    def __init__(self, ident, thread):
        self.thread = thread
        self.id = _clock_id(ident, thread)
        self.now = None
        self.has_run = True
        self.scaled_to = None  # the reading up to which the sums go
        self.true = self.ascribed = self.owed = 0.0

    def go_on(self, now):
        """To what it says now; False where that is not known."""
        self.has_run = now != self.now
        self.now = now
        return now is not None

    def scaled(self, seconds, memory):
        """So many seconds as fit to what the clock says, and no more than it has gone on without being ascribed."""
        if self.now is None:
            return seconds
        if self.scaled_to is not None:
            self.true = self.true * memory + self.now - self.scaled_to
            self.ascribed = self.ascribed * memory + seconds
            self.owed += self.now - self.scaled_to
        self.scaled_to = self.now
        scaled = min(self.owed, seconds * self.true / self.ascribed) if self.ascribed > 0 else 0.0
        self.owed -= scaled
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
BATCH_S = 0.1
MAX_BATCH_S = 0.5
COMPUTING = 0.1  # of the time may pass between batches: where many threads compete for the GIL, batches are longer
LOOK_ROUND_S = 0.05  # how soon a client that leaves is noticed, whatever its rate
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


class Line:
    """Sends and receives what can be at once, None where nothing can. It keeps the GIL, where ctypes is to be had: to wait
    for it anew is dearer than all that is sent, for the threads that compute as well.
    """

    SIZE = 65536  # bytes at a time
    FLAGS = _socket.MSG_DONTWAIT | getattr(_socket, "MSG_NOSIGNAL", 0)

    def __init__(self, sock):
        self.sock = sock
        self.system = ctypes and ctypes.PyDLL(None, use_errno=True)
        self.buffer = ctypes and ctypes.create_string_buffer(MAX_REQUEST)

    def send(self, data):
        data = bytes(data[: self.SIZE])
        if self.system:
            return self._result(self.system.send(self.sock.fileno(), data, len(data), self.FLAGS))
        try:
            return self.sock.send(data)
        except BlockingIOError:
            return None

    def receive(self):
        """The number of bytes; 0: the client has nothing more to say."""
        if self.system:
            return self._result(self.system.recv(self.sock.fileno(), self.buffer, MAX_REQUEST, self.FLAGS))
        try:
            return len(self.sock.recv(MAX_REQUEST))
        except BlockingIOError:
            return None

    def _result(self, count):
        if count >= 0:
            return count
        number = ctypes.get_errno()
        if number in (errno.EAGAIN, errno.EINTR):
            return None
        raise OSError(number, os.strerror(number))


DUMP_COLUMNS = ("worker", "timeMs", "dumps", "weight", "waitUs", "sendUs", "samples")
SAMPLE_COLUMNS = ("thread", "stack", "weight", "cpuUs")


class Stream:
    """Samples for one client, in a thread of its own, until it leaves, the agent stops or the tables are full."""

    def __init__(self, sock, request, agent):
        self.sock = sock
        self.line = Line(sock)
        self.request = request
        self.agent = agent
        self.tables = Tables()
        self.sleep = None
        self.cpu = CpuClocks(1.0 / request.rate) if request.cpu else None
        self.parked = Parked(request.greenlets, request.tasks)
        self.pending = bytearray()
        self.unasked = 0  # bytes that the client has sent after its request
        self.dumps = self.samples = 0
        self.cost = 0.0  # CPU seconds from dump to dump, smoothed; from 0, since the first ones fill the tables and are dear
        self._new_batch()

    def _new_batch(self):
        self.rows = []
        self.sampled = []
        self.gaps = {}
        self.cut = 0

    def run(self):
        self.sleep = _sleep_for_stream(self.request.interval)
        try:
            self._run()
        finally:
            self.sleep.close()
        self.sock.settimeout(1.0)
        self.sock.sendall(self.pending)

    def _run(self):
        _be_prompt()
        self.spent = time.thread_time()
        rate = self.request.rate
        self.begin = _monotonic()
        self.looked = self.begin
        self.ticks = Ticks(rate, self.begin, random.random(), random.random)
        header = {"tbprof": 1, "startedEpochMs": int(time.time() * 1000), "rateHz": rate, "source": "agent"}
        header["host"] = _clean(os.uname().nodename, MAX_NAME)
        header["recorder"] = "tbprof-agent %s (CPython %d.%d.%d)" % ((VERSION,) + sys.version_info[:3])
        worker = {"number": self.agent.number, "address": self.agent.address, "pid": os.getpid()}
        self._put(header, {"workers": [worker]})
        most = 1 if self.parked.wanted else self.sleep.most
        flushed = None  # the first tick is sent at once: there is a stream, and it works
        while self._wait(self.ticks.next_time()) and not self.tables.full:
            if len(self.pending) > MAX_PENDING:
                _sleep(BATCH_S)
                self._gap("behind", self.ticks.miss(_monotonic(), 1))
            else:
                self._sample(1 if flushed is None else most)
            if flushed is None or _monotonic() - flushed >= 0.9 * BATCH_S:
                self._flush()
                if not self._talk():
                    break
                flushed = _monotonic()
        duration = self._now_ms()
        self._gap("late", self.ticks.miss(self.begin + duration / 1000.0))
        self._flush()
        self._put({"end": {"durationMs": duration, "dumps": self.dumps, "samples": self.samples}})

    def _now_ms(self):
        return int((_monotonic() - self.begin) * 1000)

    def _wait(self, until):
        """True when the next look is soon; False when the stream is to end."""
        while not self.agent.stopped:
            if until < _monotonic() + BATCH_S:
                return True
            _sleep(LOOK_ROUND_S)
            if not self._talk():
                return False
        return False

    def _talk(self):
        """Sends what waits, as far as it goes; False where the client is done, OSError where it is gone.

        Not more often than needed: each byte that is copied is copied with the GIL held (see Line).
        """
        while self.pending:
            sent = self.line.send(self.pending)
            if sent is None:
                break
            del self.pending[:sent]
        said = self.line.receive()
        if said is None:
            return True
        self.unasked += said  # it may still read: the end is sent to it
        return said > 0 and self.unasked <= 16 * MAX_REQUEST

    def _sample(self, most):
        """Looks at the ticks of the next 0.1 s, all in one call: between looks it needs the GIL for nothing."""
        looks = []
        due = self.ticks.next_time()
        begin = _monotonic()
        end = begin + min(max(BATCH_S, (begin - self.looked) / COMPUTING), MAX_BATCH_S)
        while not looks or due < end and len(looks) < most:
            reading = self.cpu.read(self.sleep) if self.cpu is not None else None
            look = Look(due, self.sleep.until(due), reading.steps if reading else ())
            look.reading = reading
            looks.append(look)
            due = self.ticks.next_time(len(looks))
        taken = _take_looks(looks, self.sleep.settle() if most > 1 else ())
        self.looked = taken[-1].times[1] if taken else begin
        for look in taken or [Look().take()]:
            self._observe(look)
        spent = time.thread_time()
        for _ in taken:
            self.cost += 0.1 * ((spent - self.spent) / len(taken) - self.cost)
        self.spent = spent

    def _observe(self, look):
        begin, end = look.times
        samples, places = [], []
        for ident, name, path, was_cut in look.stacks():
            samples.append((self.tables.thread_of(name), self.tables.stack_of(path)))
            places.append((ident, _leaf_of(path)))
            self.cut += was_cut
        tick, weight, late = self.ticks.observe(begin)
        cpu_times = [-1] * len(samples)
        if self.cpu is not None and look.reading is not None:
            cpu_times = self.cpu.times(places, look.active[0], look.reading, weight)
        parked = self.parked.samples(self.tables)
        samples += parked
        cpu_times += [0] * len(parked)
        time_ms = max(0, int((self.ticks.due_time(tick) - self.begin) * 1000))
        wait = max(0.0, begin - (look.due or begin))
        self.sleep.note_wait(wait)
        self.rows.append((0, time_ms, 1, weight, int(wait * 1e6), int((end - begin) * 1e6), len(samples)))
        self.sampled.extend((thread, stack, weight, cpu) for (thread, stack), cpu in zip(samples, cpu_times))
        self._gap("late", late)

    def _gap(self, reason, ticks):
        if ticks:
            self.gaps[reason] = self.gaps.get(reason, 0) + ticks

    def _flush(self):
        """Makes lines of the batch, and room for the next one."""
        self._put(*self.tables.new_lines())
        if self.rows:
            self.dumps += len(self.rows)
            self.samples += len(self.sampled)
            sampled = _columns(SAMPLE_COLUMNS, self.sampled)
            if self.cpu is None:
                del sampled["cpuUs"]
            self._put({"dumps": _columns(DUMP_COLUMNS, self.rows), "sampled": sampled})
        events = [("gap", ticks, reason) for reason, ticks in self.gaps.items()]
        if self.cut:
            events.append(("cut", self.cut, ""))
        events.extend(("unsearched", number, why) for number, why in self.parked.news())
        events.extend(self._throttle())
        if events:
            names, now = ("timeMs", "worker", "kind", "count", "reason"), self._now_ms()
            self._put({"events": [dict(zip(names, (now, 0) + event)) for event in events]})
        self._new_batch()

    def _throttle(self):
        """Looks at every nth tick only, where the client's limit of overhead needs it."""
        ticks = self.ticks
        needed = self.cost / (self.request.max_overhead * ticks.period)
        if needed > ticks.stride or needed < 0.7 * (ticks.stride - 1):
            ticks.stride = max(1, math.ceil(needed))
            return [("throttle", ticks.stride, "overhead")]
        return []

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
        self.wanted = greenlets or tasks
        self.found = []
        self.next = 0.0
        self.left_out, self.told = {}, {}  # why -> how many at most

    def samples(self, tables):
        """(thread, stack) of each of them."""
        if not self.wanted:
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
    return _path_of(greenlet.gr_frame)  # no frame while it runs: then it is on its thread's stack


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
        for kind, next_one in (("cr", "cr_await"), ("gi", "gi_yieldfrom"), ("ag", "ag_await"), (None, None)):
            frame = getattr(awaited, "%s_frame" % kind, None)
            if frame is not None:
                path.append(_PLACE(frame))
                break
        awaited = getattr(awaited, next_one, None) if next_one else None
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
        while not self.stopped:
            for fd, _ in self.poll.poll():
                if self.stopped:
                    return
                try:
                    self._accept(self.by_fd[fd])
                except Exception as error:
                    _say("cannot accept a client: %s" % error)
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


def _run_thread(function, arguments):
    try:
        function(*arguments)
    except Exception as error:
        _say("%s: %s" % (type(error).__name__, error))


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
    stop to wait for something, and that is then all that it sees: 89 % sleep where 52 % are true.

    Both are for any user and for this thread only: no slack of its timers (proc_pid_timerslack_ns(5)), and time slices
    of 0.1 ms, which let it preempt others where Linux (6.12 or later) would have it wait for the end of theirs
    (sched_setattr(2)). A seccomp filter may kill the process for a system call: where there is one, none is tried.
    """
    try:
        with open("/proc/%d/timerslack_ns" % threading.get_native_id(), "w") as file:
            file.write("1")
        with open("/proc/self/status") as file:
            unfiltered = "\nSeccomp:\t0\n" in file.read()
        number = {"x86_64": 314, "aarch64": 274}.get(os.uname().machine)
        if ctypes is not None and unfiltered and number is not None and sys.maxsize > 2**32:
            # struct sched_attr: size, policy (SCHED_OTHER), flags, nice, priority, runtime in ns, and what is not used
            attributes = struct.pack("=IIQiIQQQ", 48, 0, 0, os.getpriority(os.PRIO_PROCESS, 0), 0, 100000, 0, 0)
            ctypes.CDLL(None).syscall(number, 0, attributes, 0)
    except Exception:  # another system, an old Python, a system without /proc or ctypes
        pass


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
    agent, _agent = _agent, None
    if agent is not None:
        for sock in [agent.wake, agent.waker] + list(agent.listeners) + list(agent.clients):
            _try(sock.close)
    _interval.end_all()


os.register_at_fork(after_in_child=_after_fork_in_child)
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
