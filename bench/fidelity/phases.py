"""A site whose requests know where their time goes: each phase adds up its own wall and processor time.

    /run?workload=NAME&seconds=S   repeats the phases of a workload for so long
    /truth                         what each phase took so far, over all threads: {phase: [wall, cpu]}, in seconds
"""
import hashlib
import json
import os
import random
import socket
import threading
import time
import zlib
from collections import defaultdict
from urllib.parse import parse_qs

spent = defaultdict(lambda: [0.0, 0.0])
adding = threading.Lock()
shared = threading.Lock()

numbers = [random.random() for _ in range(60_000)]
document = {str(i): {"price": i, "tags": ["a", "b", str(i)]} for i in range(4_000)}
block = os.urandom(1 << 20)


def compute_for(seconds):
    end = time.perf_counter() + seconds
    x = 0
    while time.perf_counter() < end:
        for i in range(200):
            x += i * i
    return x


def phase_compute_long():
    compute_for(0.030)


def phase_compute_short():
    compute_for(0.003)


def phase_sleep_long():
    time.sleep(0.025)


def phase_sleep_short():
    time.sleep(0.004)


def phase_compute_between():
    compute_for(0.0015)


def phase_io(local=threading.local()):
    if not hasattr(local, "pair"):
        local.pair = socket.socketpair()
        threading.Thread(target=answer, args=(local.pair[1],), daemon=True).start()
    local.pair[0].send(b"x")
    local.pair[0].recv(1)


def answer(end):
    while end.recv(1):
        time.sleep(0.001)
        end.send(b"x")


def phase_sort():
    sorted(numbers)


def phase_json():
    json.loads(json.dumps(document))


def phase_hash():
    hashlib.sha256(block).digest()


def phase_zlib():
    zlib.compress(block, 1)


def phase_locked():
    with shared:
        compute_for(0.004)
        time.sleep(0.006)


WORKLOADS = {
    "python": [phase_compute_long, phase_compute_short, phase_compute_short],
    "sleep": [phase_compute_long, phase_sleep_long, phase_compute_short, phase_sleep_short],
    "io": [phase_compute_between, phase_io, phase_compute_short],
    "c-gil": [phase_sort, phase_json, phase_compute_short],
    "c-nogil": [phase_hash, phase_zlib, phase_compute_short],
    "lock": [phase_locked, phase_compute_short, phase_sleep_short],
}


def run(workload, seconds):
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        for phase in WORKLOADS[workload]:
            wall, cpu = time.perf_counter(), time.thread_time()
            phase()
            wall_after, cpu_after = time.perf_counter(), time.thread_time()
            with adding:  # to wait for it, and for the GIL meanwhile, is of no phase
                total = spent[phase.__name__]
                total[0] += wall_after - wall
                total[1] += cpu_after - cpu


def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "application/json")])
    if environ["PATH_INFO"] == "/truth":
        with adding:
            return [json.dumps(spent).encode()]
    query = parse_qs(environ["QUERY_STRING"])
    run(query["workload"][0], float(query["seconds"][0]))
    return [b"{}"]
