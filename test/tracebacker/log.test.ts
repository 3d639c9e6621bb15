import { describe, expect, it } from 'vitest';
import { banner } from '../../src/tracebacker/dump.ts';
import { type Traceback, TracebackReader } from '../../src/tracebacker/log.ts';
import { parseLogTime } from '../../src/tracebacker/log-time.ts';
import { fixture } from '../helpers/fixtures.ts';

function readLines(text: string): Traceback[] {
  const reader = new TracebackReader();
  const found = text.split('\n').map((line) => reader.take(line));
  return [...found, reader.finish()].filter((traceback) => traceback !== null);
}

const frame = (name: string, thread = 'uWSGIWorker2Core0') =>
  `thread_id = ${thread} filename = app.py lineno = 3 function = ${name} line = x()`;
const stacksOf = ({ threads }: Traceback) =>
  threads.map(({ thread, frames }) => `${thread}: ${frames.map((one) => one.function).join(' ')}`);
const killed = (worker: number, attempt = 1) =>
  `*** HARAKIRI ON WORKER ${worker} (pid: 7${worker}, try: ${attempt}) ***`;

describe('tracebacks in a log', () => {
  it('belong to the worker that is killed, with its pid and the time', () => {
    const [one, two] = readLines(Buffer.from(fixture('profiles/harakiri-date-in-pieces.log')).toString());
    expect(one).toMatchObject({ worker: 1, pid: 24748, epochMs: Date.UTC(2026, 10, 23, 23, 9, 52), unreadable: 0 });
    expect(two).toMatchObject({ worker: 2, pid: 24749 });
    expect(stacksOf(two!)).toEqual(['uWSGIWorker2Core0: application charge inner']);
  });

  it('are found among the lines of other workers', () => {
    const text = [
      '[pid: 9|app: 0|req: 1/1] 127.0.0.1 () {28 vars} GET /a => generated 3 bytes in 201 msecs',
      `Mon Nov 23 23:08:02 2026 - ${killed(2)}`,
      `Mon Nov 23 23:08:02 2026 - ${banner}`,
      '',
      frame('root'),
      '[pid: 9|app: 0|req: 2/2] 127.0.0.1 () {28 vars} GET /b => generated 3 bytes in 1 msecs',
      `Mon Nov 23 23:08:03 2026 - ${frame('leaf')}`,
      '',
      frame('other', 'MainThread'),
      '',
      'Mon Nov 23 23:08:02 2026 - HARAKIRI !!! end of worker 2 status !!!',
      'a program that says thread_id = 5 and filename = x',
    ].join('\n');
    const [only] = readLines(text);
    expect(stacksOf(only!)).toEqual(['uWSGIWorker2Core0: root leaf', 'MainThread: other']);
    expect(only!.unreadable).toBe(0);
  });

  it('are read where a log daemon writes before every line, and where a date fell into one', () => {
    const daemon = (line: string) => `Nov 23 23:08:02 web1 uwsgi[12]: ${line}`;
    const [first] = readLines([killed(2), banner, '', frame('root'), ''].map(daemon).join('\n'));
    expect(stacksOf(first!)).toEqual(['uWSGIWorker2Core0: root']);
    const [torn] = readLines(
      [
        `[2026-11-23 23:09:52] - ${killed(1)}`,
        banner,
        frame('root').replace('lineno', 'li[2026-11-23 23:09:53] - neno'),
      ].join('\n'),
    );
    expect(stacksOf(torn!)).toEqual(['uWSGIWorker2Core0: root']);
  });

  it('say which try it was, and count what is no frame', () => {
    const text = [killed(1), banner, frame('a'), killed(1, 2), banner, frame('b'), 'thread_id = cut here', ''].join(
      '\n',
    );
    const [one, two] = readLines(text);
    expect([one!.attempt, two!.attempt]).toEqual([1, 2]);
    expect(two!.unreadable).toBe(1);
  });

  it('need no log: dumps that were saved, one after another, name their workers by their threads', () => {
    const text = Buffer.from(fixture('tracebacker/django.worker2.dumps.txt')).toString();
    const found = readLines(text);
    expect(found.length).toBe(text.split(banner).length - 1);
    const busy = found.filter(({ threads }) => threads.length > 0);
    expect(busy.length).toBeGreaterThan(2);
    expect(new Set(busy.map(({ worker }) => worker))).toEqual(new Set([2]));
  });
});

describe('parseLogTime', () => {
  const at = Date.UTC(2026, 10, 3, 4, 5, 6);
  it.each([
    ['Tue Nov  3 04:05:06 2026 - ', at],
    ['[2026-11-03 04:05:06] - ', at],
    ['2026-11-03T04:05:06Z uwsgi: ', at],
    ['2026-11-03T05:05:06+01:00 ', at],
    ['2026-11-03 04:05:06,250 ', at + 250],
    ['2026/11/03 04:05:06 ', at],
    ['10.0.0.1 - [03/Nov/2026:04:05:06 +0000] ', at],
    ['03/Nov/2026:03:05:06 -0100 ', at],
    ['Nov  3 04:05:06 web1 uwsgi[1]: ', null],
    ['03/Foo/2026:03:05:06 ', null],
    ['', null],
  ])('%j', (text, expected) => {
    expect(parseLogTime(text)).toBe(expected);
  });
});
