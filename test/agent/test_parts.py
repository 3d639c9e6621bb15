"""The agent's parts that need no client: syntax, ticks, requests, tables, dumps, the CPU clocks, files of sockets."""
import ast
import contextlib
import errno
import gc
import io
import json
import os
import random
import socket
import stat
import sys
import threading
import time
import types
import unittest
import weakref
from unittest import mock

from helpers import agent, folder, parked_thread, readv_before_linux_6_10


class Syntax(unittest.TestCase):
    def test_is_that_of_python_3_7(self):
        with open(agent.__file__, encoding="utf-8") as file:
            source = file.read()
        ast.parse(source, **({"feature_version": (3, 7)} if sys.version_info >= (3, 8) else {}))
        source.encode("ascii")  # a stock tracebacker beside it dies of other characters


class TicksLaw(unittest.TestCase):
    def ticks(self, rate=100.0, phase=0.25, seed=1):
        return agent.Ticks(rate, 1000.0, phase, random.Random(seed).random)

    def test_each_tick_is_observed_or_missed_once_whatever_happens(self):
        for seed in range(50):
            chance = random.Random(seed)
            rate = chance.choice([0.5, 3.0, 100.0, 1000.0])
            ticks = self.ticks(rate, chance.random(), seed)
            now, weights, gaps = 1000.0, 0, 0
            for _ in range(400):
                ticks.stride = chance.choice([1, 1, 1, 7])
                now = max(now, ticks.next_time()) + chance.choice([0, 0, 1e-4, 0.03, 0.2, 5.0]) * chance.random()
                if chance.random() < 0.1:
                    gaps += ticks.miss(now, chance.choice([0, 1]))
                    continue
                _, weight, late = ticks.observe(now)
                self.assertGreaterEqual(weight, 1)
                self.assertGreaterEqual(late, 0)
                self.assertLessEqual(weight, max(1, rate * agent.Ticks.CREDIT_S, ticks.stride))
                weights += weight
                gaps += late
            gaps += ticks.miss(now)
            self.assertEqual(weights + gaps, ticks.next)
            self.assertEqual(ticks.next, ticks.due_before(now))

    def test_a_prompt_sampler_gives_each_tick_the_weight_1_and_keeps_the_mean_rate(self):
        ticks = self.ticks()
        times = []
        for _ in range(1000):
            times.append(ticks.next_time())
            self.assertEqual(ticks.observe(times[-1])[1:], (1, 0))
        self.assertAlmostEqual(times[-1] - times[0], 9.99, delta=0.011)

    def test_sampling_does_not_lock_on_to_work_of_the_same_period(self):
        ticks = self.ticks()
        seen = [0, 0]
        for _ in range(2000):
            time_of_look = ticks.next_time()
            ticks.observe(time_of_look)
            seen[(time_of_look * 100.0) % 1.0 < 0.3] += 1
        self.assertAlmostEqual(seen[1] / 2000, 0.3, delta=0.05)

    def test_what_is_later_than_the_credit_is_a_gap(self):
        ticks = self.ticks(phase=0.0)
        tick, weight, late = ticks.observe(1000.0 + 3.0)
        self.assertEqual((weight, late), (100, 200))
        self.assertEqual(tick, 299)

    def test_what_makes_looks_late_is_not_seen_too_often(self):
        """Of each 16 ms, 6 pass in C code that gives nobody the GIL: who looks then sees it when it ends."""
        ticks = self.ticks()
        seen = [0, 0]
        for _ in range(20000):
            time_of_look = ticks.next_time()
            in_c = (time_of_look - 1000.0) % 0.016 < 0.006
            if in_c:
                time_of_look += 0.006 - (time_of_look - 1000.0) % 0.016
            seen[in_c] += ticks.observe(time_of_look)[1]
        self.assertAlmostEqual(seen[1] / sum(seen), 6 / 16, delta=0.01)

    def test_a_dump_at_every_nth_tick_stands_for_n(self):
        ticks = self.ticks(phase=0.5)
        ticks.stride = 5
        weights = []
        for _ in range(200):
            _, weight, late = ticks.observe(ticks.next_time())
            self.assertIn(weight, range(1, 11))
            self.assertEqual(late, 0)
            weights.append(weight)
        self.assertAlmostEqual(sum(weights) / 200, 5, delta=0.1)

    def test_nor_at_every_nth_tick_on_to_work_of_that_period(self):
        ticks = self.ticks()
        ticks.stride = 5
        seen = [0, 0]
        for _ in range(5000):
            time_of_look = ticks.next_time()
            seen[(time_of_look * 20.0) % 1.0 < 0.3] += ticks.observe(time_of_look)[1]
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
    return (code, instruction, {})


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
                    said = []
                    note = [agent._keep(said, turns.__getitem__, 0) for _ in range(2)]
                    last = turns[0]
                    look = agent.Look(before=note[:1], after=note[1:]).take()
                    self.assertEqual(said[0], said[1])
                    between += said[0] != last
                    in_looks += len(look.paths) >= 8
        finally:
            stop.set()
            sys.setswitchinterval(before)
            for thread in threads:
                thread.join()
        self.assertGreaterEqual(between, 20)  # so they do run, whenever they may
        self.assertGreater(in_looks, 0)

    def test_those_whose_time_has_passed_are_left_out_and_the_others_taken_in_turn(self):
        now = time.monotonic()
        order = []
        looks = [
            agent.Look(due, [agent.partial(order.append, number)]) for number, due in enumerate((now - 1, now + 60, None))
        ]
        then = agent.partial(order.append, "then")
        self.assertEqual(agent._take_looks(looks, [then]), looks[1:])
        self.assertEqual(order, [1, 2, "then"])
        self.assertEqual(looks[0].times, [])
        self.assertLessEqual(looks[1].times[1], looks[2].times[0])

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
                look = agent.Look().take()
            self.assertTrue(look.paths)
            self.assertIsNone(alive[0]())
        finally:
            gc.enable()


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
            stacks = {name: (path, cut) for _, name, path, cut in agent.Look().take().stacks()}
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
        clocks = agent.CpuClocks(0.01)
        sleep = agent._sleep_for_stream(0.0001)
        self.addCleanup(sleep.close)
        with parked_thread() as parked:
            total = {thread.ident: 0, parked: 0}
            give_up = time.monotonic() + 60
            while total[thread.ident] < 200000 and time.monotonic() < give_up:
                reading = clocks.read(sleep)
                due = time.monotonic() + 0.001
                for look in agent._take_looks([agent.Look(due, sleep.until(due), reading.steps)]):
                    places = [(ident, agent._leaf_of(path)) for ident, _, path, _ in look.stacks() if ident in total]
                    for (ident, _), cpu_us in zip(places, clocks.times(places, look.active[0], reading, 1)):
                        self.assertNotEqual(cpu_us, -1)
                        total[ident] += cpu_us
            self.assertGreaterEqual(total[thread.ident], 200000)
            self.assertLess(total[parked], 20000)
        stop.set()
        thread.join()

    def test_a_thread_that_threading_does_not_know_has_none_that_is_known(self):
        reading = agent.Reading([])
        self.assertEqual(agent.CpuClocks(0.01).times([(12345, (1, 2))], {}, reading, 1), [-1])

    def test_the_clock_of_a_thread_that_has_ended_is_not_known(self):
        thread = threading.Thread(target=lambda: None)
        thread.start()
        ident = thread.ident
        clocks = agent.CpuClocks(0.01)
        clock = clocks.clocks[ident] = agent.Clock(ident, thread)
        clock.id = (~0x3FFFFF << 3) | 6  # larger than any pid
        thread.join()
        reading = agent.Reading(clocks.clocks.values())
        take(reading.steps)
        self.assertEqual(clocks.times([(ident, (1, 2))], {ident: thread}, reading, 1), [-1])


class CpuOfPlaces(unittest.TestCase):
    """Threads without a system: clocks and frames that say what the test wants."""

    def times(self, script, looks=400, took=lambda turn: 0.0002):
        """`script(turn)` gives, per thread, (place, CPU seconds in the 10 ms before, in the window, place after); `took(turn)`
        is how long the window is."""
        clocks = agent.CpuClocks(0.01, random.Random(1).random)
        cpu = {}
        sums = {}
        threads = {ident: object() for ident in range(2)}

        def fake_reading(rows, with_window):
            """The clocks before and after a window, and where each thread is after it."""
            before = {clocks.clocks[ident]: cpu[ident] for ident in clocks.clocks}
            if not with_window:
                return types.SimpleNamespace(seconds=lambda: before, later=None)
            ran = {clocks.clocks[ident]: rows[ident][2] for ident in clocks.clocks}
            for ident, (_, _, more, _) in enumerate(rows):
                cpu[ident] += more
            after = {clocks.clocks[ident]: cpu[ident] for ident in clocks.clocks}
            paths = [[(row[3], 0, {})] for row in rows]
            return types.SimpleNamespace(
                seconds=lambda turn=0: after if turn else dict(before),
                later=types.SimpleNamespace(idents=list(range(len(rows))), paths=paths),
                ran=lambda: ran,
                took=lambda: took(turn),
            )

        with mock.patch.object(agent, "_clock_id", lambda ident, thread: 1):
            for turn in range(looks):
                rows = script(turn)
                for ident, (_, ran, _, _) in enumerate(rows):
                    cpu[ident] = cpu.get(ident, 0.0) + ran
                looked = [(ident, (id(place), 0)) for ident, (place, _, _, _) in enumerate(rows)]
                with mock.patch.object(agent, "Reading", lambda _, pause: pause is not None):
                    with_window = clocks.read(types.SimpleNamespace(during=lambda seconds: []))
                reading = fake_reading(rows, with_window)
                for (ident, _), row, time_us in zip(looked, rows, clocks.times(looked, threads, reading, 1)):
                    sums[ident, row[0]] = sums.get((ident, row[0]), 0) + time_us
        return sums

    def test_a_sleep_gets_nothing_of_what_was_computed_before_it(self):
        work, sleep = "work", "sleep"
        # 3 ms of each 10 are computed; three looks of ten find it, and then it goes on through the window.
        sums = self.times(lambda turn: [(work, 0.003, 0.001, work) if turn % 10 < 3 else (sleep, 0.003, 0.0, sleep)])
        self.assertLess(sums[0, sleep], 10000)  # of 1.2 s: before the place is known
        self.assertAlmostEqual(sums[0, work] / 1e6, 400 * 0.003, delta=0.2)

    def test_a_window_in_which_c_code_kept_the_gil_tells_nothing_against_a_thread(self):
        """All have had their turn in it: then their places share what their threads used."""
        sums = self.times(lambda turn: [("sort", 0.005, 0.006, "json"), ("json", 0.005, 0.0, "json")], 200, lambda turn: 0.006)
        self.assertAlmostEqual(sums[1, "json"] / 1e6, 200 * 0.005, delta=0.1)

    def test_where_c_code_keeps_the_gil_the_few_short_windows_do_not_count(self):
        """They are those in which the thread had no CPU."""
        is_short = [turn % 8 == 0 for turn in range(400)]

        def script(turn):
            sort = ("sort", 0.01, 0.0 if is_short[turn] else 0.004, "compute")
            return [sort if turn % 2 == 0 else ("compute", 0.01, 0.0002, "compute")]

        sums = self.times(script, took=lambda turn: 0.0002 if turn % 2 or is_short[turn] else 0.006)
        self.assertAlmostEqual(sums[0, "sort"] / sum(sums.values()), 0.5, delta=0.05)

    def test_who_begins_to_compute_gets_no_more_than_its_clock_says(self):
        """Though its place gets nothing until there has been a window there."""
        clock = agent.Clock(1, None)
        ascribed = 0.0
        for turn in range(100):
            clock.go_on(turn * 0.01)
            ascribed += clock.scaled(0.0 if turn < 10 else 0.01, 0.999)
        self.assertAlmostEqual(ascribed, 0.99)

    def test_a_sleeper_that_wakes_up_in_the_window_still_sleeps(self):
        work, sleep = "work", "sleep"

        def script(turn):
            if turn % 2:
                return [(work, 0.005, 0.001, work)]
            return [(sleep, 0.005, 0.001, work)] if turn % 10 == 0 else [(sleep, 0.005, 0.0, sleep)]

        self.assertLessEqual(self.times(script)[0, sleep], 2 * 10000)  # of 2 s: before the first window there

    def test_a_place_that_is_always_left_has_what_is_used_when_it_is_left(self):
        call, other = "call", "other"
        sums = self.times(lambda turn: [(call, 0.01, 0.001, other)])
        self.assertAlmostEqual(sums[0, call] / 1e6, 4.0, delta=0.5)


class TheSwitchInterval(unittest.TestCase):
    def setUp(self):
        self.before = sys.getswitchinterval()
        self.addCleanup(sys.setswitchinterval, self.before)
        sys.setswitchinterval(0.005)

    def assert_is(self, seconds):
        self.assertAlmostEqual(sys.getswitchinterval(), seconds, delta=1.5e-6)

    def test_its_word_is_found_and_is_it(self):
        word = agent._find_interval()
        self.assert_is(0.005)
        self.assertEqual(word.value, 5000)
        sys.setswitchinterval(0.0007)
        self.assertEqual(word.value, 700)
        word.value = 1234
        self.assert_is(0.001234)

    def test_no_word_is_taken_for_it_where_none_or_several_follow_it(self):
        read = agent.ctypes.string_at

        def none(base, size):
            return b"\0" * size

        def twice(base, size):
            memory = bytearray(read(base, size))
            memory[:8] = memory[8:16] = round(sys.getswitchinterval() * 1e6).to_bytes(8, sys.byteorder)
            return bytes(memory)

        for wrong in (none, twice):
            with mock.patch.object(agent.ctypes, "string_at", wrong):
                self.assertIsNone(agent._find_interval())
            self.assert_is(0.005)
        with mock.patch.object(agent, "ctypes", None):
            self.assertIsNone(agent._find_interval())

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

    def test_a_stream_with_a_timer_leaves_it_alone(self):
        interval = agent.SwitchInterval()
        interval.begin("a")
        self.assert_is(0.005)
        self.assertEqual(interval.between, 5000)
        interval.end("a")
        self.assert_is(0.005)

    def test_is_in_the_end_what_it_was_before(self):
        interval = agent.SwitchInterval()
        interval.begin("a")
        interval.begin("b")
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


class Waking(unittest.TestCase):
    def setUp(self):
        self.before = sys.getswitchinterval()
        self.addCleanup(sys.setswitchinterval, self.before)
        sys.setswitchinterval(0.005)

    def assert_is(self, seconds):
        self.assertAlmostEqual(sys.getswitchinterval(), seconds, delta=1e-6)

    def assert_is_nearly(self, seconds, interval):
        self.assertTrue(seconds - 0.000256 < interval < seconds + 0.000001, interval)

    def alarm(self):
        sleep = agent._sleep_for_stream(0.0001)
        self.assertIsInstance(sleep, agent.Alarm)
        self.addCleanup(sleep.close)
        return sleep

    def seen(self, sleep, number=1):
        """The interval when the agent fell asleep and when it woke up."""
        seen = []
        read = os.readv

        def readv(timer, words):
            asleep = sys.getswitchinterval()
            read(timer, words)
            seen.append((asleep, sys.getswitchinterval()))

        with mock.patch.object(os, "readv", readv):
            for way in (sleep.until, lambda due: sleep.during(due - time.monotonic())):
                for _ in range(number):
                    due = time.monotonic() + 0.002
                    take(way(due))
                    self.assertGreater(time.monotonic(), due - 0.0005)
        self.assertEqual(len(seen), 2 * number)
        return seen

    def test_the_interval_is_nearly_the_programs_during_a_sleep_and_low_after_it(self):
        sleep = agent._sleep_for_stream(0.0001)
        self.assertIsInstance(sleep, agent.Alarm)
        for asleep, awake in self.seen(sleep, 20):
            self.assert_is_nearly(0.005, asleep)
            self.assertAlmostEqual(awake, low_of(sleep, sleep.ALONE_US) * 1e-6, delta=1e-6)
        self.assert_is_nearly(0.005, sys.getswitchinterval())
        sleep.close()
        self.assert_is(0.005)
        with self.assertRaises(OSError):
            os.fstat(sleep.fd)

    def test_it_is_lower_where_looks_have_to_wait_for_many(self):
        sleep = self.alarm()
        for wait, low in ((0.001, sleep.CROWDED_US), (0.0, sleep.ALONE_US)):
            for _ in range(100):
                sleep.note_wait(wait)
            take(sleep.during(0.0001))  # that sets what the next one finds
            for _, awake in self.seen(sleep):
                self.assertAlmostEqual(awake, low_of(sleep, low) * 1e-6, delta=1e-6)

    def test_an_interval_that_is_short_anyway_is_left_alone(self):
        for short in (0.000005, 0.0001, 0.0003):
            sys.setswitchinterval(short)
            sleep = agent._sleep_for_stream(0.0001)
            for asleep, awake in self.seen(sleep):
                self.assertAlmostEqual(asleep, short, delta=1e-6)
                self.assertLessEqual(awake, asleep)
            sleep.close()
            self.assert_is(short)

    def test_nothing_is_written_beside_the_word(self):
        sleep, word = self.written()
        self.assertEqual(word, low_of(sleep, sleep.ALONE_US))

    def written(self, late_s=0.0):
        """An alarm, and what the kernel has made of its word; all else is as it was, and the word is so again."""
        ones = 2**64 - 1
        memory = (agent.ctypes.c_ulong * 3)(ones, 5000, ones)
        sleep = agent.Alarm(agent.ctypes.c_ulong.from_buffer(memory, 8))
        self.addCleanup(sleep.close)
        before = memory[1]
        settime, read, back = sleep.during(0.0001)
        settime()
        time.sleep(late_s)
        read()
        word = memory[1]
        self.assertEqual(list(memory), [ones, word, ones])
        back()
        self.assertEqual(list(memory), [ones, before, ones])
        return sleep, word

    def test_before_linux_6_10_the_interval_becomes_1_us_however_late_it_is(self):
        with mock.patch.object(os, "readv", readv_before_linux_6_10(os.readv)):
            _, word = self.written(late_s=0.01)
        self.assertEqual(word, 1)

    def test_a_timer_that_cannot_be_read_is_none(self):
        for number in (errno.EPERM, errno.ENOSYS):
            with mock.patch.object(os, "readv", side_effect=OSError(number, "no")), mock.patch.object(os, "close") as close:
                with self.assertRaises(OSError):
                    agent.Alarm(agent.ctypes.c_ulong(5000))
            close.assert_called_once()
            os.close(close.call_args[0][0])

    def test_a_time_that_has_passed_does_not_arm_the_timer(self):
        sleep = self.alarm()
        due = time.monotonic() - 1.0
        with mock.patch.object(os, "readv") as readv:
            self.assertEqual(agent._take_looks([agent.Look(due, sleep.until(due))]), [])
        readv.assert_not_called()  # it would lower the interval for a look that is not taken
        self.assert_is_nearly(0.005, sys.getswitchinterval())

    def test_where_nobody_can_lower_it_it_is_low_all_the_time(self):
        with mock.patch.object(agent, "_interval", agent.SwitchInterval()):
            with mock.patch.object(agent, "_find_interval", lambda: None), self.subTest("the word is not known"):
                self.check_low_all_the_time()
        with mock.patch.object(agent, "Alarm", mock.Mock(side_effect=OSError)), self.subTest("no timer"):
            self.check_low_all_the_time()

    def check_low_all_the_time(self):
        sleep = agent._sleep_for_stream(0.0001)
        self.assertEqual(sleep.most, 1)
        self.assert_is(0.0001)
        for way in (sleep.until, lambda due: sleep.during(due - time.monotonic())):
            due = time.monotonic() + 0.002
            take(way(due) + sleep.settle())
            self.assertGreaterEqual(time.monotonic(), due - 0.0005)
        sleep.close()
        self.assert_is(0.005)


def low_of(alarm, low):
    """The interval of a look in microseconds: as low as the alarm wants it, or 1 where this is a Linux before 6.10."""
    return low if len(alarm.places) == 2 else 1


def take(steps):
    for step in steps:
        step()


class Lines(unittest.TestCase):
    def both(self):
        """A line with ctypes and one without, and the peer of each."""
        for ctypes in (agent.ctypes, None):
            ours, theirs = socket.socketpair()
            self.addCleanup(ours.close)
            self.addCleanup(theirs.close)
            ours.settimeout(0.0)
            with mock.patch.object(agent, "ctypes", ctypes), self.subTest(ctypes=ctypes is not None):
                line = agent.Line(ours)
                self.assertEqual(bool(line.system), ctypes is not None)
                yield line, theirs

    def test_sends_what_can_be_sent_at_once_and_no_more(self):
        for line, peer in self.both():
            data = bytes(range(256)) * 8192
            sent = 0
            while True:
                count = line.send(bytearray(data[sent:]))
                if count is None:
                    break
                sent += count
            self.assertTrue(0 < sent < len(data))
            received = b""
            while len(received) < sent:
                received += peer.recv(65536)
            self.assertEqual(received, data[:sent])

    def test_tells_nothing_yet_from_the_end(self):
        for line, peer in self.both():
            self.assertIsNone(line.receive())
            peer.send(b"hello")
            self.assertEqual(line.receive(), 5)
            peer.send(b"x" * 5000)
            self.assertEqual(line.receive(), 4096)
            peer.shutdown(socket.SHUT_WR)
            self.assertEqual(line.receive(), 904)
            self.assertEqual(line.receive(), 0)

    def test_a_peer_that_is_gone_is_an_error(self):
        for line, peer in self.both():
            peer.close()
            with self.assertRaises(BrokenPipeError):
                line.send(bytearray(b"hello"))


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
