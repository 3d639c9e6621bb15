import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ProfileBuilder } from '../../src/profile/builder.ts';
import { decodeStream } from '../../src/stream/decode.ts';
import { encodeStream } from '../../src/stream/encode.ts';
import { banner, printDump } from '../../src/tracebacker/dump.ts';
import { DumpParser } from '../../src/tracebacker/parse.ts';
import { someDump } from '../helpers/fake-tracebacker.ts';
import { fixture, splitDumps } from '../helpers/fixtures.ts';

const parseFixture = (name: string) => new DumpParser().parse(fixture(`tracebacker/${name}`));
const parseText = (text: string) => new DumpParser().parse(Buffer.from(text));

/** Short form: `name: function file:line source > ...`, with `!` where the stack was cut. */
function sketch(name: string): string[] {
  return parseFixture(name).threads.map(({ thread, frames, cut }) => {
    const stack = frames.map((frame) => `${frame.function} ${frame.file}:${frame.line} ${frame.source}`.trim());
    return `${thread}: ${stack.join(' > ')}${cut ? ' !' : ''}`;
  });
}

describe('DumpParser', () => {
  it('reads an idle worker as no thread', () => {
    expect(parseFixture('idle.txt')).toEqual({ banner: true, threads: [], warnings: 0, firstWarning: null });
  });

  it('reads the threads of a dump, root first', () => {
    expect(sketch('two-threads.txt')).toEqual([
      'uWSGIWorker1Core0: application /srv/app.py:30 return view(env) > view /srv/app.py:12 time.sleep(1)',
      'uWSGIWorker1Core3: application /srv/app.py:30 return view(env)',
    ]);
  });

  it('keeps two threads of one name apart where a blank line is between them', () => {
    expect(sketch('same-name-threads.txt')).toEqual([
      'Thread-1 (work): a /srv/app.py:1 x',
      'Thread-1 (work): b /srv/app.py:2 y',
    ]);
  });

  it('ends a stack without its blank line where the thread changes, and marks it as cut', () => {
    expect(sketch('non-ascii-cut.txt')).toEqual([
      'uWSGIWorker1Core0: application /srv/app.py:30 return view(env) !',
      'uWSGIWorker1Core1: application /srv/app.py:30 return view(env) > view /srv/app.py:12 time.sleep(1)',
    ]);
  });

  it('marks the last stack as cut where the dump ends without a blank line', () => {
    expect(sketch('cut-at-end.txt')).toEqual(['uWSGIWorker1Core0: application /srv/app.py:30 return view(env) !']);
  });

  it('does not believe a line that is torn in the middle', () => {
    expect(sketch('torn-line.txt')).toEqual(['uWSGIWorker1Core0: application /srv/app.py:30 return view(env) !']);
    expect(parseFixture('torn-line.txt').warnings).toBe(1);
  });

  it('takes names with spaces, with a mark inside, as bytes, of unnamed threads, and empty ones', () => {
    expect(parseFixture('names.txt').threads.map(({ thread }) => thread)).toEqual([
      'my worker thread',
      'a filename = b',
      'uWSGIWorker1Core0',
      '<UnnamedPythonThread>',
      '',
    ]);
    expect(parseFixture('names.txt').threads.map(({ frames }) => frames[0]!.line)).toEqual([1, 2, 3, 4, 5]);
  });

  it('leaves out the threads of an agent, and those threads only', () => {
    const line = (thread: string, file: string) =>
      `thread_id = ${thread} filename = ${file} lineno = 1 function = f line = \n`;
    const agent = '/srv/site/tbprof_agent.py';
    const { threads, warnings } = parseText(
      [
        `${banner}\n\n${line('<UnnamedPythonThread>', agent)}${line('<UnnamedPythonThread>', '/usr/lib/socket.py')}`,
        `${line('starts the agent', '/srv/app.py')}${line('starts the agent', agent)}`,
        `${line('a', '/srv/not_tbprof_agent.py')}`,
        `${line('<UnnamedPythonThread>', 'tbprof_agent.py')}${line('b', '/srv/app.py')}`,
      ].join('\n'),
    );
    expect(threads.map(({ thread }) => thread)).toEqual(['starts the agent', 'a', 'b']);
    expect(warnings).toBe(0);
  });

  it('takes frames without a source line', () => {
    expect(sketch('no-source-line.txt')).toEqual(['uWSGIWorker1Core0: f /srv/app.py:7 > <module> <string>:1']);
  });

  it('takes source lines that contain the marks of the format', () => {
    expect(sketch('marks-in-source.txt')).toEqual([
      'uWSGIWorker1Core0: f /srv/app.py:9 print("thread_id = x filename = /y lineno = 5 function = g line = z") > ' +
        'g /srv/app.py:10  lineno = 5 function = h',
    ]);
  });

  it('takes file names with spaces', () => {
    expect(sketch('file-with-spaces.txt')).toEqual(['uWSGIWorker1Core0: f /srv/my app/lineno = /v 1.py:1 x']);
  });

  it('counts lines that are no frame and goes on behind them', () => {
    const { threads, warnings, firstWarning } = parseFixture('no-frames.txt');
    expect(threads).toHaveLength(1);
    expect({ warnings, firstWarning }).toEqual({ warnings: 3, firstWarning: 'hello' });
  });

  it('replaces invalid UTF-8 and keeps valid UTF-8', () => {
    expect(sketch('invalid-utf8.txt')).toEqual([
      'uWSGIWorker1Core0: f /srv/app.py:1 café ok > g /srv/app.py:2 bad \ufffd\ufffd',
    ]);
  });

  it('says when there is no banner', () => {
    expect(parseFixture('no-banner.txt')).toMatchObject({ banner: false, threads: [], warnings: 2 });
  });

  it('gives the same stack object for the same text, also from another dump', () => {
    const parser = new DumpParser();
    const first = parser.parse(fixture('tracebacker/two-threads.txt'));
    const second = parser.parse(fixture('tracebacker/two-threads.txt'));
    expect(second.threads[1]).toBe(first.threads[1]);
  });

  it('remembers the stacks of a thousand threads that wait at one place', () => {
    const dump = Buffer.from(someDump(1, 1_000));
    const parser = new DumpParser();
    const first = parser.parse(dump).threads;
    const second = parser.parse(dump).threads;
    expect(second.filter((thread, at) => thread === first[at])).toHaveLength(1_000);
  });

  it.each(['django.worker1.dumps.txt', 'django.worker2.dumps.txt'])('understands every line of %s', (name) => {
    const bytes = fixture(`tracebacker/${name}`);
    const parser = new DumpParser();
    const dumps = splitDumps(bytes).map((dump) => parser.parse(dump));
    const frames = dumps.flatMap(({ threads }) => threads).reduce((sum, stack) => sum + stack.frames.length, 0);
    expect(frames).toBe(
      Buffer.from(bytes)
        .toString('latin1')
        .match(/^thread_id = /gm)!.length,
    );
    expect(dumps.every((dump) => dump.banner && dump.warnings === 0)).toBe(true);
    expect(dumps.flatMap(({ threads }) => threads).some(({ cut }) => cut)).toBe(false);
  });
});

// What cannot be told apart in an unescaped format is left out: line ends anywhere, the number's marks in a name or
// file, the file's mark in a file, the source's mark in a function.
const oneLine = fc.string({ unit: 'binary', maxLength: 30 }).filter((text) => !/\n/.test(text) && text.isWellFormed());
const withMarks = fc.constantFrom('', ' filename = ', ' line = ', ' function = ', 'thread_id = ', ';', '</script>');
const noisy = fc.tuple(oneLine, withMarks, oneLine).map((parts) => parts.join(''));
const hasNumber = / lineno = -?\d+ function = /;
const name = noisy.filter((text) => !hasNumber.test(`${text} filename = `) && !/^b'.*'$/.test(text));
const file = noisy.filter(
  (text) =>
    !text.includes(' filename = ') && !` filename = ${text}`.slice(1).includes(' filename = ') && !hasNumber.test(text),
);
const functionName = noisy.filter(
  (text) => !/ line =( |$)/.test(text) && !` ${text} line = `.slice(1, -2).includes(' line = '),
);
const frame = fc.record({ function: functionName, file, line: fc.nat(999_999_999), source: noisy });
const stacks = fc
  .array(fc.record({ thread: name, frames: fc.array(frame, { minLength: 1, maxLength: 5 }) }), { maxLength: 5 })
  .filter((list) =>
    list.every(({ thread, frames }) => frames.every((f) => !hasNumber.test(`${thread} filename = ${f.file}`))),
  );

describe('the format', () => {
  it('is read back as it was printed', () => {
    fc.assert(
      fc.property(stacks, (threads) => {
        const parsed = parseText(printDump(threads));
        expect(parsed.threads).toEqual(threads.map((stack) => ({ ...stack, cut: false })));
        expect(parsed.warnings).toBe(0);
      }),
      { numRuns: 500 },
    );
  });

  it('is read back as it was printed by a parser that has read other dumps before', () => {
    const parser = new DumpParser();
    fc.assert(
      fc.property(stacks, (threads) => {
        expect(parser.parse(Buffer.from(printDump(threads))).threads).toEqual(
          threads.map((stack) => ({ ...stack, cut: false })),
        );
      }),
    );
  });

  it('throws for no bytes at all, and accounts for every line', () => {
    const piece = fc.oneof(
      fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes).toString('latin1')),
      fc.constantFrom(
        '\n',
        '\n\n',
        `${banner}\n\n`,
        'thread_id = ',
        ' filename = ',
        ' lineno = 1',
        ' function = ',
        ' line = ',
      ),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 20 }), (pieces) => {
        const text = pieces.join('');
        const { threads, warnings, banner: found } = new DumpParser().parse(Buffer.from(text, 'latin1'));
        const lines = text.split('\n').filter((line) => line !== '').length - (found ? 1 : 0);
        const frames = threads.reduce((sum, stack) => sum + stack.frames.length, 0);
        expect(frames + warnings).toBe(lines);
      }),
      { numRuns: 500 },
    );
  });

  it('survives a dump that is cut after any byte', () => {
    const whole = Buffer.from(fixture('tracebacker/two-threads.txt'));
    const parser = new DumpParser();
    for (let length = 0; length < whole.length; length++) {
      const { threads } = parser.parse(whole.subarray(0, length));
      const open = threads.filter(({ cut }) => cut);
      expect(open.length).toBeLessThanOrEqual(1);
      expect(threads.slice(0, -1).every(({ cut }) => !cut)).toBe(true);
    }
  });
});

describe('what is parsed', () => {
  it('can be recorded and read again, whatever it is', () => {
    const mark = fc.constantFrom('\n', ' filename = ', ' function = ', ' line = ', ' lineno = -7', ' lineno = 0');
    const line = fc
      .array(fc.oneof(fc.string({ unit: 'binary', maxLength: 9 }), mark, fc.integer().map(String)), { maxLength: 6 })
      .map((parts) => `thread_id = t filename = f lineno = ${parts.join('')} function = g line = x\n`);
    fc.assert(
      fc.property(fc.array(line, { maxLength: 5 }), fc.integer({ min: -5, max: 5 }), (lines, number) => {
        const frames = `thread_id = t filename = f lineno = ${number} function = g line = x\n\n`;
        const { threads } = parseText(`${banner}\n\n${lines.join('')}${frames}`);
        const builder = new ProfileBuilder({ startedEpochMs: 0, rateHz: 1, host: '', source: '', recorder: '' });
        const worker = builder.addWorker({ number: 1, address: '' });
        for (const stack of threads)
          builder.addSample(builder.thread(worker, stack.thread), builder.stackOf(stack.frames), 1);
        builder.endDump({ worker, timeMs: 0, weight: 1, waitUs: 0 });
        const text = encodeStream(builder.view());
        expect(encodeStream(decodeStream(text, 'x').profile)).toBe(text);
      }),
    );
  });
});

describe('time', () => {
  // Measured as a ratio to a pass that is known to be linear, over the same bytes in the same run: at this size a
  // quadratic parser would be some hundred thousand times slower than that.
  const shapes: [string, (size: number) => string][] = [
    ['one endless line', (size) => `thread_id = ${'x'.repeat(size)}`],
    ['marks without end', (size) => `thread_id = ${' filename = '.repeat(size / 12)}`],
    ['numbers without end', (size) => `thread_id = a filename = b${' lineno = 1'.repeat(size / 11)}`],
    ['almost a number', (size) => `thread_id = a filename = b lineno = ${'1'.repeat(size)}`],
    ['source marks', (size) => `thread_id = a filename = b lineno = 1 function = ${' line ='.repeat(size / 7)}x\n\n`],
    ['blank lines', (size) => '\n'.repeat(size)],
    ['one-letter lines', (size) => 'x\n'.repeat(size / 2)],
    ['one-letter blocks', (size) => 'x\n\n'.repeat(size / 3)],
  ];

  it.each(shapes)('is linear for %s', (_, make) => {
    const bytes = Buffer.from(`${banner}\n\n${make(2_000_000)}`);
    const parsing = fastest(() => new DumpParser().parse(bytes));
    const splitting = fastest(() => bytes.toString('latin1').split('\n').length);
    expect(parsing / splitting).toBeLessThan(1_000);
  });
});

function fastest(work: () => unknown): number {
  const runs = Array.from({ length: 5 }, () => {
    const start = process.hrtime.bigint();
    work();
    return Number(process.hrtime.bigint() - start);
  });
  return Math.min(...runs);
}
