"""Greenlets and asyncio tasks that wait: asyncio's are real, the greenlets are stand-ins (the real: gevent_app.py)."""
import asyncio
import itertools
import sys
import threading
import types
import unittest
from unittest import mock

from helpers import Client, agent, running


async def innermost(event):
    await event.wait()


async def outer(event):
    await innermost(event)


class Tasks(unittest.TestCase):
    def setUp(self):
        self.ready = threading.Event()
        self.thread = threading.Thread(target=self.run_loop, daemon=True)
        self.thread.start()
        self.ready.wait()
        self.addCleanup(self.stop_loop)

    def run_loop(self):
        async def main():
            self.loop = asyncio.get_running_loop()
            self.event = asyncio.Event()
            tasks = [self.loop.create_task(outer(self.event)) for _ in range(3)]
            await asyncio.sleep(0)
            self.ready.set()
            for task in tasks:
                await task

        asyncio.run(main())

    def stop_loop(self):
        self.loop.call_soon_threadsafe(self.event.set)
        self.thread.join()

    def test_appear_where_they_are_asked_for(self):
        with running() as prefix, Client(prefix, tasks=True) as client:
            client.read_until(lambda c: c.dumps >= 10 and "task-outer" in c.threads)
            stacks = {
                tuple(frame[0] for frame in stack): cpu for name, stack, _, cpu in client.samples if name == "task-outer"
            }
            self.assertEqual(set(names[:2] for names in stacks), {("outer", "innermost")})
            self.assertEqual(set(stacks.values()), {0})

    def test_do_not_appear_otherwise(self):
        with running() as prefix, Client(prefix) as client:
            client.read_until(lambda c: c.dumps >= 30)
            self.assertFalse([name for name in client.threads if name.startswith("task-")])

    def test_are_not_looked_for_among_too_many_objects_which_is_told_once(self):
        with mock.patch.object(agent.Parked, "PAUSE_S", 0):
            with mock.patch.object(agent, "_monotonic", itertools.count(0, 1000).__next__):  # each time it is time again
                parked, tables = agent.Parked(False, True), agent.Tables()
                news = []
                with mock.patch.object(agent.Parked, "MOST_BLOCKS", sys.getallocatedblocks() // 2):
                    with mock.patch.object(agent.gc, "get_objects") as get_objects:
                        for _ in range(3):
                            self.assertEqual(parked.samples(tables), [])
                            news.append(parked.news())
                get_objects.assert_not_called()
                self.assertEqual(news, [[(1, "objects")], [], []])
                parked.next = 0
                self.assertEqual(len(parked.samples(tables)), 4)  # there is room again
                self.assertEqual(parked.news(), [])

    def test_are_bounded_and_the_others_counted(self):
        parked = agent.Parked(False, True)
        with mock.patch.object(agent.Parked, "MOST", 2):
            self.assertEqual(len(parked.samples(agent.Tables())), 2)
        self.assertEqual(parked.news(), [(2, "most")])
        self.assertEqual(parked.news(), [])


class FakeGreenlet:
    def __init__(self, frame, name=None):
        self.gr_frame = frame
        if name:
            self.name = name


class Greenlets(unittest.TestCase):
    def setUp(self):
        patch = mock.patch.dict(sys.modules, greenlet=types.SimpleNamespace(greenlet=FakeGreenlet))
        patch.start()
        self.addCleanup(patch.stop)

    def samples(self):
        tables = agent.Tables()
        rows = agent.Parked(True, False).samples(tables)
        names = {row: name for name, row in tables.threads.items()}
        return sorted(names[thread] for thread, _ in rows)

    def test_that_wait_appear_and_those_that_run_or_are_over_do_not(self):
        frame = sys._getframe()
        greenlets = [FakeGreenlet(frame, "first"), FakeGreenlet(None, "over"), FakeGreenlet(frame)]
        self.assertEqual(self.samples(), ["greenlet-%#x" % id(greenlets[2]), "greenlet-first"])
        del frame

    def test_an_error_in_one_of_them_harms_nothing(self):
        class Broken(FakeGreenlet):
            @property
            def gr_frame(self):
                raise RuntimeError("broken")

            @gr_frame.setter
            def gr_frame(self, frame):
                pass

        broken, whole = Broken(None, "broken"), FakeGreenlet(sys._getframe(), "whole")
        self.assertEqual(self.samples(), ["greenlet-whole"])
        del broken, whole


if __name__ == "__main__":
    unittest.main()
