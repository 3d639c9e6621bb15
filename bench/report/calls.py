"""The tree of all calls that Python makes while it parses, prints and compiles its own library: JSON on stdout."""
import ast
import glob
import json
import os
import re
import sys
import tokenize

MOST_NODES = 140_000

functions, function_ids = [], {}
parents, names, counts, children = [], [], [], {}
path = [-1]


def on_event(frame, event, _argument):
    if event == 'call':
        code = frame.f_code
        function = function_ids.get(code)
        if function is None:
            function = function_ids[code] = len(functions)
            functions.append((code.co_name, code.co_filename, code.co_firstlineno))
        key = (path[-1], function)
        node = children.get(key)
        if node is None and len(parents) < MOST_NODES:
            node = children[key] = len(parents)
            parents.append(path[-1])
            names.append(function)
            counts.append(0)
        if node is not None:
            counts[node] += 1
        path.append(path[-1] if node is None else node)
    elif event == 'return' and len(path) > 1:
        path.pop()


def work():
    for file in sorted(glob.glob(os.path.dirname(ast.__file__) + '/*.py')):
        if len(parents) >= MOST_NODES:
            return
        with tokenize.open(file) as source:
            text = source.read()
        ast.unparse(ast.parse(text))
        for word in sorted(set(re.findall(r'[a-z_]{9,}', text)))[:40]:
            re.compile(f'(?:{word}|[^{word[:3]}]+)*?(?=x{word})')
        json.dumps(text.splitlines(), indent=2)


sys.setprofile(on_event)
work()
sys.setprofile(None)
json.dump({'functions': functions, 'parent': parents, 'function': names, 'count': counts}, sys.stdout)
