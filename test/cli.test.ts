// The command line as a user meets it, against scripted tracebackers: messages, exit codes, streams.

import type { ChildProcess } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readdirSync, readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { constants } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { measureCoverage } from '../src/aggregate/coverage.ts';
import { loadProfile } from '../src/pipeline.ts';
import { banner } from '../src/tracebacker/dump.ts';
import { type Finished, runCli, startCli } from './helpers/cli.ts';
import {
  answer,
  answerNothing,
  breakInTheMiddle,
  fakeTcpTracebacker,
  fleetIn,
  leaveStaleSocket,
  type Script,
  someDump,
} from './helpers/fake-tracebacker.ts';
import { temporaryFolder } from './helpers/temporary-folder.ts';

const folder = temporaryFolder();
const fleet = fleetIn(folder);

/** Runs with a stdout on which no space is left. */
async function runWithFullDisk(args: readonly string[]): Promise<Finished> {
  const stdout = openSync('/dev/full', 'w');
  const { finished } = startCli(args, { stdout });
  closeSync(stdout);
  return finished;
}
const hasFullDisk = existsSync('/dev/full');

/** True while a signal waits for its process: another one of its kind would be lost. Only Linux tells. */
function isPending({ pid }: ChildProcess, signal: 'SIGINT' | 'SIGHUP'): boolean {
  const status = `/proc/${pid}/status`;
  const mask = existsSync(status) ? /^ShdPnd:\s*(\w+)$/m.exec(readFileSync(status, 'utf8'))?.[1] : undefined;
  return mask !== undefined && (BigInt(`0x${mask}`) & (1n << BigInt(constants.signals[signal] - 1))) !== 0n;
}

const page = (name: string) => join(folder, name);
const loadPage = (file: string) => loadProfile(readFileSync(file, 'utf8'), file);

describe('tbprof record', () => {
  it('records a fleet, writes every output and says what was seen', async () => {
    const { prefix } = await fleet(answer(someDump(1, 2)), answer(`${banner}\n\n`));
    const outputs = ['a.html', 'a.speedscope.json', 'a.collapsed'].map(page);
    const { exitCode, stdout, stderr } = await runCli([
      ...['record', '-s', prefix, '-d', '1s', '-r', '50'],
      ...outputs.flatMap((file) => ['-o', file]),
    ]);
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: '' });
    expect(stderr).toMatch(/1\.0 s of 2 workers at 50 dumps\/s: \d+ dumps, 1 distinct stack\n/);
    expect(stderr).toMatch(/ticks: 100 planned = \d+ observed \+ \d+ unobserved/);
    expect(stderr).toMatch(/worker 1: .*2\.0 of 2 cores busy \(100\.0%\)/);
    expect(stderr).toMatch(/worker 2: .*0\.0 of 2 cores busy \(0\.0%\)/);
    expect(stderr).toMatch(/100\.0% .* view \(\/srv\/app\.py\)/);
    expect(stderr).toContain(`wrote ${outputs.join(', ')}`);
    expect(stderr).toContain(`tbprof report ${outputs[0]} -o ${page('a')}.speedscope.json`);

    const { profile } = await loadPage(outputs[0]!);
    const { planned, observed, unobserved, sampled } = measureCoverage(profile);
    expect({ planned, sum: observed + unobserved }).toEqual({ planned: 100, sum: 100 });
    expect(readFileSync(outputs[2]!, 'utf8')).toBe(`application (/srv/app.py:10);view (/srv/app.py:20) ${sampled}\n`);
    expect(JSON.parse(readFileSync(outputs[1]!, 'utf8')).profiles).toHaveLength(3);
  });

  it('filters what it reports, as `tbprof report` does, and keeps all in the recording', async () => {
    const { prefix } = await fleet(answer(someDump(1, 2)), answer(someDump(2)));
    const outputs = [page('some.folded'), page('all.tbprof')];
    const record = ['record', '-s', prefix, '-d', '300ms'];
    const filters = ['--worker', '1', '--thread', 'Core1', '--focus', 'view', '--by', 'function', '--threads'];
    const { exitCode, stderr } = await runCli([...record, ...filters, ...outputs.flatMap((file) => ['-o', file])]);
    expect(exitCode).toBe(0);
    expect(readFileSync(outputs[0]!, 'utf8')).toMatch(/^worker 1;uWSGIWorker1Core1;view \(\/srv\/app\.py\) \d+\n$/);
    expect(stderr).toMatch(/ 100\.0% {2}view/);
    expect(stderr).not.toMatch(/worker 2|application/);
    expect((await loadPage(outputs[1]!)).profile.threads).toHaveLength(3);

    const nothing = await runCli([...record, '--include', 'nobody', '-o', page('none.folded')]);
    expect(nothing.stderr).toMatch(
      /nothing is left of \d+ samples in the reports: all of them are in .*none\.tbprof\n/,
    );
    expect((await loadPage(page('none.tbprof'))).profile.threads).toHaveLength(3);
    const wrong = await runCli([...record, '--include', '/(/']);
    expect(wrong).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('regular expression') });
  });

  it('writes to stdout, and nothing else there', async () => {
    const { prefix } = await fleet(answer(someDump(1)));
    const { exitCode, stdout } = await runCli(['record', '-s', prefix, '-d', '200ms', '-o', '-', '-f', 'collapsed']);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^application \(\/srv\/app\.py:10\);view \(\/srv\/app\.py:20\) \d+\n$/);
  });

  it('names its page after the time of day, in the current folder, where no name is given', async () => {
    const { prefix } = await fleet(answer(someDump(1)));
    const cwd = join(folder, 'cwd');
    mkdirSync(cwd);
    const { exitCode } = await runCli(['record', '-d', '200ms', '-q'], { cwd, env: { TBPROF_SOCKET: prefix } });
    expect(exitCode).toBe(0);
    expect(readdirSync(cwd)).toEqual([expect.stringMatching(/^tbprof-\d{8}-\d{6}\.html$/)]);
  });

  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('ends early at %s and writes everything', async (signal) => {
    const { prefix, connections } = await fleet(answer(someDump(1)));
    const file = page(`${signal}.html`);
    const { process: child, finished } = startCli(['record', '-s', prefix, '-r', '100', '-o', file]);
    while (connections()[0]! < 5) await new Promise((resolve) => setImmediate(resolve));
    child.kill(signal);
    expect(await finished).toMatchObject({ exitCode: 0 });
    const { profile, whole } = await loadPage(file);
    expect(whole).toBe(true);
    expect(measureCoverage(profile).dumps).toBeGreaterThanOrEqual(4);
  });

  it('waits for no worker that hangs after a second Ctrl-C, and writes everything', async () => {
    const { prefix, connections } = await fleet((socket, connection) => {
      if (connection < 5) socket.end(someDump(1));
    });
    const file = page('hurry.html');
    const { process: child, finished } = startCli(['record', '-s', prefix, '-r', '100', '-o', file]);
    while (connections()[0]! < 6) await new Promise((resolve) => setImmediate(resolve));
    child.kill('SIGINT');
    while (isPending(child, 'SIGINT')) await new Promise((resolve) => setImmediate(resolve));
    child.kill('SIGINT');
    expect(await finished).toMatchObject({ exitCode: 3 });
    const { profile, whole } = await loadPage(file);
    expect({ whole, dumps: measureCoverage(profile).dumps }).toEqual({ whole: true, dumps: 5 });
  });

  it('takes a lost terminal for one request to end, however often it is told', async () => {
    let held: Socket | null = null;
    const { prefix } = await fleet((socket, connection) => {
      if (connection < 5) socket.end(someDump(1));
      else held = socket;
    });
    const file = page('hangup.html');
    const { process: child, finished } = startCli(['record', '-s', prefix, '-r', '100', '-o', file]);
    while (held === null) await new Promise((resolve) => setImmediate(resolve));
    child.stderr!.destroy();
    for (let times = 0; times < 5; times++) {
      child.kill('SIGHUP');
      while (isPending(child, 'SIGHUP')) await new Promise((resolve) => setImmediate(resolve));
    }
    (held as Socket).end(someDump(1));
    expect(await finished).toMatchObject({ exitCode: 0 });
    const { profile, whole } = await loadPage(file);
    expect({ whole, dumps: measureCoverage(profile).dumps }).toEqual({ whole: true, dumps: 6 });
  });

  it('writes the other outputs and the summary where the reader of stdout has left', async () => {
    const { prefix } = await fleet(answer(someDump(1)));
    const file = page('left.collapsed');
    const { process: child, finished } = startCli([
      ...['record', '-s', prefix, '-d', '200ms', '-f', 'collapsed', '-o', '-', '-o', file],
    ]);
    child.stdout!.destroy();
    const { exitCode, stderr } = await finished;
    expect(exitCode).toBe(0);
    expect(stderr).toMatch(/hottest functions/);
    expect(readFileSync(file, 'utf8')).toMatch(/^application /);
  });

  it.skipIf(!hasFullDisk)('writes the other outputs and the summary where one fails, and exits with 1', async () => {
    const { prefix } = await fleet(answer(someDump(1)));
    const [file, recording] = [page('others.collapsed'), page('others.tbprof')];
    const { exitCode, stderr } = await runWithFullDisk([
      ...['record', '-s', prefix, '-d', '200ms', '-f', 'collapsed', '-o', '-', '-o', file],
    ]);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/hottest functions/);
    expect(stderr).toMatch(/\ntbprof: cannot write to stdout: no space is left on the device\n$/);
    expect(stderr).toContain(`nothing is lost: render it again with: tbprof report ${recording}\n`);
    expect(readFileSync(file, 'utf8')).toMatch(/^application /);
    expect((await loadPage(recording)).whole).toBe(true);
  });

  it('keeps the healthy workers where one is lost, leaves that one alone, and exits with 3', async () => {
    const { prefix, connections } = await fleet(answer(someDump(1)), answerNothing);
    const { exitCode, stderr } = await runCli([
      'record',
      '-s',
      prefix,
      '-d',
      '1s',
      '-r',
      '20',
      '-o',
      page('lost.html'),
    ]);
    expect(exitCode).toBe(3);
    expect(connections()[1]).toBe(1);
    expect(stderr).toMatch(/worker 1: \d+ of 20 ticks observed/);
    expect(stderr).toMatch(/worker 2: 0 of 20 ticks observed, 20 ticks lost: .*poisoned/);
    expect(measureCoverage((await loadPage(page('lost.html'))).profile).workers[1]).toMatchObject({
      planned: 20,
      observed: 0,
    });
  });

  it.each<[string, Script, RegExp]>([
    ['answers with nothing', answerNothing, /worker 1 answered on .* with nothing, though it lives: .*poisoned/],
    ['is no tracebacker', answer('HTTP/1.1 400\r\n\r\n'), /is no tracebacker .*not that of socket/],
  ])('exits with 1 and writes nothing where the only worker %s', async (_, script, message) => {
    const { prefix, connections } = await fleet(script);
    const file = `${prefix}html`;
    const { exitCode, stderr } = await runCli(['record', '-s', prefix, '-d', '60s', '-o', file]);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(message);
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect(connections()).toEqual([1]);
    expect(existsSync(file)).toBe(false);
  });

  it('exits with 1 where the only worker breaks the connection, and does not come back', async () => {
    const { port, connections } = await fakeTcpTracebacker(breakInTheMiddle);
    const where = `127.0.0.1:${port}`;
    const { exitCode, stderr } = await runCli(['record', '-s', where, '-d', '60s', '-o', page('reset.html')]);
    expect({ exitCode, connections: connections() }).toEqual({ exitCode: 1, connections: 1 });
    expect(stderr).toMatch(/broke the connection to 127\.0\.0\.1:\d+ \(it may have crashed/);
  });

  it('says that nothing listens, at once', async () => {
    const prefix = join(folder, 'stale.');
    await leaveStaleSocket(`${prefix}1`);
    const { exitCode, stderr } = await runCli(['record', '-s', prefix, '-d', '60s', '-o', page('stale.html')]);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/nothing listens on .*stale\.1 \(the file was left by a server that is gone/);
  });

  it('says that no Python code ran', async () => {
    const { prefix } = await fleet(answer(`${banner}\n\n`));
    const { exitCode, stderr } = await runCli(['record', '-s', prefix, '-d', '300ms', '-o', page('idle.html')]);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/tbprof: no Python code ran in .* during 0\.3 s .*record while they serve requests/);
    expect((await loadPage(page('idle.html'))).whole).toBe(true);
  });

  it.each<[string, string[], RegExp]>([
    ['a wrong duration', ['-s', 'x', '-d', '3x'], /'3x' is not a duration/],
    ['a wrong rate', ['-s', 'x', '-r', '0'], /'0' is not a rate/],
    ['an unknown format', ['-s', 'x', '-f', 'gif'], /there is no format 'gif' \(known: html, speedscope, .*, tbprof\)/],
    ['an unknown ending', ['-s', 'x', '-o', 'x.gif'], /x\.gif has no ending that names a format \(known: \.html/],
    ['stdout without a format', ['-s', 'x', '-o', '-'], /-o - does not say which format/],
    ['an unknown option', ['--ratte', '3'], /unknown option '--ratte'/],
  ])('exits with 2 for %s', async (_, args, message) => {
    const { exitCode, stderr, stdout } = await runCli(['record', ...args]);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/\n\s+at /);
  });

  it('finds an output that cannot be written before it connects to anyone', async () => {
    const { prefix, connections } = await fleet(answer(someDump(1)));
    const { exitCode, stderr } = await runCli(['record', '-s', prefix, '-d', '60s', '-o', '/no/such/folder/x.html']);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/cannot write \/no\/such\/folder\/x\.html: there is no such file or folder/);
    expect(connections()).toEqual([0]);
  });

  it('shows control characters of the sampled program instead of sending them to the terminal', async () => {
    const hostile = someDump(1).replaceAll('view', 'vi\x1b[2Jew\u202e');
    const { prefix } = await fleet(answer(hostile));
    const { stderr } = await runCli(['record', '-s', prefix, '-d', '200ms', '-o', page('hostile.html')]);
    expect(stderr).toContain('vi\\x1b[2Jew\\u202e');
    expect(stderr).not.toContain('\x1b');
  });
});

describe('tbprof report', () => {
  it('renders a page again, in other formats and as text', async () => {
    const { prefix } = await fleet(answer(someDump(1, 2)));
    const file = page('again.html');
    await runCli(['record', '-s', prefix, '-d', '300ms', '-o', file, '-o', page('again.collapsed')]);
    const summary = await runCli(['report', file]);
    expect(summary.exitCode).toBe(0);
    expect(summary.stdout).toMatch(/hottest functions/);
    const again = await runCli(['report', file, '-f', 'collapsed', '-o', '-']);
    expect(again.stdout).toBe(readFileSync(page('again.collapsed'), 'utf8'));
    const byModule = await runCli(['report', file, '--by', 'function', '--threads', '-f', 'collapsed', '-o', '-']);
    expect(byModule.stdout).toMatch(
      /^worker 1;uWSGIWorker1Core0;application \(\/srv\/app\.py\);view \(\/srv\/app\.py\) \d+\n/,
    );
    const piped = await runCli(['report', '-', '-f', 'collapsed', '-o', '-'], { input: readFileSync(file, 'utf8') });
    expect(piped.stdout).toBe(again.stdout);
  });

  it.each([
    ['no page', '<html>', /cannot read -: it is a page, but none of tbprof/],
    [
      'a damaged page',
      '<script type="application/octet-stream" id="stream">AAAA</script>',
      /the recording in it is damaged/,
    ],
    ['a damaged recording', '{"tbprof":1,"rateHz":-1}\n', /line 1 of its stream is wrong/],
  ])('exits with 2 for %s', async (_, input, message) => {
    const { exitCode, stderr } = await runCli(['report', '-'], { input });
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(message);
    expect(stderr.trim().split('\n')).toHaveLength(1);
  });
});

it('can be interrupted while tbprof report waits for its input', async () => {
  const { process: child, finished } = startCli(['report', '-'], { input: null });
  // More than a pipe holds: it is gone when it is being read.
  await new Promise((resolve) => child.stdin!.write(Buffer.alloc(4 * 1024 * 1024, ' '), resolve));
  child.kill('SIGINT');
  await finished;
  expect(child.signalCode).toBe('SIGINT');
});

describe('tbprof read', () => {
  it('prints the dumps as they came', async () => {
    const bytes = Buffer.concat([Buffer.from(someDump(1)), Buffer.from([0xff, 0xfe, 0x0a])]);
    const { prefix } = await fleet(answer(bytes), answer(someDump(2)));
    const { exitCode, stdoutBytes } = await runCli(['read', '-s', prefix, '--raw']);
    expect(exitCode).toBe(0);
    expect(stdoutBytes.equals(Buffer.concat([bytes, Buffer.from(someDump(2))]))).toBe(true);
  });

  it('shows threads at the same place once, and who is idle', async () => {
    const { prefix } = await fleet(answer(someDump(1, 2)), answer(someDump(2, 1)), answer(`${banner}\n\n`));
    const { exitCode, stdout } = await runCli(['read', '-s', prefix]);
    expect(exitCode).toBe(0);
    expect(stdout).toBe(
      [
        '3 threads: uWSGIWorker1Core0, uWSGIWorker1Core1, uWSGIWorker2Core0',
        '  application /srv/app.py:10',
        '      application()',
        '  view /srv/app.py:20',
        '      view()',
        '',
        'worker 3: idle, no Python code is running',
        '',
      ].join('\n'),
    );
  });

  it('makes control characters visible', async () => {
    const { prefix } = await fleet(answer(someDump(1).replaceAll('view', '\x1b]0;evil\x07')));
    const { stdout } = await runCli(['read', '-s', prefix]);
    expect(stdout).toContain('\\x1b]0;evil\\x07');
  });

  it('is data for machines with --json', async () => {
    const { prefix } = await fleet(answer(someDump(1)), answerNothing);
    const { exitCode, stdout, stderr } = await runCli(['read', '-s', prefix, '--json']);
    expect(exitCode).toBe(3);
    expect(JSON.parse(stdout)).toMatchObject([
      { worker: 1, address: `${prefix}1`, verdict: 'dump', threads: [{ thread: 'uWSGIWorker1Core0', cut: false }] },
      { worker: 2, verdict: 'poisoned', threads: [] },
    ]);
    expect(stderr).toMatch(/worker 2 answered on .* with nothing/);
  });
});

describe('tbprof workers', () => {
  it('lists the workers of a prefix, says what is wrong with whom, and exits with 3', async () => {
    const { prefix, connections } = await fleet(
      answer(someDump(1, 2)),
      answerNothing,
      answer(someDump(3).slice(0, -1)),
    );
    const { exitCode, stdout, stderr } = await runCli(['workers'], { env: { TBPROF_SOCKET: prefix } });
    expect(exitCode).toBe(3);
    expect(connections()).toEqual([1, 1, 1]);
    expect(stdout).toMatch(/: 3 workers with a tracebacker$/m);
    expect(stdout).toMatch(/^ +1 .* busy, 2 cores +[\d.]+ ms +ok +tracebacker +\S+1$/m);
    expect(stdout).toMatch(/^ +2 .* poisoned +tracebacker +\S+2$/m);
    expect(stdout).toMatch(/^ +3 .* cut +tracebacker +\S+3$/m);
    expect(stderr).toMatch(/worker 2 answered on .* with nothing/);
    expect(stderr).toMatch(/the dump of worker 3 stops in the middle of a stack/);
  });

  it('exits with 1 where nobody is fit, and where there is nobody', async () => {
    const { prefix } = await fleet(answer('HTTP/1.1 400\r\n\r\n'));
    expect(await runCli(['workers', '-s', prefix])).toMatchObject({ exitCode: 1 });
    const none = await runCli(['workers', '--json', '-s', join(folder, 'none.')]);
    expect(none).toMatchObject({ exitCode: 1, stdout: '' });
  });
});

describe('tbprof', () => {
  it('lists its commands', async () => {
    const { stdout: ofRecord } = await runCli(['record', '--help']);
    for (const told of ['20; 100 where all workers have an agent', '10%; 5% where an agent samples', '64MB'])
      expect(ofRecord.replace(/\s+/g, ' ')).toContain(`(default: ${told})`);
    const { exitCode, stdout } = await runCli(['--help']);
    expect(exitCode).toBe(0);
    for (const command of ['record', 'report', 'read', 'workers', 'demo']) expect(stdout).toContain(`\n  ${command} `);
  });

  it('prints its version', async () => {
    const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
    expect(await runCli(['--version'])).toMatchObject({ exitCode: 0, stdout: `${version}\n` });
  });

  it('does not mind a reader that leaves', async () => {
    const { prefix } = await fleet(answer(someDump(1, 2_000)));
    const { process: child, finished } = startCli(['read', '-s', prefix, '--raw']);
    child.stdout!.once('data', () => child.stdout!.destroy());
    expect(await finished).toMatchObject({ exitCode: 0, stderr: '' });
  });

  it.skipIf(!hasFullDisk).each([[['--help']], [['demo', '--help']], [['--version']]])(
    'says that stdout cannot be written, in a line: %j',
    async (args) => {
      const { exitCode, stderr } = await runWithFullDisk(args);
      expect({ exitCode, stderr }).toEqual({
        exitCode: 1,
        stderr: 'tbprof: cannot write to stdout: no space is left on the device\n',
      });
    },
  );

  it('records on where nobody reads its messages', async () => {
    const file = page('unread.html');
    const { process: child, finished } = startCli(['demo', '-d', '300ms', '-o', file]);
    child.stderr!.destroy();
    expect(await finished).toMatchObject({ exitCode: 0 });
    expect((await loadPage(file)).whole).toBe(true);
  });

  it('says what is wrong with the folder of its sockets, and leaves none behind', async () => {
    const long = join(folder, 'x'.repeat(100));
    mkdirSync(long);
    for (const [tmpdir, message] of [
      ['/no/such', /^tbprof: cannot make a folder for sockets in \/no\/such: .*\(set TMPDIR .*\)\n$/],
      [long, /^tbprof: cannot listen on .*: sockets need a path of at most 100 bytes \(set TMPDIR .*\)\n$/],
    ] as const) {
      const { exitCode, stderr } = await runCli(['demo', '-o', page('none.html')], { env: { TMPDIR: tmpdir } });
      expect(exitCode).toBe(1);
      expect(stderr).toMatch(message);
    }
    expect(readdirSync(long)).toEqual([]);
  });

  it('plays a demo', async () => {
    const { exitCode, stderr } = await runCli(['demo', '-d', '1s', '-o', page('demo.html')]);
    expect(exitCode).toBe(0);
    expect(stderr).toMatch(/ticks: 200 planned/);
    expect(stderr.match(/^ +\d+ +[\d.]+% +\d+ +[\d.]+% {2}\S/gm)).toHaveLength(10);
    expect(measureCoverage((await loadPage(page('demo.html'))).profile).workers).toHaveLength(2);
  });
});
