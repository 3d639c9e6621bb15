"""A slow site: the smallest thing worth profiling. Start it from this folder with

    uwsgi --plugins http,python3 --http 127.0.0.1:8080 --wsgi-file slow.py --master \
          --processes 2 --threads 4 --py-tracebacker /tmp/tbsocket.

(or: uwsgi slow.ini), keep it busy and record it:

    for i in 1 2 3 4; do curl -s 'http://127.0.0.1:8080/?seconds=20' & done
    tbprof record -s /tmp/tbsocket. -d 5s -o slow.html

Keep files that are sampled pure ASCII, comments too: a stock tracebacker goes silent for good at the first source line
that is not.
"""
import time
from urllib.parse import parse_qs


def dormi(seconds):
    time.sleep(seconds)


def dormi2(seconds):
    dormi(seconds)


def dormi3(seconds):
    dormi2(seconds)


def dormi4(seconds):
    dormi3(seconds)


def dormi5(seconds):
    dormi4(seconds)


def application(environ, start_response):
    seconds = float(parse_qs(environ["QUERY_STRING"]).get("seconds", ["1"])[0])
    dormi5(seconds)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"slept %g seconds\n" % seconds]
