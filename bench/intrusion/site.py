"""A site for load: /cpu computes, /mixed computes and waits, /park?depth=N parks its thread N frames deep for ever."""
import json
import time
from urllib.parse import parse_qs

document = {str(i): {"price": i, "tags": ["a", "b", str(i)]} for i in range(200)}


def compute(steps):
    x = 0
    for i in range(steps):
        x += i * i
    return x


def render():
    return json.dumps(document)


def park(depth):
    if depth > 1:
        return park(depth - 1)
    while True:
        time.sleep(3600)


def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    path = environ["PATH_INFO"]
    if path == "/park":
        park(int(parse_qs(environ["QUERY_STRING"])["depth"][0]))
    if path == "/mixed":
        compute(8_000)
        time.sleep(0.002)
        render()
    elif path == "/cpu":
        for _ in range(4):
            compute(10_000)
    return [b"done"]
