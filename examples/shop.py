"""A small busy shop: different things to see in a profile, with a time.sleep in the place of a database.

    uwsgi shop.ini
    while sleep 0.1; do for page in products search checkout report; do curl -s 127.0.0.1:8080/$page & done; done
    tbprof record -s /tmp/tbsocket. -d 10s -o shop.html

No loop here ends in an `if`: the jump back from such an end has no line number from Python 3.11 on, and a stock
tracebacker that meets a thread there goes silent for good.
"""
import json
import math
import time

WORDS = "amber brass cedar denim ebony flint glass hazel ivory jade khaki linen maple".split()
PRODUCTS = [
    {"id": number, "name": "%s %s" % (WORDS[number % 13], WORDS[number * 5 % 11]), "price": number * 37 % 9973}
    for number in range(12000)
]


def query_database(milliseconds):
    time.sleep(milliseconds / 1000.0)


def call_bank(cents):
    time.sleep(0.03 + cents % 10 / 1000.0)
    return {"paid": cents}


def render_row(product):
    return "<tr><td>%(id)d</td><td>%(name)s</td><td>%(price)d</td></tr>" % product


def render_table(products):
    return "<table>" + "".join([render_row(product) for product in products]) + "</table>"


def rank(product):
    return math.sin(product["price"]) * len(product["name"]), product["id"]


def sum_prices(products):
    total = 0
    for product in products:
        total += product["price"]
    return total


def show_products():
    query_database(12)
    return render_table(PRODUCTS[:8000])


def search():
    query_database(25)
    found = sorted(PRODUCTS, key=rank)
    return render_table(found[:100])


def check_out():
    receipt = call_bank(sum_prices(PRODUCTS[:50]))
    query_database(8)
    return json.dumps(receipt)


def export_report():
    query_database(15)
    totals = [sum_prices(PRODUCTS[start:]) for start in range(0, 12000, 2000)]
    return json.dumps({"totals": totals, "products": PRODUCTS[:4000]})


PAGES = {"/products": show_products, "/search": search, "/checkout": check_out, "/report": export_report}


def application(environ, start_response):
    page = PAGES.get(environ["PATH_INFO"])
    if page is None:
        start_response("404 Not Found", [("Content-Type", "text/plain")])
        return [("try one of %s\n" % " ".join(PAGES)).encode()]
    body = page().encode()
    start_response("200 OK", [("Content-Type", "text/html"), ("Content-Length", str(len(body)))])
    return [body]
