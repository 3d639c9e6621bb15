"""The agent's parts that need no client: syntax, ticks, requests, looks, tables, dumps, the CPU clocks, files of sockets."""
import _thread
import ast
import contextlib
import gc
import io
import json
import math
import os
import random
import socket
import stat
import struct
import sys
import threading
import time
import types
import unittest
import weakref
from functools import partial
from unittest import mock

from helpers import agent, folder, open_files, parked_thread


class Syntax(unittest.TestCase):
    def test_is_that_of_python_3_7(self):
        with open(agent.__file__, encoding="utf-8") as file:
            source = file.read()
        ast.parse(source, **({"feature_version": (3, 7)} if sys.version_info >= (3, 8) else {}))
        source.encode("ascii")  # a stock tracebacker beside it dies of other characters


class TicksLaw(unittest.TestCase):
    def ticks(self, rate=100.0, phase=0.25, seed=1):
        return agent.Ticks(rate, 1000.0, phase, random.Random(seed).random)

    def looks(self, ticks, number):
        """One after the other, each planned when the one before it is over."""
        for _ in range(number):
            yield ticks.plan(-math.inf, math.inf, 1)[0]

    def test_each_tick_is_observed_or_missed_once_whatever_happens(self):
        for seed in range(50):
            chance = random.Random(seed)
            rate = chance.choice([0.5, 3.0, 100.0, 1000.0])
            ticks = self.ticks(rate, chance.random(), seed)
            now, weights, gaps, planned = 1000.0, 0, 0, []
            for _ in range(400):
                ticks.stride = chance.choice([1, 1, 1, 7])
                while len(planned) < chance.choice([1, 1, 10]):  # those of two eyes
                    planned += ticks.plan(now, max(now, ticks.next_time()) + 10 / rate, chance.choice([1, 10]))
                tick, due = planned.pop(0)
                now = max(now, due) + chance.choice([0, 0, 1e-4, 0.03, 0.2, 5.0]) * chance.random()
                if chance.random() < 0.1:
                    gaps += ticks.miss(now)
                    continue
                before = ticks.next
                observed = ticks.observe(tick, now)
                if observed is None:
                    self.assertLess(tick, before)
                    continue
                _, weight, late = observed
                self.assertGreaterEqual(weight, 1)
                self.assertGreaterEqual(late, 0)
                self.assertLessEqual(weight, max(1, rate * agent.Ticks.CREDIT_S, ticks.stride))
                weights += weight
                gaps += late
            gaps += ticks.miss(now)
            self.assertEqual(weights + gaps, ticks.next)
            self.assertGreaterEqual(ticks.next, ticks.due_before(now))

    def test_looks_are_planned_in_turn_and_none_for_what_is_over(self):
        ticks = self.ticks(phase=0.0)
        looks = ticks.plan(1000.0, 1000.1, 100) + ticks.plan(1000.0, 1000.2, 5)
        self.assertEqual([tick for tick, _ in looks], list(range(15)))
        for tick, due in looks:
            self.assertTrue(1000.0 + tick * 0.01 <= due <= 1000.01 + tick * 0.01)
        later = ticks.plan(1001.0, 1001.1, 100)
        self.assertIn(later[0][0], (99, 100))
        self.assertGreater(later[0][1], 1001.0)

    def test_a_prompt_sampler_gives_each_tick_the_weight_1_and_keeps_the_mean_rate(self):
        ticks = self.ticks()
        times = []
        for tick, due in self.looks(ticks, 1000):
            times.append(due)
            self.assertEqual(ticks.observe(tick, due), (tick, 1, 0))
        self.assertAlmostEqual(times[-1] - times[0], 9.99, delta=0.011)

    def test_sampling_does_not_lock_on_to_work_of_the_same_period(self):
        ticks = self.ticks()
        seen = [0, 0]
        for tick, due in self.looks(ticks, 2000):
            ticks.observe(tick, due)
            seen[(due * 100.0) % 1.0 < 0.3] += 1
        self.assertAlmostEqual(seen[1] / 2000, 0.3, delta=0.05)

    def test_what_is_later_than_the_credit_is_a_gap(self):
        ticks = self.ticks(phase=0.0)
        self.assertEqual(ticks.observe(0, 1000.0 + 3.0), (299, 100, 200))

    def test_looks_that_were_all_taken_when_it_was_too_late_are_one(self):
        ticks = self.ticks(phase=0.0)
        looks = ticks.plan(1000.0, 1000.1, 10)
        observed = [ticks.observe(tick, 1000.5) for tick, _ in looks]
        self.assertEqual([weight for _, weight, _ in filter(None, observed)], [ticks.next])
        self.assertIn(ticks.next, (50, 51))

    def test_what_makes_looks_late_is_not_seen_too_often(self):
        """Of each 16 ms, 6 pass in C code that gives nobody the GIL: who looks with the GIL sees it when it ends."""
        ticks = self.ticks()
        seen = [0, 0]
        for tick, due in self.looks(ticks, 20000):
            in_c = (due - 1000.0) % 0.016 < 0.006
            if in_c:
                due += 0.006 - (due - 1000.0) % 0.016
            seen[in_c] += ticks.observe(tick, due)[1]
        self.assertAlmostEqual(seen[1] / sum(seen), 6 / 16, delta=0.01)

    def test_a_long_stop_is_not_planned_through(self):
        ticks = self.ticks(rate=1000.0)
        self.assertEqual(ticks.miss(1000.0 + 3600.0), 3600000)
        (look,) = ticks.plan(1000.0 + 3600.0, 1000.0 + 3601.0, 1)
        self.assertEqual((look[0], len(ticks.moments)), (3600000, 1))

    def test_a_dump_at_every_nth_tick_stands_for_n(self):
        ticks = self.ticks(phase=0.5)
        ticks.stride = 5
        weights = []
        for tick, due in self.looks(ticks, 200):
            _, weight, late = ticks.observe(tick, due)
            self.assertIn(weight, range(1, 11))
            self.assertEqual(late, 0)
            weights.append(weight)
        self.assertAlmostEqual(sum(weights) / 200, 5, delta=0.1)

    def test_nor_at_every_nth_tick_on_to_work_of_that_period(self):
        ticks = self.ticks()
        ticks.stride = 5
        seen = [0, 0]
        for tick, due in self.looks(ticks, 5000):
            seen[(due * 20.0) % 1.0 < 0.3] += ticks.observe(tick, due)[1]
        self.assertAlmostEqual(seen[1] / sum(seen), 0.3, delta=0.03)


class Requests(unittest.TestCase):
    def parse(self, **request):
        return agent.parse_request(json.dumps(dict({"tbprof": 1, "rateHz": 100}, **request)).encode())

    def test_has_defaults(self):
        self.assertEqual(
            vars(self.parse()),
            {"rate": 100, "interval": 0.00015, "max_overhead": 0.1, "cpu": True, "greenlets": False, "tasks": False},
        )

    def test_is_clamped(self):
        self.assertEqual(self.parse(rateHz=1e6).rate, 1000)
        self.assertEqual(self.parse(rateHz=0).rate, 0.01)
        self.assertEqual(self.parse(switchInterval=0).interval, 0.00001)
        self.assertEqual(self.parse(switchInterval=5).interval, 0.05)

    def test_ignores_keys_that_it_does_not_know(self):
        self.assertEqual(self.parse(run="rm -rf /").rate, 100)

    def test_refuses_what_is_no_request(self):
        for line in (
            b"",
            b"GET / HTTP/1.1",
            b"[]",
            b"1",
            b"\xff\xfe",
            b"{}",
            b'{"tbprof":2,"rateHz":1}',
            b'{"tbprof":1}',
            b'{"tbprof":1,"rateHz":"1"}',
            b'{"tbprof":1,"rateHz":true}',
            b'{"tbprof":1,"rateHz":NaN}',
            b'{"tbprof":1,"rateHz":Infinity}',
            b'{"tbprof":1,"rateHz":1e999}',
            b'{"tbprof":1,"rateHz":1,"cpu":1}',
            b'{"tbprof":1,"rateHz":' + b"9" * 4000 + b"}",
            b"[" * 4000,
        ):
            with self.subTest(line=line[:40]), self.assertRaises(ValueError):
                agent.parse_request(line)


def fake_code(name="f", file="/x.py", first=7):
    lines = {}
    return types.SimpleNamespace(
        co_name=name,
        co_filename=file,
        co_firstlineno=first,
        lines=lines,
        co_lines=lambda: [(instruction, instruction + 2, line) for instruction, line in lines.items()],
    )


def fake_frame(code, line, instruction=0):
    code.lines[instruction] = line
    return (code, instruction)


class LinesOfCode(unittest.TestCase):
    def test_are_those_that_python_says_wherever_a_function_waits(self):
        def generate(number):
            for value in range(number):
                yield value
                if value % 2:
                    yield (
                        value,
                        value + 1,
                    )
            yield None; yield value  # noqa: E702

        steps = generate(4)
        frame = steps.gi_frame
        seen = set()
        for _ in steps:
            self.assertEqual(agent._line_at(frame.f_code, frame.f_lasti), frame.f_lineno)
            seen.add(frame.f_lineno)
        self.assertGreaterEqual(len(seen), 3)

    def test_are_the_first_of_a_function_that_has_not_begun(self):
        steps = (value for value in [1])
        self.assertEqual(agent._line_at(steps.gi_code, -1), steps.gi_code.co_firstlineno)


class Looks(unittest.TestCase):
    def test_no_other_thread_runs_in_one(self):
        """Though others ask for the GIL all the time: a walk in Python would be interrupted."""
        turns, stop = [0], threading.Event()

        def take_turns():
            while not stop.is_set():
                turns[0] += 1

        threads = [threading.Thread(target=take_turns, daemon=True) for _ in range(3)]
        before = sys.getswitchinterval()
        sys.setswitchinterval(1e-6)
        try:
            for thread in threads:
                thread.start()
            in_looks, between = 0, 0
            with contextlib.ExitStack() as stack:
                for _ in range(4):
                    stack.enter_context(parked_thread(inside=lambda wait: deep(wait, 200)))
                give_up = time.monotonic() + 60
                while (between < 20 or not in_looks) and time.monotonic() < give_up:
                    said, idents = [], []
                    note = [partial(said.extend, map(turns.__getitem__, [0])) for _ in range(2)]
                    last = turns[0]
                    agent._take(note[:1] + agent._steps_of_look(idents, [], agent.MAX_DEPTH) + note[1:])
                    self.assertEqual(said[0], said[1])
                    between += said[0] != last
                    in_looks += len(idents) >= 8
        finally:
            stop.set()
            sys.setswitchinterval(before)
            for thread in threads:
                thread.join()
        self.assertGreaterEqual(between, 20)  # so they do run, whenever they may
        self.assertGreater(in_looks, 0)

    def test_hold_no_frame_when_they_are_over(self):
        class Data:
            pass

        def work(wait):
            data = Data()
            alive.append(weakref.ref(data))
            wait()

        alive = []
        gc.disable()
        try:
            with parked_thread(inside=work):
                threads = agent.look()
            self.assertTrue(threads)
            self.assertIsNone(alive[0]())
        finally:
            gc.enable()

    def test_are_taken_at_their_times_with_a_low_interval_that_is_no_longer_so_when_it_is_over(self):
        before = sys.getswitchinterval()
        looks = agent.Looks(0.0001)
        self.assertAlmostEqual(sys.getswitchinterval(), 0.0001, delta=1e-6)
        times = [time.monotonic() + 0.001, time.monotonic() + 0.003, time.monotonic() - 1.0]
        looks.aim(times)
        looks.take()
        pictures = looks.hand_over()
        looks.close()
        for due, (taken, threads) in zip(times, pictures):
            self.assertGreaterEqual(taken, due)
            self.assertIn(threading.get_ident(), [ident for ident, _, _ in threads])
        self.assertEqual(len(pictures), 3)
        self.assertAlmostEqual(sys.getswitchinterval(), before, delta=1e-6)


def deep(wait, depth):
    if depth:
        deep(wait, depth - 1)
    else:
        wait()


class InternedRows(unittest.TestCase):
    def rows(self, tables):
        rows = {}
        for line in tables.new_lines():
            rows.update(line)
        return rows

    def test_each_row_is_defined_once(self):
        tables = agent.Tables()
        f, g = fake_code("f"), fake_code("g")
        first = tables.stack_of([fake_frame(g, 8, 2), fake_frame(f, 7, 4)])
        rows = self.rows(tables)
        self.assertEqual(rows["strings"], ["f", "/x.py", "", "g"])
        self.assertEqual(
            rows["frames"], {"function": [0, 3], "file": [1, 1], "line": [7, 8], "source": [2, 2]}
        )
        self.assertEqual(rows["stacks"], {"parent": [-1, 0], "frame": [0, 1]})
        # Another instruction of the same line is the same frame; so is the same stack.
        self.assertEqual(tables.stack_of([fake_frame(g, 8, 6), fake_frame(f, 7, 4)]), first)
        self.assertEqual(tables.stack_of([fake_frame(g, 8, 2), fake_frame(f, 7, 4)]), first)
        self.assertEqual(list(tables.new_lines()), [])
        self.assertNotEqual(tables.stack_of([fake_frame(g, 9, 8), fake_frame(f, 7, 4)]), first)
        self.assertEqual(self.rows(tables)["stacks"], {"parent": [0], "frame": [2]})

    def test_a_frame_without_a_line_has_its_functions_first(self):
        tables = agent.Tables()
        tables.stack_of([fake_frame(fake_code(first=42), None)])
        self.assertEqual(self.rows(tables)["frames"]["line"], [42])

    def test_what_utf_8_cannot_say_is_escaped_and_long_text_is_cut(self):
        tables = agent.Tables()
        tables.stack_of([fake_frame(fake_code("f\udcff\u00e9", "/" + "x" * 5000), 1)])
        strings = self.rows(tables)["strings"]
        self.assertEqual(strings[0], "f\\udcff\u00e9")
        self.assertEqual(len(strings[1]), agent.MAX_NAME)
        json.dumps(strings, ensure_ascii=False).encode("utf-8")

    def test_is_full_in_the_end(self):
        tables = agent.Tables()
        code = fake_code()
        with mock.patch.object(agent.Tables, "MAX_NODES", 10):
            for line in range(9):
                tables.stack_of([fake_frame(code, line, line)])
            self.assertFalse(tables.full)
            tables.stack_of([fake_frame(code, 9, 9)])
            self.assertTrue(tables.full)


class Dumps(unittest.TestCase):
    def test_is_what_the_stock_tracebacker_prints(self):
        with parked_thread("a name with filename = in it") as ident:
            text = agent.text_dump().decode()
            expected = expected_block(ident)
        self.assertTrue(text.startswith("*** uWSGI Python tracebacker output ***\n\nthread_id = "))
        self.assertIn(expected, text)
        self.assertTrue(text.endswith("\n\n"))

    def test_threads_that_threading_does_not_know_have_no_name(self):
        import _thread

        lock = _thread.allocate_lock()
        lock.acquire()
        started = threading.Event()

        def raw():
            started.set()
            lock.acquire()

        _thread.start_new_thread(raw, ())
        started.wait()
        text = agent.text_dump().decode()
        lock.release()
        self.assertRegex(text, r"thread_id = <UnnamedPythonThread> filename = .* function = raw line = ")

    def test_writes_utf_8_and_escapes_lone_surrogates(self):
        with folder() as path:
            file = os.path.join(path, "caf\u00e9.py")
            with open(file, "w", encoding="utf-8") as source:
                source.write("def h\u00f4te(wait):\n    wait()  # \u4e2d\u6587\n")
            space = {}
            with open(file, encoding="utf-8") as source:
                exec(compile(source.read(), file, "exec"), space)
            with parked_thread("na\udcffme \u00e9", space["h\u00f4te"]):
                text = agent.text_dump().decode("utf-8")
        self.assertIn("thread_id = na\\udcffme \u00e9 filename = %s lineno = 2 function = h\u00f4te" % file, text)
        self.assertIn("line = wait()  # \u4e2d\u6587\n", text)

    def test_a_frame_without_a_line_has_its_functions_first(self):
        code = fake_code("f", "/none.py", 42)
        frame = types.SimpleNamespace(f_code=code, f_lasti=3, f_globals={}, f_back=None)
        frames = {agent._get_ident(): None, -1: frame}
        with mock.patch.object(sys, "_current_frames", lambda: dict(frames)):
            text = agent.text_dump().decode()
        self.assertIn("filename = /none.py lineno = 42 function = f line = \n", text)

    def test_very_deep_stacks_are_cut_at_the_root(self):
        with mock.patch.object(agent, "MAX_DEPTH", 100), parked_thread("deep", lambda wait: deep(wait, 700)):
            stacks = {name: (path, cut) for _, name, path, cut, _ in agent._stacks_of(agent.look())}
            path, cut = stacks["deep"]
            self.assertTrue(cut)
            self.assertEqual(len(path), 100)
            self.assertEqual(path[0][0].co_name, "wait")


def expected_block(ident):
    """As plugins/python/tracebacker.c does it: traceback.extract_stack()."""
    import traceback

    name = threading._active[ident].name
    lines = [
        "thread_id = %s filename = %s lineno = %d function = %s line = %s\n" % (name, f.filename, f.lineno, f.name, f.line)
        for f in traceback.extract_stack(sys._current_frames()[ident])
    ]
    return "".join(lines) + "\n"


class CpuTime(unittest.TestCase):
    def test_threads_that_compute_have_it_and_threads_that_wait_have_none(self):
        stop = threading.Event()

        def compute():
            while not stop.is_set():
                sum(range(1000))

        thread = threading.Thread(target=compute, daemon=True)
        thread.start()
        clocks = agent.CpuClocks(0.01, agent.Looks.pause)
        with parked_thread() as parked:
            total = {thread.ident: 0, parked: 0}
            give_up = time.monotonic() + 60
            while total[thread.ident] < 200000 and time.monotonic() < give_up:
                time.sleep(0.001)
                samples = [(ident, agent._leaf_of(path), None, 1) for ident, path, _ in agent.look() if ident in total]
                for (ident, _, _, _), cpu_us in zip(samples, clocks.times(samples, threading._active)):
                    self.assertNotEqual(cpu_us, -1)
                    total[ident] += cpu_us
            self.assertGreaterEqual(total[thread.ident], 200000)
            self.assertLess(total[parked], 20000)
        stop.set()
        thread.join()

    def test_a_thread_that_threading_does_not_know_has_none_that_is_known(self):
        self.assertEqual(agent.CpuClocks(0.01, agent.Looks.pause).times([(12345, (1, 2), True, 1)], {}), [-1])

    def test_the_clock_of_a_thread_that_has_ended_is_not_known(self):
        thread = threading.Thread(target=lambda: None)
        thread.start()
        ident = thread.ident
        clocks = agent.CpuClocks(0.01, agent.Looks.pause)
        clock = clocks.clocks[ident] = agent.Clock(ident, thread)
        clock.id = (~0x3FFFFF << 3) | 6  # larger than any pid
        thread.join()
        self.assertEqual(clocks.times([(ident, (1, 2), True, 1)], {ident: thread}), [-1])


class CpuOfPlaces(unittest.TestCase):
    """Threads without a system: clocks that say what the test wants."""

    def times(self, script, batches=100):
        """`script(turn)` gives, per thread, its samples of a batch of 0.1 s, as (place, has the GIL), the CPU seconds that
        it used in it, and at what place it was found after it, to run for what part of the time in which others cannot.
        """
        threads = {ident: object() for ident in range(4)}
        clocks = agent.CpuClocks(0.01, None)
        cpu, sums, now = {}, {}, [0.0]

        def pause(seconds):
            now[0] += seconds
            for ident, (_, _, _, part) in enumerate(rows):
                cpu[ident] += seconds * part

        clocks.pause = pause
        read = {
            "_clock_id": lambda ident, thread: ident,
            "_read_clocks": lambda asked: {clock: cpu[clock.id] for clock in asked},
            "_monotonic": lambda: now[0],
            "_leaf_of": lambda path: path,
            "look": lambda depth: [(ident, row[2], None) for ident, row in enumerate(rows)],
        }
        with mock.patch.multiple(agent, **read):
            for turn in range(batches):
                rows = script(turn)
                samples = []
                for ident, (seen, ran, _, _) in enumerate(rows):
                    cpu[ident] = cpu.get(ident, 0.0) + ran
                    samples += [(ident, place, has_gil, 1) for place, has_gil in seen]
                for (ident, place, _, _), time_us in zip(samples, clocks.times(samples, threads)):
                    sums[ident, place] = sums.get((ident, place), 0) + time_us / 1e6
        return sums

    def test_who_has_the_gil_computes_and_who_waits_does_not(self):
        def script(turn):
            number = turn % 7  # of ten samples; the clock says 30 % in the end
            return [([("work", True)] * number + [("sleep", False)] * (10 - number), 0.03, "sleep", 0.0)]

        sums = self.times(script)
        self.assertAlmostEqual(sums[0, "work"], 3.0, delta=0.3)
        self.assertLess(sums[0, "sleep"], 0.03)

    def test_c_code_without_the_gil_computes_too(self):
        def script(turn):
            seen = [("hash", False)] * 5 + [("sleep", False)] * 3 + [("work", True)] * 2
            return [(seen, 0.07, ("hash", "sleep")[turn % 2], (1.0, 0.0)[turn % 2])]

        sums = self.times(script)
        self.assertAlmostEqual(sums[0, "hash"], 5.0, delta=0.2)
        self.assertAlmostEqual(sums[0, "work"], 2.0, delta=0.1)
        self.assertLess(sums[0, "sleep"], 0.1)

    def test_who_waits_for_the_gil_where_it_computes_is_not_computing(self):
        seen = [("work", True)] * 5 + [("work", False)] * 5
        sums = self.times(lambda turn: [(seen, 0.05, "work", 0.0)] * 2)
        for ident in (0, 1):
            self.assertAlmostEqual(sums[ident, "work"], 5.0, delta=0.1)

    def test_who_has_not_run_has_nothing(self):
        """Though threads at its place do, mostly."""
        sums = self.times(lambda turn: [([("hash", False)] * 10, 0.1, "hash", 1.0), ([("hash", False)] * 10, 0.0, "sleep", 0.0)])
        self.assertAlmostEqual(sums[0, "hash"], 10.0, delta=0.1)
        self.assertAlmostEqual(sums[1, "hash"], 0.1)  # before it is known that it does not run

    def test_who_begins_to_compute_gets_no_more_than_its_clock_says(self):
        """Though its place got nothing before."""
        clock = agent.Clock(1, None)
        ascribed = 0.0
        for turn in range(100):
            clock.go_on(turn * 0.01)
            ascribed += sum(clock.scaled([0.0] if turn < 10 else [0.005, 0.005], 0.999))
        self.assertAlmostEqual(ascribed, 0.99)


class TheSwitchInterval(unittest.TestCase):
    def setUp(self):
        self.before = sys.getswitchinterval()
        self.addCleanup(sys.setswitchinterval, self.before)
        sys.setswitchinterval(0.005)

    def assert_is(self, seconds):
        self.assertAlmostEqual(sys.getswitchinterval(), seconds, delta=1.5e-6)

    def test_the_lowest_wish_holds_and_none_raises_it(self):
        interval = agent.SwitchInterval()
        interval.begin("a", 1000)
        interval.begin("b", 200)
        self.assert_is(0.0002)
        interval.end("b")
        self.assert_is(0.001)
        interval.begin("c", 50000)
        interval.end("a")
        self.assert_is(0.005)
        interval.end("c")
        interval.end("c")
        self.assert_is(0.005)

    def test_is_in_the_end_what_it_was_before(self):
        interval = agent.SwitchInterval()
        interval.begin("a", 100)
        interval.begin("b", 200)
        sys.setswitchinterval(0.02)
        interval.end("a")
        interval.end("b")
        self.assert_is(0.005)

    def test_a_child_has_none_of_the_streams(self):
        interval = agent.SwitchInterval()
        interval.begin("a", 100)
        interval.lock.acquire()
        interval.end_all()
        self.assert_is(0.005)
        interval.begin("b", 100)
        interval.end("b")
        self.assert_is(0.005)


class Pictures(unittest.TestCase):
    """Of a real process, by its own kernel."""

    def setUp(self):
        self.files = open_files()
        self.system = {"/proc/sys/fs/aio-nr": 0, "/proc/sys/fs/aio-max-nr": 65536}
        patch = mock.patch.object(agent, "_number_in", self.system.get)
        patch.start()
        self.addCleanup(patch.stop)

    def camera(self, number=1):
        (camera,) = agent._new_cameras(1, number)
        self.addCleanup(lambda: self.assertEqual(open_files(), self.files))
        self.addCleanup(camera.reader.close)
        self.addCleanup(camera.close)
        return camera

    def take(self, camera, *times):
        camera.aim(list(times) or [time.monotonic()])
        camera.take()
        return list(camera.hand_over())

    def threads(self, camera):
        """What one picture shows: {ident: (path, has the GIL)}; again where threads have begun since the last one."""
        for _ in range(5):
            (picture,) = self.take(camera)
            if picture is not None:
                return {ident: (path, has_gil) for ident, path, has_gil in picture[1]}
        raise AssertionError("no picture")

    def test_are_what_python_says(self):
        ways = {
            "deep": lambda wait: deep(wait, 60),
            "c": lambda wait: sorted([1], key=lambda _: wait()),
            "generator": lambda wait: list(generate(wait, 5)),
            "coroutine": lambda wait: run(wait_deep(wait, 5)),
            "class": lambda wait: type("C", (), {"__init__": lambda self: wait() and None})(),
            "chunks": lambda wait: deep(wait, 500),
            "mixed": lambda wait: deep(lambda: list(generate(lambda: sorted([1], key=lambda _: deep(wait, 30)), 5)), 30),
        }
        with contextlib.ExitStack() as stack:
            idents = {name: stack.enter_context(parked_thread(name, inside)) for name, inside in ways.items()}
            camera = self.camera()
            expected = {ident: path for ident, path, _ in agent.look()}
            shown = self.threads(camera)
            for name, ident in idents.items():
                with self.subTest(name):
                    self.assertEqual(shown[ident], (expected[ident], False))

    def test_need_no_gil_and_tell_who_has_it(self):
        stop, kept = threading.Event(), []

        def keep_the_gil():
            while not stop.is_set():
                kept.append(time.monotonic())
                agent._system_with_gil.usleep(20000)

        thread = threading.Thread(target=keep_the_gil, daemon=True)
        self.addCleanup(stop.set)
        seen = []
        with parked_thread() as parked:
            camera = self.camera(10)
            thread.start()
            while not seen:
                now = time.monotonic()
                pictures = self.take(camera, *[now + 0.003 * n for n in range(10)])
                for taken, threads in filter(None, pictures):
                    # While it was taken, nobody else could have the GIL: it is known to 0.1 ms when that was.
                    if any(begin + 0.001 < taken < begin + 0.019 for begin in kept):
                        seen.append({ident: (path[0][0].co_name, has_gil) for ident, path, has_gil in threads})
            stop.set()
            thread.join()
        for threads in seen:
            self.assertEqual(threads[thread.ident], ("keep_the_gil", True))
            self.assertEqual(threads[parked], ("wait", False))

    def test_are_taken_when_they_are_due(self):
        camera = self.camera(4)
        for _ in range(5):  # again where a thread of another test has ended meanwhile
            now = time.monotonic()
            times = [now + 0.01, now + 0.02, now + 0.021, now + 0.04]
            pictures = self.take(camera, *times)
            end = time.monotonic()
            if None not in pictures:
                break
        self.assertEqual(len(pictures), 4)
        self.assertNotIn(None, pictures)
        for due, (taken, _) in zip(times, pictures):
            self.assertTrue(due <= taken < end, (due, taken, end))
        self.assertGreaterEqual(end, times[-1])
        camera.aim([now + 1000.0])
        camera.hurry()
        camera.take()

    def test_of_kernels_that_cannot_read_timers_are_taken_nearly_when_they_are_due(self):
        tick = time.clock_getres(agent.Timeouts.COARSE)
        with mock.patch.object(agent.Timers, "work", lambda *_: False):
            camera = self.camera(4)
        self.assertIsInstance(camera.waits, agent.Timeouts)
        with parked_thread() as parked:
            late, pictures = math.inf, []
            while late > tick / 2 or None in pictures:  # others may run before it aims, or end meanwhile
                now = time.monotonic()
                times = [now + 5 * tick, now + 10 * tick, now + 10.1 * tick, now + 20 * tick]
                camera.aim(times)
                late = time.monotonic() - now
                camera.take()
                pictures = list(camera.hand_over())
        self.assertEqual(len(pictures), 4)
        for due, picture in zip(times, pictures):
            self.assertLess(abs(picture[0] - due), 2.1 * tick)
            self.assertIn(parked, [ident for ident, _, _ in picture[1]])
        camera.aim([time.monotonic() + 1000.0])
        camera.hurry()
        camera.take()

    def test_show_threads_and_frames_that_are_new(self):
        camera = self.camera()
        go, there, wait = threading.Event(), threading.Event(), threading.Event()

        def work():
            go.wait()
            deep(lambda: (there.set(), wait.wait()), 100)

        with parked_thread("first") as first:
            thread = threading.Thread(target=work, daemon=True)
            thread.start()
            self.assertIn(thread.ident, self.threads(camera))
            go.set()
            there.wait()
            paths = [self.threads(camera)[thread.ident][0] for _ in range(4)]
            self.assertEqual([code.co_name for code, _ in paths[0]][-1], "unread")  # it was not as deep before
            self.assertEqual([code.co_name for code, _ in paths[-1]].count("deep"), 101)
            self.assertNotIn("unread", [code.co_name for code, _ in paths[-1]])
            self.assertIn(first, self.threads(camera))
        wait.set()
        thread.join()
        self.assertNotIn(thread.ident, self.threads(camera))

    def test_copy_a_stack_of_python_3_11_at_once(self):
        with parked_thread(inside=lambda wait: deep(wait, 60)):
            camera = self.camera()
            self.threads(camera)
            operations = camera.program.length
        if sys.version_info >= (3, 11):
            self.assertLess(operations, 60)
        else:
            self.assertGreater(operations, 100)

    def test_what_is_too_deep_is_shown_as_far_as_it_is_read_and_not_asked_for_again(self):
        with mock.patch.multiple(agent, MAX_FRAMES=60, MAX_WORDS=1500), contextlib.ExitStack() as stack:
            parked = stack.enter_context(parked_thread(inside=lambda wait: deep(wait, 100)))
            camera = self.camera()
            names = [code.co_name for code, _ in self.threads(camera)[parked][0]]
            self.assertEqual((names[0], names[-2:]), ("wait", ["deep", "unread"]))
            versions = [camera.reader.version]
            for _ in range(20):  # some are of other threads, that end
                self.threads(camera)
                versions.append(camera.reader.version)
            self.assertLess(len(set(versions)), 10)

    def test_an_address_that_can_be_none_ends_nothing_but_its_copy(self):
        camera = self.camera()
        program = agent.Program(camera.queue, [()])
        self.addCleanup(program.close)
        words = (agent.ctypes.c_ulong * 1)(42)
        for address in (0x1234567890000, 2**64 - 1, 0, agent.ctypes.addressof(words)):
            program.copy(address, 1, program.room(1))
        program.build()
        program.run(1)
        self.assertEqual(struct.unpack("<4Q", *program.kept(1)), (0, 0, 0, 42))

    def test_one_that_was_not_waited_for_is_none(self):
        for works in (True, False):
            with mock.patch.object(agent.Timers, "work", lambda *_: works):
                (camera,) = agent._new_cameras(1, 2)
            now = time.monotonic()
            camera.aim([now, now + 1000.0])
            camera.hurry()
            camera.take()
            pictures = list(camera.hand_over())
            camera.close()
            camera.reader.close()
            self.assertIsNone(pictures[1])

    def test_an_interpreter_without_a_collector_keeps_nothing_of_a_recording(self):
        gc.collect()
        gc.disable()
        try:
            (camera,) = agent._new_cameras(1, 1)
            reader = weakref.ref(camera.reader)
            camera.close()
            camera.reader.close()
            del camera
            self.assertIsNone(reader())
        finally:
            gc.enable()

    def test_copy_less_when_less_is_needed(self):
        with parked_thread(inside=lambda wait: deep(wait, 200)):
            camera = self.camera()
            self.threads(camera)
        much = camera.program.size
        with mock.patch.object(agent, "ADAPT_S", -1.0):
            for _ in range(3):
                self.threads(camera)
        self.assertLess(camera.program.size, much / 2)

    def test_a_thread_that_runs_on_is_shown_whole_or_as_unread(self):
        """Whatever is copied while it calls and returns: never frames that are not there, never a crash."""
        stop = threading.Event()

        def run_on():
            while not stop.is_set():
                sum(generate(lambda: sorted(range(3), key=lambda x: -x), 3), 0)

        thread = threading.Thread(target=run_on, daemon=True)
        self.addCleanup(stop.set)
        thread.start()
        camera = self.camera(8)
        below, outermost = set(), set()
        number = 0
        while number < 200:
            now = time.monotonic()
            for picture in filter(None, self.take(camera, *[now + 0.0005 * n for n in range(8)])):
                for ident, path, _ in picture[1]:
                    if ident == thread.ident:
                        number += 1
                        names = [code.co_name for code, _ in path][::-1]
                        below.update(zip(names, names[1:]))
                        outermost.update(names[:1])
        stop.set()
        thread.join()
        known = {"_bootstrap", "_bootstrap_inner", "run", "run_on", "generate", "<lambda>", "is_set", "unread"}
        self.assertLessEqual({name for edge in below for name in edge}, known)
        self.assertIn(("run_on", "generate"), below)
        if sys.version_info >= (3, 11):  # before, generate() is seen there once in thousands of times
            self.assertLessEqual(outermost, {"_bootstrap", "unread"})

    def test_a_generator_may_be_all_that_there_is(self):
        idents, there, leave = [], threading.Event(), threading.Event()

        def values():
            idents.append(threading.get_ident())
            there.set()
            leave.wait()
            yield

        values_of_c_code = values()  # as uWSGI takes them of an application
        _thread.start_new_thread(next, (values_of_c_code,))
        there.wait()
        camera = self.camera()
        expected = {ident: path for ident, path, _ in agent.look()}
        shown = self.threads(camera)[idents[0]][0]
        leave.set()
        self.assertEqual(shown, expected[idents[0]])
        self.assertEqual(shown[-1][0].co_name, "values")

    def test_what_is_no_code_object_is_not_taken_for_one(self):
        reader = self.camera().reader
        code = deep.__code__
        self.assertIs(reader.codes[id(code)][0], code)
        self.assertIs(reader.codes[id(None)][0], False)
        words = (agent.ctypes.c_ulong * 40)()
        address = agent.ctypes.addressof(words)
        for wrong in (0, 8, 2**47, id("text"), id(self), id(code) + 8, address):
            self.assertIs(reader.codes[wrong][0], agent._UNREAD)
        # As it would be where a code object was: of that, its first word is another one when it is not in use any more.
        words[:] = list(reader.memory.words(id(code), 40))
        for references in (0, address, 2**64 - 1):
            words[0] = references
            self.assertIs(reader.codes[address][0], agent._UNREAD)

    def test_a_code_object_is_taken_only_if_it_is_still_there(self):
        """Others may run, and free it, between any two instructions of Python."""
        reader, code = self.camera().reader, compile("1", "eval", "eval")
        write, references, written = reader.memory.write, sys.getrefcount(code), []

        def change_at_the_last_moment(fd, address, size, place):
            count = write(fd, address, size, place)
            written.append(address)
            if written.count(id(code)) == 2:
                reader.memory.view[:8] = bytes(8)
            return count

        reader.memory.write = change_at_the_last_moment
        self.assertIs(reader.codes[id(code)][0], agent._UNREAD)
        self.assertEqual((written.count(id(code)), sys.getrefcount(code)), (2, references))
        reader.memory.write = write
        self.assertIs(reader.codes[id(code)][0], code)

    def test_there_are_none_where_it_is_not_certain_what_is_where(self):
        wrong = {
            "_get_ident": lambda: 1,
            "look": lambda: [(2, [(deep.__code__, 0)], None)],
            "MAX_THREADS": 0,
            "SYSTEM_CALLS": {},
            "ctypes": None,
        }
        for name, value in wrong.items():
            with self.subTest(name), mock.patch.object(agent, name, value):
                (eye,), why = agent._eyes(0.005, 2, 1)
                eye.close()
                self.assertIsInstance(eye, agent.Looks)
                self.assertTrue(why)
        self.assertEqual(open_files(), self.files)

    def test_fewer_are_taken_at_once_where_the_system_has_no_room_for_more(self):
        camera = self.camera(1)
        make_room = camera.queue.make_room

        def refuse(number, share):
            if number > 1000:
                raise OSError("io_setup")
            make_room(number, share)

        camera.queue.make_room = refuse
        with parked_thread(inside=lambda wait: deep(wait, 20)):
            self.threads(camera)
            self.threads(camera)
            pictures = self.take(camera, *[time.monotonic()] * 24)
        self.assertTrue(1 <= len(pictures) < 24)
        self.assertEqual(camera.most, len(camera.program.waits))

    def test_leave_to_others_what_they_may_need_of_the_system(self):
        self.system["/proc/sys/fs/aio-nr"] = 24000
        self.assertLessEqual(self.camera(24).queue.size, (32768 - 24000) // 4)
        self.system["/proc/sys/fs/aio-nr"] = 32768
        (eye,), why = agent._eyes(0.005, 2, 10)
        eye.close()
        self.assertIsInstance(eye, agent.Looks)
        self.assertIn("fs.aio-max-nr is 65536", why)

    def test_there_are_none_where_a_system_call_may_be_the_end(self):
        for filtered, environment, expected in (
            ("2", {"INVOCATION_ID": "1"}, agent.Looks),  # a unit of systemd
            ("0", {"INVOCATION_ID": "1"}, agent.Camera),
            ("2", {}, agent.Camera),  # a container
            ("0", {"TBPROF_WITH_GIL": "1"}, agent.Looks),
        ):
            status = mock.mock_open(read_data="Name:\tpython\nSeccomp:\t%s\nSeccomp_filters:\t1\n" % filtered)
            with mock.patch("builtins.open", status), mock.patch.dict(os.environ, environment, clear=True):
                (eye,), _ = agent._eyes(0.005, 1, 1)
                eye.close()
                if eye.reader is not None:
                    eye.reader.close()
                self.assertIsInstance(eye, expected)


def generate(wait, depth):
    if depth:
        yield from generate(wait, depth - 1)
    else:
        wait()
    yield depth


async def wait_deep(wait, depth):
    if depth:
        await wait_deep(wait, depth - 1)
    else:
        wait()


def run(coroutine):
    with contextlib.suppress(StopIteration):
        coroutine.send(None)


class Watching(unittest.TestCase):
    def test_while_a_client_is_slow_what_is_due_is_missed_and_no_more(self):
        watch = agent.Watch(agent.parse_request(b'{"tbprof":1,"rateHz":1}'))
        self.addCleanup(watch.stop)
        sleeps = []

        def sleep(_):
            sleeps.append(len(watch.seen.gaps))
            watch.is_over = len(sleeps) >= 50

        watch.is_behind = True
        with mock.patch.object(agent, "_sleep", sleep):
            watch._aim(watch.eyes[0])
        self.assertEqual(len(sleeps), 50)
        self.assertLessEqual(watch.seen.gaps["behind"], 2)


class SocketFiles(unittest.TestCase):
    def test_has_the_mode_that_is_asked_for(self):
        with folder() as path:
            for mode, umask in ((0o600, 0o022), (0o666, 0o077)):
                file = os.path.join(path, "%o" % mode)
                before = os.umask(umask)
                try:
                    sock = agent._bind(file, mode)
                finally:
                    os.umask(before)
                self.assertEqual(stat.S_IMODE(os.stat(file).st_mode), mode)
                sock.close()

    def test_others_can_at_no_moment_connect(self):
        modes = []
        with folder() as path, mock.patch.object(os, "chmod", lambda p, m: modes.append(os.stat(p).st_mode & 0o777)):
            before = os.umask(0)
            try:
                agent._bind(os.path.join(path, "s"), 0o600).close()
            finally:
                os.umask(before)
        self.assertEqual(modes, [0o600])

    def test_replaces_a_socket_that_nobody_listens_at(self):
        with folder() as path:
            file = os.path.join(path, "s")
            stale = socket.socket(socket.AF_UNIX)
            stale.bind(file)
            stale.close()
            agent._bind(file, 0o600).close()

    def test_leaves_what_others_use(self):
        with folder() as path:
            file = os.path.join(path, "s")
            with socket.socket(socket.AF_UNIX) as other:
                other.bind(file)
                other.listen(1)
                with self.assertRaisesRegex(ValueError, "another process listens on"):
                    agent._bind(file, 0o600)
                waiting = []
                with contextlib.suppress(BlockingIOError):  # until its queue is full
                    while len(waiting) < 100:
                        waiting.append(socket.socket(socket.AF_UNIX))
                        waiting[-1].setblocking(False)
                        waiting[-1].connect(file)
                with self.assertRaisesRegex(ValueError, "another process listens on"):
                    agent._bind(file, 0o600)
                for sock in waiting:
                    sock.close()

    def test_never_removes_another_file(self):
        with folder() as path:
            file = os.path.join(path, "s")
            with open(file, "w") as other:
                other.write("data")
            with self.assertRaisesRegex(ValueError, "is not a socket"):
                agent._bind(file, 0o600)
            with open(file) as other:
                self.assertEqual(other.read(), "data")

    def test_says_when_a_path_is_too_long(self):
        said = io.StringIO()
        with contextlib.redirect_stderr(said):
            self.assertFalse(agent.start("/tmp/" + "x" * 200, 1))
        self.assertIn("longer than 107 bytes", said.getvalue())
        self.assertEqual(said.getvalue().count("\n"), 1)

    def test_refuses_abstract_sockets(self):
        said = io.StringIO()
        with contextlib.redirect_stderr(said):
            self.assertFalse(agent.start("@tbp.", 1))
        self.assertIn("abstract", said.getvalue())

    def test_needs_a_prefix(self):
        said = io.StringIO()
        with contextlib.redirect_stderr(said), mock.patch.dict(os.environ):
            os.environ.pop("TBPROF_SOCKET", None)
            self.assertFalse(agent.start())
        self.assertIn("TBPROF_SOCKET", said.getvalue())


class ThreadsLostInFork(unittest.TestCase):
    def lost(self, active, tasks, count=0):
        threads = dict(enumerate(active, 1))
        with mock.patch.object(threading, "_active", threads), mock.patch.object(
            os, "listdir", lambda _: list(map(str, tasks))
        ), mock.patch.object(agent._thread, "_count", lambda: count):
            return agent._threads_lost_in_fork()

    def test_are_those_that_threading_lists_and_the_system_does_not(self):
        here = types.SimpleNamespace(name="here", native_id=12)
        gone = types.SimpleNamespace(name="gone", native_id=13)
        self.assertEqual(self.lost([here], [10, 12]), [])
        self.assertEqual(self.lost([here, gone], [10, 12]), ["thread gone"])

    def test_the_main_threads_number_may_be_that_of_the_master(self):
        self.assertEqual(self.lost([threading.main_thread()], [10]), [])

    def test_python_3_7_knows_no_numbers_and_is_careful(self):
        old = types.SimpleNamespace(name="old")
        self.assertEqual(self.lost([old], [10]), ["thread old"])
        self.assertEqual(self.lost([old], [10, 11]), [])

    def test_are_counted_where_they_have_no_name(self):
        self.assertEqual(self.lost([], [10], count=1), ["a thread without a name"])

    def test_there_are_none_after_pythons_own_fork(self):
        gone = types.SimpleNamespace(name="gone", native_id=13)
        with mock.patch.object(agent, "_forked_by_python", os.getpid()):
            self.assertEqual(self.lost([gone], [10]), [])


class FakeUwsgi(types.ModuleType):
    def __init__(self, worker=0, mule=0, master=None, **opt):
        super().__init__("uwsgi")
        self.opt = {key.replace("_", "-"): value for key, value in opt.items()}
        self.worker = worker
        self.worker_id = lambda: self.worker
        self.mule_id = lambda: mule
        self.masterpid = lambda: os.getppid() if master is None else master
        self.has_threads = int("enable-threads" in self.opt or "py-tracebacker" in self.opt)


class InUwsgi(unittest.TestCase):
    def setUp(self):
        self.started = []
        patch = mock.patch.object(agent, "_start", lambda *args: self.started.append(args))
        patch.start()
        self.addCleanup(patch.stop)

    def start(self, uwsgi):
        agent._start_in_uwsgi(uwsgi)

    def test_starts_at_once_in_a_worker(self):
        self.start(FakeUwsgi(worker=2, tbprof=b"/x.", enable_threads=True))
        self.assertEqual(self.started, [("/x.", None, 0o600, True)])

    def test_starts_after_the_fork_and_calls_the_hook_that_was_there_or_comes_later(self):
        calls = []
        uwsgi = FakeUwsgi(tbprof=b"/x.", enable_threads=True)
        uwsgi.post_fork_hook = lambda: calls.append("before")
        self.start(uwsgi)
        self.assertEqual(self.started, [])
        uwsgi.worker = 1
        uwsgi.__dict__["post_fork_hook"]()  # as uWSGI calls it
        self.assertEqual((len(self.started), calls), (1, ["before"]))
        uwsgi.post_fork_hook = lambda: calls.append("after")
        uwsgi.__dict__["post_fork_hook"]()
        self.assertEqual((len(self.started), calls), (2, ["before", "after"]))

    def test_does_not_start_in_mules_and_spoolers(self):
        uwsgi = FakeUwsgi(tbprof=b"/x.", enable_threads=True)
        self.start(uwsgi)
        uwsgi.post_fork_hook()  # a mule or a spooler: it has no worker's number
        self.start(FakeUwsgi(mule=1, tbprof=b"/x.", enable_threads=True))
        self.assertEqual(self.started, [])

    def test_leaves_the_text_socket_to_a_stock_tracebacker_of_the_same_prefix(self):
        self.start(FakeUwsgi(worker=1, py_tracebacker=b"/x."))
        self.start(FakeUwsgi(worker=1, py_tracebacker=b"/x.", tbprof=b"/y."))
        self.start(FakeUwsgi(worker=1, py_tracebacker=b"/x.", tbprof=[b"/z.", b"/x."]))
        self.assertEqual(
            self.started,
            [("/x.", None, 0o600, False), ("/y.", None, 0o600, True), ("/x.", None, 0o600, False)],
        )

    def test_has_the_mode_that_is_said_in_octal(self):
        for text, mode in ((b"660", 0o660), (b"0666", 0o666)):
            self.start(FakeUwsgi(worker=1, tbprof=b"/x.", tbprof_mode=text))
            self.assertEqual(self.started.pop(), ("/x.", None, mode, True))
        for text in (b"rw", b"0o660", b"680", b"1777", b"-660", "\u0666".encode("utf-8")):
            said = io.StringIO()
            with contextlib.redirect_stderr(said):
                self.start(FakeUwsgi(worker=1, tbprof=b"/x.", tbprof_mode=text))
            self.assertEqual(self.started, [])
            self.assertIn("tbprof-mode is an octal number such as 660, not " + text.decode("utf-8"), said.getvalue())

    def said_without_a_prefix(self, **opt):
        said = io.StringIO()
        with contextlib.redirect_stderr(said), mock.patch.dict(os.environ):
            os.environ.pop("TBPROF_SOCKET", None)
            self.start(FakeUwsgi(worker=1, enable_threads=True, **opt))
        self.assertEqual(self.started, [])
        return said.getvalue()

    def test_says_that_there_is_no_prefix(self):
        for name in (b"tbprof_agent", [b"other", b"tbprof_agent"]):
            for option in ("import", "py_import"):
                said = self.said_without_a_prefix(**{option: name})
                self.assertRegex(said, r"^tbprof: not started in worker 1: [^\n]*`set = tbprof=[^\n]*\n$")

    def test_leaves_it_to_an_application_that_imports_it_to_give_a_prefix(self):
        self.assertEqual(self.said_without_a_prefix(), "")
        self.assertEqual(self.said_without_a_prefix(**{"import": b"uwsgidecorators", "lazy_apps": True}), "")


class StartInUwsgi(unittest.TestCase):
    """start() itself, however it is called."""

    def start(self, uwsgi, lost=()):
        said = io.StringIO()
        with folder() as path, mock.patch.dict(sys.modules, uwsgi=uwsgi), contextlib.redirect_stderr(said):
            with mock.patch.object(agent, "_threads_lost_in_fork", lambda: list(lost)):
                started = agent.start(os.path.join(path, "s."))
            names = sorted(os.listdir(path))
            agent.stop()
        self.assertEqual(started, names != [])
        return names, said.getvalue()

    def test_has_the_number_of_the_worker_or_the_pid(self):
        for worker, mule, name in ((3, 0, "s.3"), (0, 1, "s.%d" % os.getpid())):
            names, said = self.start(FakeUwsgi(worker=worker, mule=mule, enable_threads=True))
            self.assertEqual((names, said), ([name, name + ".stream"], ""))

    def test_refuses_what_would_harm_workers_and_says_what_to_do(self):
        for uwsgi, lost, says in (
            (FakeUwsgi(master=os.getpid(), enable_threads=True), [], "`import = tbprof_agent`"),
            (FakeUwsgi(master=0, enable_threads=True), [], "`import = tbprof_agent`"),  # without a master
            (FakeUwsgi(worker=1), [], "`enable-threads = true`"),
            (FakeUwsgi(worker=1, enable_threads=True), ["thread early"], "thread early .*`lazy-apps = true`"),
        ):
            names, said = self.start(uwsgi, lost)
            self.assertEqual(names, [])
            self.assertRegex(said, r"^tbprof: not started: [^\n]*%s[^\n]*\n$" % says)


if __name__ == "__main__":
    unittest.main()
