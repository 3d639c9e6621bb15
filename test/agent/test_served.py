"""The agent as its clients see it: real sockets, real threads, in this process or in a child of it."""
import contextlib
import errno
import gc
import io
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import unittest
from unittest import mock

from helpers import (
    GIVE_UP_S,
    Client,
    agent,
    connect,
    eventually,
    folder,
    open_files,
    parked_thread,
    read_all,
    running,
)
from test_parts import expected_block

def busy_thread():
    stop = threading.Event()

    def compute():
        while not stop.is_set():
            sum(range(100))

    thread = threading.Thread(target=compute, name="busy", daemon=True)
    thread.start()

    @contextlib.contextmanager
    def scope():
        try:
            yield thread
        finally:
            stop.set()
            thread.join()

    return scope()


def deep(wait, depth=300):
    if depth:
        deep(wait, depth - 1)
    else:
        wait()


class Text(unittest.TestCase):
    def test_each_connection_gets_one_dump(self):
        with running() as prefix, parked_thread() as ident:
            expected = expected_block(ident)
            for _ in range(3):
                self.assertIn(expected, read_all(prefix + "1").decode())

    def test_the_agents_own_threads_never_appear(self):
        with running() as prefix, Client(prefix) as client:
            client.read_until(lambda c: c.dumps >= 3)
            text = read_all(prefix + "1").decode()
            client.read_until(lambda c: c.dumps >= 20)
            self.assertNotIn("tbprof_agent.py", text)
            self.assertFalse([frame for frame in client.frames if "tbprof_agent.py" in frame[1]])

    def test_a_client_that_never_reads_delays_nobody(self):
        with running() as prefix, contextlib.ExitStack() as stack:
            for number in range(8):
                stack.enter_context(parked_thread("deep%d" % number, deep))
            lazy = connect(prefix + "1")
            eventually(lambda: len(agent._agent.clients) == 1)
            for _ in range(3):
                self.assertGreater(len(read_all(prefix + "1")), 200000)
            lazy.close()
            eventually(lambda: not agent._agent.clients)

    def test_more_clients_than_there_are_places_wait(self):
        with mock.patch.object(agent, "MAX_CLIENTS", 1), running() as prefix, contextlib.ExitStack() as stack:
            for number in range(8):
                stack.enter_context(parked_thread("deep%d" % number, deep))
            lazy = connect(prefix + "1")
            eventually(lambda: len(agent._agent.clients) == 1)
            eager = connect(prefix + "1")
            with Client(prefix) as client:  # there are other places for these
                client.read_until(lambda c: c.dumps >= 5)
            eager.setblocking(False)
            self.assertRaises(BlockingIOError, eager.recv, 1)
            eager.settimeout(GIVE_UP_S)
            lazy.close()
            self.assertTrue(eager.recv(100, socket.MSG_WAITALL).startswith(b"*** uWSGI Python tracebacker output ***"))
            eager.close()

    def test_more_streams_than_there_are_places_are_turned_away(self):
        with running() as prefix:
            clients = [Client(prefix, rateHz=1) for _ in range(agent.MAX_CLIENTS)]
            for client in clients:
                self.assertEqual(client.read()["tbprof"], 1)
            refused = read_all(prefix + "1.stream")
            self.assertIn("error", json.loads(refused.decode()))
            read_all(prefix + "1")  # there are other places for these
            clients.pop().close()
            eventually(lambda: len(agent._agent.clients) == agent.MAX_CLIENTS - 1)
            with Client(prefix) as client:
                self.assertEqual(client.read()["tbprof"], 1)
            for client in clients:
                client.close()


class Streams(unittest.TestCase):
    def test_begins_with_who_speaks(self):
        with running() as prefix, Client(prefix, rateHz=50) as client:
            header, workers = client.read(), client.read()
        self.assertEqual(
            {key: header[key] for key in ("tbprof", "rateHz", "source")}, {"tbprof": 1, "rateHz": 50, "source": "agent"}
        )
        self.assertRegex(header["recorder"], r"^tbprof-agent \d+\.\d+\.\d+ \(CPython \d+\.\d+\.\d+\)$")
        self.assertLess(abs(header["startedEpochMs"] / 1000 - time.time()), 2 * GIVE_UP_S)
        self.assertEqual(workers, {"workers": [{"number": 1, "address": prefix + "1", "pid": os.getpid()}]})

    def test_has_the_stacks_of_the_threads_and_ends_in_order(self):
        with running() as prefix, parked_thread("parked") as ident, busy_thread(), Client(prefix) as client:
            parked = [line for line in expected_block(ident).splitlines() if line]
            client.read_until(lambda c: c.dumps >= 100)
            agent.stop()
            client.read_until(lambda c: c.end is not None)
            self.assertIsNone(client.read())
        seen = [sample for sample in client.samples if sample[0] == "parked"]
        self.assertEqual(len(seen), client.dumps)
        for _, stack, _, cpu_us in seen:
            self.assertEqual(
                [
                    "thread_id = parked filename = %s lineno = %d function = %s line = %s" % (file, line, name, source)
                    for name, file, line, source in stack
                ],
                parked,
            )
        self.assertEqual(client.end["dumps"], client.dumps)
        self.assertEqual(client.end["samples"], len(client.samples))
        # Each tick is in a dump or in a gap; one at the end may have been looked at just before its time.
        planned = client.weights + client.gaps("late") + client.gaps("behind")
        self.assertLessEqual(abs(planned - client.end["durationMs"] * 0.2), 2)
        self.assertGreater(sum(sample[3] for sample in client.samples if sample[0] == "busy"), 0)
        times = [time for line in client.lines if "dumps" in line for time in line["dumps"]["timeMs"]]
        self.assertEqual(times, sorted(times))

    def test_sends_what_it_has_and_its_end_to_a_client_that_leaves_in_order(self):
        with running() as prefix, parked_thread(), Client(prefix, rateHz=1000) as client:
            client.read_until(lambda c: c.dumps >= 10)
            client.sock.shutdown(socket.SHUT_WR)
            client.read_until(lambda c: c.end is not None)
            self.assertIsNone(client.read())
            self.assertEqual(client.end["dumps"], client.dumps)
            planned = client.weights + client.gaps("late") + client.gaps("behind")
            self.assertLessEqual(abs(planned - client.end["durationMs"]), 3)
            eventually(lambda: not agent._agent.clients)

    def test_sends_the_first_tick_at_once(self):
        with mock.patch.object(agent, "BATCH_S", 1000), running() as prefix, Client(prefix) as client:
            self.assertIn(client.read_until(lambda c: c.dumps).dumps, (1, 2))  # of one eye or both

    def test_a_frame_without_a_line_has_that_of_its_function(self):
        """From Python 3.10 on, what an except clause does by itself when it is left has none (PEP 626)."""
        lines = []
        texts = []

        def left(stream):
            """The frame that leaves, in stacks of what runs meanwhile."""
            stacks = [stack for _, stack, _, _ in stream.samples if any(frame[0] == "__del__" for frame in stack)]
            return {frame for stack in stacks for frame in stack if frame[0] == "leave"}

        class Dropped:
            def __del__(self):
                lines.append(sys._getframe(1).f_lineno)
                stream.read_until(left)
                texts.append(read_all(prefix + "1").decode())

        def leave():
            try:
                raise KeyError
            except KeyError as error:
                error = Dropped()  # dropped where `error` is deleted
                raise

        with running() as prefix, Client(prefix) as stream:
            with self.assertRaises(KeyError):
                leave()
        first = leave.__code__.co_firstlineno
        shown = re.search(r" lineno = (\d+) function = leave line = (.*)$", texts[0], re.M)
        if sys.version_info >= (3, 10):
            self.assertEqual(lines, [None])
            self.assertEqual(shown.groups(), (str(first), "def leave():"))
            self.assertEqual(left(stream), {("leave", __file__, first, "def leave():")})
        else:
            self.assertGreater(lines[0], first)
            self.assertEqual(shown.group(1), str(lines[0]))

    def test_without_cpu_there_is_no_such_column(self):
        with running() as prefix, Client(prefix, cpu=False) as client:
            client.read_until(lambda c: c.dumps >= 10)
        self.assertEqual({len(line["sampled"]) for line in client.lines if "sampled" in line}, {3})

    def test_refuses_what_is_no_request(self):
        said = io.StringIO()
        with contextlib.redirect_stderr(said), running() as prefix, mock.patch.object(agent, "REQUEST_TIMEOUT_S", 0.1):
            for request in (b"GET / HTTP/1.1\r\n\r\n", b"{}\n", b"x" * 5000, b'{"tbprof":1'):
                answer = read_all(prefix + "1.stream", request)
                self.assertEqual(list(json.loads(answer.decode())), ["error"])
        self.assertEqual(said.getvalue(), "")

    def test_ten_clients_at_once_get_the_same(self):
        with running() as prefix, parked_thread("parked"):
            clients = [Client(prefix) for _ in range(10)]
            for client in clients:
                client.read_until(lambda c: c.dumps >= 20)
                self.assertIn("parked", client.threads)
            for client in clients:
                client.close()

    def test_goes_on_with_the_gil_where_it_cannot_go_on_without(self):
        with running() as prefix, parked_thread("parked"), Client(prefix) as client:
            client.read_until(lambda c: c.dumps >= 10)
            cameras = set(agent._cameras)
            with mock.patch.object(agent, "MAX_THREADS", 0):
                for camera in cameras:
                    camera.reader.version += 1  # as where stacks have become deeper
                dumps = client.dumps
                client.read_until(lambda c: c.dumps >= dumps + 100)
            self.assertEqual(len(cameras), 2)
            self.assertFalse(cameras & agent._cameras)
            self.assertIn("parked", [sample[0] for sample in client.samples[-10:]])
        eventually(lambda: not agent._interval.lows)

    def test_ends_when_its_tables_are_full_and_begins_anew(self):
        with mock.patch.object(agent.Tables, "MAX_NODES", 8), running() as prefix, parked_thread():
            for _ in range(2):
                with Client(prefix) as client:
                    client.read_until(lambda c: c.end is not None)
                    self.assertIsNone(client.read())

    def test_a_client_that_does_not_read_loses_ticks_that_are_counted_and_costs_bounded_memory(self):
        streams, missed = [], []
        send, miss = agent.Stream._send_what_is_seen, agent.Watch.miss

        def send_with_small_buffer(stream):
            stream.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)  # a large one takes seconds to fill
            streams.append(stream)
            send(stream)

        def note_and_miss(watch, reason, until):
            missed.append(reason)
            miss(watch, reason, until)

        with mock.patch.object(agent, "MAX_PENDING", 10000), running() as prefix, parked_thread(), mock.patch.object(
            agent.Stream, "_send_what_is_seen", send_with_small_buffer
        ), mock.patch.object(agent.Watch, "miss", note_and_miss), Client(prefix, rateHz=1000) as client:
            stream = eventually(lambda: streams and streams[0])
            sizes = []
            eventually(lambda: sizes.append(len(stream.pending)) or missed.count("behind") > 5)
            self.assertLess(max(sizes), 200000)
            client.read_until(lambda c: c.gaps("behind") > 0)
            stopping = threading.Thread(target=agent.stop)  # waits for the client, which goes on reading
            stopping.start()
            client.read_until(lambda c: c.end is not None)
            stopping.join()
        planned = client.weights + client.gaps("late") + client.gaps("behind")
        self.assertLessEqual(abs(planned - client.end["durationMs"]), 3)

    def test_stays_within_the_overhead_that_is_asked_for(self):
        observe = agent.Watch._observe

        def observe_slowly(watch, pictures, aimed):
            end = time.thread_time() + 0.01 * len(aimed)
            while time.thread_time() < end:
                pass
            observe(watch, pictures, aimed)

        with mock.patch.object(agent.Watch, "_observe", observe_slowly), running() as prefix:
            with Client(prefix, rateHz=100, maxOverhead=0.1) as client:
                # In steps, since the cost is smoothed. 10 ms of each 100 ms are what may be used.
                client.read_until(lambda c: c.throttles and c.throttles[-1]["count"] >= 9)
                self.assertEqual(client.throttles[-1]["reason"], "overhead")

    def test_an_error_ends_one_stream_and_says_so_in_a_line(self):
        said = io.StringIO()
        with running() as prefix, contextlib.redirect_stderr(said):
            self.fail_with(KeyError("oops"), prefix)
            eventually(lambda: said.getvalue() == "tbprof: KeyError: 'oops'\n", said.getvalue)
            self.fail_with(OSError(errno.EINVAL, "Invalid argument"), prefix)
            eventually(lambda: said.getvalue().endswith("\ntbprof: OSError: [Errno 22] Invalid argument\n"))
            with Client(prefix) as client:
                client.read_until(lambda c: c.dumps)
        self.assertEqual(said.getvalue().count("\n"), 2)

    def test_an_eye_that_fails_ends_it_for_the_other_too(self):
        said = io.StringIO()
        take = agent.Camera.take

        def fail_once(camera):
            if not failed:
                failed.append(camera)
                raise KeyError("oops")
            take(camera)

        failed = []
        with running() as prefix, contextlib.redirect_stderr(said), mock.patch.object(agent.Camera, "take", fail_once):
            with Client(prefix) as client:
                while client.read() is not None:
                    pass
            eventually(lambda: said.getvalue() == "tbprof: KeyError: 'oops'\n", said.getvalue)
            eventually(lambda: not agent._cameras)

    def test_that_a_client_has_left_is_not_worth_a_word(self):
        said = io.StringIO()
        with running() as prefix, contextlib.redirect_stderr(said):
            for error in (BrokenPipeError(), ConnectionResetError(), socket.timeout()):
                self.fail_with(error, prefix)
            self.fail_with(KeyError("last"), prefix)
            eventually(lambda: "last" in said.getvalue())
        self.assertEqual(said.getvalue(), "tbprof: KeyError: 'last'\n")

    def fail_with(self, error, prefix):
        with mock.patch.object(agent.Watch, "_observe", side_effect=error), Client(prefix) as client:
            while client.read() is not None:
                pass


class SwitchInterval(unittest.TestCase):
    def setUp(self):
        self.before = sys.getswitchinterval()
        self.addCleanup(sys.setswitchinterval, self.before)

    def is_(self, seconds):
        return lambda: abs(sys.getswitchinterval() - seconds) < 1e-6

    def seen_by(self, **request):
        """The intervals while a client is there."""
        seen = []
        observe = agent.Watch._observe

        def note(*arguments):
            seen.append(sys.getswitchinterval())
            observe(*arguments)

        with mock.patch.object(agent.Watch, "_observe", note), running() as prefix, Client(prefix, **request) as client:
            client.read_until(lambda c: c.dumps >= 10)
        return seen

    def test_is_left_alone(self):
        sys.setswitchinterval(0.0077)
        self.assertEqual({round(seconds, 6) for seconds in self.seen_by()}, {0.0077})

    def test_is_never_raised(self):
        sys.setswitchinterval(0.0005)
        with no_cameras():
            self.assertLess(max(self.seen_by(switchInterval=0.05)), 0.000502)
        self.assertTrue(self.is_(0.0005)())

    def test_without_cameras_it_is_low_while_there_is_a_client(self):
        with no_cameras(), running() as prefix:
            first, second = Client(prefix, switchInterval=0.001), Client(prefix, switchInterval=0.0002)
            for client in (first, second):
                client.read_until(lambda c: c.dumps >= 10)
                self.assertIn("; with the GIL: not today)", client.lines[0]["recorder"])
            self.assertTrue(self.is_(0.0002)())
            second.sock.shutdown(socket.SHUT_RD)  # with unread data: the agent's next send fails
            second.close()
            eventually(self.is_(0.001))
            first.close()
            eventually(self.is_(self.before))


@contextlib.contextmanager
def no_cameras():
    with mock.patch.object(agent, "_interval", agent.SwitchInterval()):
        with mock.patch.object(agent, "_new_cameras", side_effect=LookupError("not today")):
            yield


class Life(unittest.TestCase):
    def test_starting_twice_is_harmless_and_stopping_removes_the_sockets(self):
        with folder() as path:
            prefix = os.path.join(path, "s.")
            self.assertTrue(agent.start(prefix, 1))
            self.assertTrue(agent.start(prefix, 1))
            self.assertEqual(sorted(os.listdir(path)), ["s.1", "s.1.stream"])
            agent.stop()
            self.assertEqual(os.listdir(path), [])
            self.assertTrue(agent.start(prefix, 1))
            agent.stop()

    def test_does_not_remove_a_socket_that_has_taken_its_place(self):
        with folder() as path:
            prefix = os.path.join(path, "s.")
            agent.start(prefix, 1)
            os.unlink(prefix + "1")
            with socket.socket(socket.AF_UNIX) as other:
                other.bind(prefix + "1")
                agent.stop()
                self.assertEqual(os.listdir(path), ["s.1"])

    def test_refuses_a_path_that_another_process_serves(self):
        said = io.StringIO()
        with running() as prefix, contextlib.redirect_stderr(said):
            code = "import sys; sys.path.insert(0, %r); import tbprof_agent; print(tbprof_agent.start(%r, 1))"
            result = subprocess.run(
                [sys.executable, "-c", code % (os.path.dirname(agent.__file__), prefix)],
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                universal_newlines=True,
            )
            self.assertEqual(result.stdout, "False\n")
            self.assertRegex(result.stderr, r"^tbprof: not started: another process listens on [^\n]*\n$")
            read_all(prefix + "1")  # it still serves

    def test_refuses_a_python_that_runs_without_the_gil(self):
        said = io.StringIO()
        with folder() as path, contextlib.redirect_stderr(said):
            with mock.patch.object(sys, "_is_gil_enabled", lambda: False, create=True):
                self.assertFalse(agent.start(os.path.join(path, "s."), 1))
            self.assertEqual(os.listdir(path), [])
            self.assertRegex(said.getvalue(), r"^tbprof: not started: without the GIL, [^\n]*PYTHON_GIL=1\n$")
            with mock.patch.object(sys, "_is_gil_enabled", lambda: True, create=True):
                self.assertTrue(agent.start(os.path.join(path, "s."), 1))
                agent.stop()

    def test_the_number_is_the_pid_where_there_is_none(self):
        with running(number=None) as prefix:
            self.assertTrue(os.path.exists("%s%d.stream" % (prefix, os.getpid())))
            with Client(prefix, os.getpid()) as client:
                client.read()
                self.assertIsNone(client.read()["workers"][0]["number"])

    def test_ends_streams_and_removes_sockets_at_the_exit_of_the_program(self):
        code = """if True:
            import sys; sys.path.insert(0, %r)
            import tbprof_agent
            tbprof_agent.start(%r, 1)
            print("ready", flush=True)
            sys.stdin.readline()
        """
        with folder() as path:
            prefix = os.path.join(path, "s.")
            program = subprocess.Popen(
                [sys.executable, "-c", code % (os.path.dirname(agent.__file__), prefix)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
            )
            self.assertEqual(program.stdout.readline(), b"ready\n")
            with Client(prefix) as client:
                client.read_until(lambda c: c.dumps)
                program.stdin.close()
                client.read_until(lambda c: c.end is not None)
            self.assertEqual(program.wait(), 0)
            program.stdout.close()
            self.assertEqual(os.listdir(path), [])

    def test_a_child_has_nothing_of_the_agents_and_may_start_its_own(self):
        before = sys.getswitchinterval()
        with running() as prefix, Client(prefix) as client:
            client.read_until(lambda c: c.dumps)
            read_end, write_end = os.pipe()
            pid = os.fork()
            if pid == 0:
                try:
                    links = [link for _, link in open_files()]
                    client.reader.close()
                    client.sock.close()
                    facts = {
                        "interval": sys.getswitchinterval(),
                        "listening": agent._agent is not None,
                        "sockets": sum(link.startswith("socket:") for link in links),
                        "cameras": sum(not link.startswith("socket:") for link in links),
                        "started": agent.start(prefix, 2),
                    }
                    facts["text"] = "Python tracebacker output" in read_all(prefix + "2").decode()
                    agent.stop()
                    os.write(write_end, json.dumps(facts).encode())
                finally:
                    os._exit(0)
            os.close(write_end)
            with os.fdopen(read_end, "rb") as pipe:
                facts = json.loads(pipe.read().decode())
            os.waitpid(pid, 0)
            self.assertAlmostEqual(facts["interval"], before, delta=1e-6)
            # The test's own end of the stream (one descriptor, two objects), and nothing of the agent's.
            self.assertEqual((facts["listening"], facts["sockets"], facts["cameras"]), (False, 1, 0))
            self.assertTrue(facts["started"] and facts["text"])
            dumps = client.dumps
            client.read_until(lambda c: c.dumps > dumps)
            self.assertEqual(sorted(os.listdir(os.path.dirname(prefix))), ["s.1", "s.1.stream"])

    def test_a_child_has_no_file_that_was_in_the_making(self):
        statuses = []
        with running() as prefix, Client(prefix, rateHz=1000) as client:
            client.read_until(lambda c: c.dumps)
            cameras = list(agent._cameras)
            for _ in range(100):
                for camera in cameras:
                    camera.reader.version += 1  # each makes a new one
                pid = os.fork()
                if pid == 0:
                    os._exit(any(not link.startswith("socket:") for _, link in open_files()))
                statuses.append(os.waitpid(pid, 0)[1])
        self.assertEqual(statuses, [0] * 100)

    def test_no_frame_is_kept_alive(self):
        class Data:
            alive = 0

            def __init__(self):
                Data.alive += 1

            def __del__(self):
                Data.alive -= 1

        def work(wait):
            data = Data()
            wait()
            return data

        with running() as prefix, Client(prefix) as client:
            gc.disable()
            try:
                with parked_thread("short", work):
                    client.read_until(lambda c: "short" in c.threads)
                    read_all(prefix + "1")
                dumps = client.dumps
                client.read_until(lambda c: c.dumps > dumps + 5)
                self.assertEqual(Data.alive, 0)
            finally:
                gc.enable()

    def test_its_threads_take_no_signals(self):
        with running() as prefix, Client(prefix) as client:
            client.read_until(lambda c: c.dumps)
            main = os.getpid()
            own = [task for task in os.listdir("/proc/self/task") if int(task) != main]
            for task in own:
                with open("/proc/self/task/%s/status" % task) as file:
                    blocked = next(int(line.split()[1], 16) for line in file if line.startswith("SigBlk"))
                for signum in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1, signal.SIGALRM):
                    self.assertTrue(blocked & 1 << signum - 1)
            self.assertGreaterEqual(len(own), 2)


if __name__ == "__main__":
    unittest.main()
