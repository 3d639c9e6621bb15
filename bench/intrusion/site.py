"""A site for load: /page builds pages, /integers adds in a loop, /mixed computes and waits, /park?depth=N parks its thread
N frames deep for ever.
"""
import html
import json
import re
import time
from urllib.parse import parse_qs

document = {str(i): {"price": i, "tags": ["a", "b", str(i)]} for i in range(200)}
goods = [{"name": "Item <%d>" % i, "price": i * 7919 % 1000 / 9, "tags": ["a", "b", str(i)]} for i in range(60)]


def compute(steps):
    x = 0
    for i in range(steps):
        x += i * i
    return x


def render():
    return json.dumps(document)


def cell(value):
    return "<td>" + html.escape(str(value)) + "</td>"


def row(item):
    cells = [cell(item["name"]), cell("%.2f" % item["price"])] + [cell(tag) for tag in item["tags"]]
    return "<tr>" + "".join(cells) + "</tr>"


def page():
    table = "\n".join(row(item) for item in sorted(goods, key=lambda item: -item["price"]))
    return re.sub(r"<td>([0-9.]+)</td>", r'<td class="number">\1</td>', table)


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
    elif path == "/page":
        return ["".join(page() for _ in range(20)).encode()]
    elif path == "/mixed":
        compute(8_000)
        time.sleep(0.002)
        render()
    elif path == "/integers":
        for _ in range(4):
            compute(10_000)
    return [b"done"]
