// A play of a web application: what the threads of a small shop would be doing at a given time. Gives the demo
// something worth looking at without uWSGI or Python. Pure: time and chance come in as arguments.
import type { Frame, ThreadStack } from './dump.ts';

/** What a request does for a while: a stack, and how long it lasts on average. */
interface Scene {
  readonly frames: readonly Frame[];
  readonly meanMs: number;
}

interface Route {
  /** How often it is asked for, relative to the others. */
  readonly popularity: number;
  readonly scenes: readonly Scene[];
}

interface Core {
  readonly name: string;
  scenes: readonly Scene[];
  /** When the first of the scenes ends. */
  untilMs: number;
}

/** Mean time that a core waits for its next request. */
const meanIdleMs = 25;

/** The threads of one worker. Time must not run backwards. */
export class PlayedWorker {
  readonly #cores: Core[];
  readonly #random: () => number;

  constructor(worker: number, cores: number, random: () => number) {
    this.#random = random;
    this.#cores = Array.from({ length: cores }, (_, core) => ({
      name: `uWSGIWorker${worker}Core${core}`,
      scenes: [],
      untilMs: 0,
    }));
  }

  /** The stacks of the threads that serve a request at this time, in milliseconds from any origin. */
  stacksAt(nowMs: number): ThreadStack[] {
    for (const core of this.#cores) this.#playOn(core, nowMs);
    return this.#cores.flatMap(({ name, scenes }) =>
      scenes[0] === undefined ? [] : [{ thread: name, frames: scenes[0].frames, cut: false }],
    );
  }

  #playOn(core: Core, nowMs: number): void {
    if (core.untilMs === 0) core.untilMs = nowMs;
    while (core.untilMs <= nowMs) {
      const wasIdle = core.scenes.length === 0;
      core.scenes = wasIdle ? pickRoute(this.#random()).scenes : core.scenes.slice(1);
      core.untilMs += this.#draw(core.scenes[0]?.meanMs ?? meanIdleMs);
    }
  }

  /** Exponentially distributed: most are short, some are long, as requests are. */
  #draw(meanMs: number): number {
    return Math.max(0.1, -Math.log(1 - this.#random()) * meanMs);
  }
}

function pickRoute(share: number): Route {
  let left = share * routes.reduce((sum, { popularity }) => sum + popularity, 0);
  for (const route of routes) {
    left -= route.popularity;
    if (left < 0) return route;
  }
  return routes[0]!;
}

const frame = (file: string, line: number, name: string, source: string): Frame => ({
  function: name,
  file,
  line,
  source,
});
const shop = (file: string) => `/srv/shop/${file}`;
const lib = (file: string) => `/srv/venv/lib/python3.12/site-packages/${file}`;
const std = (file: string) => `/usr/lib/python3.12/${file}`;

const entry = [
  frame(shop('wsgi.py'), 14, 'application', 'return app(environ, start_response)'),
  frame(lib('tinyweb/app.py'), 212, '__call__', 'response = self.handle(Request(environ))'),
  frame(lib('tinyweb/middleware/sessions.py'), 48, 'handle', 'response = self.next(request)'),
  frame(lib('tinyweb/middleware/timing.py'), 21, 'handle', 'response = self.next(request)'),
  frame(lib('tinyweb/routing.py'), 97, 'dispatch', 'return view(request, **match.params)'),
];
const query = [
  frame(lib('tinydb/query.py'), 301, 'all', 'return list(self)'),
  frame(lib('tinydb/query.py'), 188, '__iter__', 'cursor = self.connection.execute(self.compile(), self.params)'),
  frame(lib('tinydb/connection.py'), 144, 'execute', 'return self.protocol.wait(self.send(statement, params))'),
];
const waitForDatabase = [
  ...query,
  frame(lib('tinydb/protocol.py'), 77, 'wait', 'header = self.socket.recv(5)'),
  frame(std('socket.py'), 707, 'readinto', 'return self._sock.recv_into(b)'),
];
const hydrate = [
  frame(lib('tinydb/query.py'), 301, 'all', 'return list(self)'),
  frame(lib('tinydb/query.py'), 193, '__iter__', 'yield self.model(**dict(zip(self.columns, row)))'),
  frame(lib('tinydb/models.py'), 61, '__init__', 'setattr(self, name, field.to_python(value))'),
];
const render = [
  frame(lib('tinyweb/templates.py'), 132, 'render', 'return "".join(self.root.emit(context))'),
  frame(lib('tinyweb/templates.py'), 240, 'emit', 'for chunk in child.emit(context):'),
  frame(lib('tinyweb/templates.py'), 240, 'emit', 'for chunk in child.emit(context):'),
];
const escapeHtml = [...render, frame(std('html/__init__.py'), 19, 'escape', 's = s.replace("&", "&amp;")')];
const includeTemplate = [
  ...render,
  frame(lib('tinyweb/templates.py'), 288, 'emit', 'template = self.loader.get(self.name)'),
  frame(lib('tinyweb/templates.py'), 75, 'get', 'if os.stat(path).st_mtime > cached.mtime:'),
];

const loadSession: Scene = {
  frames: [
    ...entry.slice(0, 3),
    frame(lib('tinyweb/sessions.py'), 33, 'load', 'return json.loads(self.redis.get(key))'),
    frame(lib('tinyredis/client.py'), 118, 'get', 'return self.command(b"GET", key)'),
    frame(lib('tinyredis/client.py'), 64, 'command', 'return self.reader.read_reply()'),
  ],
  meanMs: 2,
};

function inView(view: Frame, frames: readonly Frame[], meanMs: number): Scene {
  return { frames: [...entry, view, ...frames], meanMs };
}

const viewsFile = shop('views.py');
const routes: readonly Route[] = [
  {
    popularity: 50,
    scenes: [
      loadSession,
      inView(frame(viewsFile, 41, 'product', 'item = Product.get(id)'), waitForDatabase, 9),
      inView(
        frame(viewsFile, 44, 'product', 'related = recommend(item, request.user)'),
        [
          frame(shop('recommend.py'), 27, 'recommend', 'scored = [(similarity(item, o), o) for o in candidates]'),
          frame(shop('recommend.py'), 12, 'similarity', 'return sum(a * b for a, b in zip(x.vector, y.vector))'),
          frame(shop('recommend.py'), 12, '<genexpr>', 'return sum(a * b for a, b in zip(x.vector, y.vector))'),
        ],
        16,
      ),
      inView(frame(viewsFile, 45, 'product', 'return render("product.html", item=item)'), escapeHtml, 5),
      inView(frame(viewsFile, 45, 'product', 'return render("product.html", item=item)'), includeTemplate, 4),
    ],
  },
  {
    popularity: 25,
    scenes: [
      loadSession,
      inView(frame(viewsFile, 63, 'search', 'hits = Product.search(request.args["q"]).all()'), waitForDatabase, 38),
      inView(frame(viewsFile, 63, 'search', 'hits = Product.search(request.args["q"]).all()'), hydrate, 11),
      inView(
        frame(viewsFile, 66, 'search', 'hits.sort(key=rank)'),
        [frame(shop('ranking.py'), 19, 'rank', 'return -item.sales * decay(now - item.added)')],
        7,
      ),
      inView(frame(viewsFile, 67, 'search', 'return render("search.html", hits=hits)'), escapeHtml, 9),
    ],
  },
  {
    popularity: 12,
    scenes: [
      loadSession,
      inView(
        frame(viewsFile, 88, 'checkout', 'receipt = payments.charge(cart.total, token)'),
        [
          frame(shop('payments.py'), 52, 'charge', 'reply = self.session.post(self.url, json=order)'),
          frame(lib('tinyhttp/session.py'), 140, 'post', 'return self.send(self.prepare("POST", url, json))'),
          frame(std('http/client.py'), 1428, 'getresponse', 'response.begin()'),
          frame(std('ssl.py'), 1103, 'read', 'return self._sslobj.read(len, buffer)'),
        ],
        85,
      ),
      inView(
        frame(viewsFile, 91, 'checkout', 'order.save()'),
        [frame(lib('tinydb/models.py'), 130, 'save', 'self.connection.commit()'), ...waitForDatabase.slice(2)],
        14,
      ),
    ],
  },
  {
    popularity: 2,
    scenes: [
      loadSession,
      inView(frame(viewsFile, 120, 'export_orders', 'rows = Order.since(month).all()'), waitForDatabase, 150),
      inView(frame(viewsFile, 120, 'export_orders', 'rows = Order.since(month).all()'), hydrate, 110),
      inView(
        frame(viewsFile, 124, 'export_orders', 'writer.writerow(flatten(row))'),
        [frame(shop('export.py'), 9, 'flatten', 'return [str(getattr(row, name)) for name in FIELDS]')],
        130,
      ),
    ],
  },
];
