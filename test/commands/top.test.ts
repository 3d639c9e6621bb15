// `tbprof top` as a user meets it, against scripted tracebackers, on a pipe and on a terminal.
import { type ChildProcess, execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import { runCli, startCli } from '../helpers/cli.ts';
import { describeWith } from '../helpers/describe-with.ts';
import { answer, answerNothing, fleetIn, someDump } from '../helpers/fake-tracebacker.ts';
import { openPseudoTerminal } from '../helpers/pseudo-terminal.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

const folder = temporaryFolder();
const cli = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));
const fleet = fleetIn(folder);

/** Resolves when a function has been shown. */
function firstRow(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    child.stdout!.on('data', (chunk: Buffer) => {
      if (chunk.includes('view (/srv/app.py)')) resolve();
    });
  });
}

/** As worker 1 answers, but with what a terminal would obey in a name. */
const hostileDump = someDump(1).replaceAll('view', 'vi\x1b[2Jew');

describe('tbprof top on a pipe', () => {
  it('prints a block each time and the whole in the end, without escapes, and writes no file', async () => {
    const { prefix } = await fleet(answer(someDump(1, 2)), answer(someDump(2)));
    const before = readdirSync(folder);
    const options = ['-d', '1500ms', '-r', '20', '--interval', '500ms', '--max-overhead', '100%'];
    const { exitCode, stdout, stderr } = await runCli(['top', '-s', prefix, ...options], { cwd: folder });
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(stdout).not.toContain('\x1b');
    const last = stdout.slice(stdout.lastIndexOf('tbprof top '));
    expect(last).toMatch(
      /^tbprof top {2}\S+ {2}2 workers by tracebacker {2}20 dumps\/s\nlast \S+: 3\.0 of 4 cores busy/,
    );
    expect(last).toMatch(/^worker 1: 2\.0 of 2 cores busy {3}worker 2: 1\.0 of 2 cores busy$/m);
    expect(last).toMatch(/^ {3}100\.0% {3}100\.0% +\d\.\d\d s +\d\.\d\d s {2}view \(\/srv\/app\.py\)$/m);
    const end = stdout.slice(stdout.lastIndexOf('\n\n1.5 s of 2 workers by tracebacker\n'));
    expect(end).toMatch(/\nticks: 60 planned = \d+ observed \+ \d+ unobserved\n/);
    expect(end).toMatch(/^ {5}0\.0% {3}100\.0% {3}0\.00 s +\d\.\d\d s {2}application \(\/srv\/app\.py\)$/m);
    expect(readdirSync(folder)).toEqual(before);
  });

  it('gives an object in a line each time, with nothing that a terminal would obey', async () => {
    const { prefix } = await fleet(answer(hostileDump), answerNothing);
    const options = ['-d', '1200ms', '--interval', '400ms', '--json', '--top', '1', '--by', 'line'];
    const { exitCode, stdout } = await runCli(['top', '-s', prefix, ...options]);
    expect(exitCode).toBe(3);
    expect(stdout).not.toContain('\x1b');
    const lines = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines.map(({ ended }) => ended)).toEqual([...Array(lines.length - 1).fill(false), true]);
    const last = lines.at(-1);
    expect(last.elapsedMs).toBe(1_200);
    expect(last.ticks.whole.observed + last.ticks.whole.unobserved).toBe(48);
    expect(last.workers).toMatchObject([
      {
        label: 'worker 1',
        number: 1,
        address: `${prefix}1`,
        source: 'tracebacker',
        left: null,
        cores: 1,
        busyCores: 1,
      },
      { label: 'worker 2', number: 2, address: `${prefix}2`, busyCores: null },
    ]);
    expect(last.workers[1].left).toMatch(/^(poisoned|silent)$/);
    expect(last.troubles[0]).toMatchObject({ workers: ['worker 2'] });
    expect(last.functions).toEqual([
      {
        ...{ label: 'vi\x1b[2Jew (/srv/app.py:20)', function: 'vi\x1b[2Jew', file: '/srv/app.py', line: 20 },
        recent: expect.objectContaining({ selfShare: 1, totalShare: 1 }),
        whole: expect.objectContaining({ selfShare: 1, totalShare: 1 }),
      },
    ]);
  });

  it('shows only what the filters leave', async () => {
    const { prefix } = await fleet(answer(someDump(1)), answer(someDump(2).replaceAll('view', 'other')));
    const options = ['-d', '1s', '--json', '--worker', '2', '--focus', 'other'];
    const { stdout } = await runCli(['top', '-s', prefix, ...options]);
    const last = JSON.parse(stdout.trimEnd().split('\n').at(-1)!);
    expect(last.functions.map(({ label }: { label: string }) => label)).toEqual(['other (/srv/app.py)']);
  });

  it('ends when its reader has left', async () => {
    const { prefix } = await fleet(answer(someDump(1)));
    const { process: child, finished } = startCli(['top', '-s', prefix, '--interval', '100ms']);
    await firstRow(child);
    child.stdout!.destroy();
    expect(await finished).toMatchObject({ exitCode: 0, stderr: '' });
  });

  it('ends with the whole table at SIGTERM', async () => {
    const { prefix } = await fleet(answer(someDump(1)));
    const { process: child, finished } = startCli(['top', '-s', prefix, '--interval', '100ms']);
    await firstRow(child);
    child.kill('SIGTERM');
    const { exitCode, stdout } = await finished;
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/\n\n\d\.\d s of 1 worker by tracebacker\nticks: .* view \(\/srv\/app\.py\)\n/s);
  });

  it('says why nobody answers', async () => {
    const { prefix } = await fleet(answer('HTTP/1.1 400 Bad Request\r\n\r\n'));
    const { exitCode, stderr } = await runCli(['top', '-s', prefix, '-d', '500ms']);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/^tbprof: what listens on \S+ is no tracebacker /);
  });

  it('refuses processor time where nobody knows it, before it asks', async () => {
    const { prefix } = await fleet(answer(someDump(1)));
    const { exitCode, stderr } = await runCli(['top', '-s', prefix, '--mode', 'cpu']);
    expect(exitCode).toBe(2);
    expect(stderr).toContain('the agent can: tbprof agent --help');
  });
});

const taken = '\x1b[?1049h';
const given = '\x1b[?1049l';

describeWith('script', 'tbprof top on a terminal', () => {
  const command = (prefix: string, more = '') =>
    `${process.execPath} ${cli} top -s ${prefix} --interval 100ms -r 50 ${more}; echo "code=$?"; stty -a; echo THE END`;

  it('draws in place, obeys keys, and leaves the whole table and the terminal as it was', async () => {
    const terminal = openPseudoTerminal(`tty; ${command((await fleet(answer(hostileDump))).prefix)}`);
    const name = (await terminal.shows(taken)).split('\r\n')[0]!;
    await terminal.shows('vi\\x1b[2Jew (/srv/app.py)');
    await terminal.shows('t: sort by total');
    terminal.type('t');
    await terminal.shows('s: sort by self');
    terminal.type(' ');
    await terminal.shows('paused: sampling goes on');
    terminal.type(' ');
    execFileSync('stty', ['-F', name, 'rows', '7', 'cols', '41']);
    const first = /\x1b\[H(?:\x1b\[1m)?tbprof top {2}\S+ {2}1 worker by tracebacker ?…/;
    await terminal.shows(first);
    const rest = stripVTControlCharacters(await terminal.shows('\x1b[J')).split('\n');
    expect(rest).toHaveLength(7);
    expect(Math.max(...rest.map((line) => line.trimEnd().length))).toBeLessThanOrEqual(41);
    terminal.type('q');
    await terminal.shows(given);
    const end = await terminal.shows('THE END');
    expect(end).toMatch(/ s of 1 worker by tracebacker\b.* vi\\x1b\[2Jew \(\/srv\/app\.py\)\r\n/s);
    expect(end).toMatch(/code=0\r\n.* icanon /s);
    expect(terminal.text().lastIndexOf('\x1b[?25h')).toBeGreaterThan(terminal.text().lastIndexOf('\x1b[?25l'));
    expect(terminal.text()).not.toContain('\x1b[2J');
    await terminal.ended;
  });

  it.each(['Ctrl-C', 'SIGTERM'])('gives the terminal back at %s', async (how) => {
    const { prefix } = await fleet(answer(someDump(1)));
    // The shell's child becomes tbprof, whose number it has told before.
    const terminal = openPseudoTerminal(command(prefix).replace(/^(.*?);/, '(echo "pid=$BASHPID."; exec $1);'));
    const pid = Number(/pid=(\d+)/.exec(await terminal.shows(/pid=\d+\./))![1]);
    await terminal.shows('view (/srv/app.py)');
    if (how === 'Ctrl-C') terminal.type('\x03');
    else process.kill(pid, 'SIGTERM');
    await terminal.shows(given);
    expect(await terminal.shows('THE END')).toMatch(/code=0\r\n.* icanon /s);
  });

  it('stops at Ctrl-Z with the terminal as it was, and goes on', async () => {
    const { prefix } = await fleet(answer(someDump(1)));
    const terminal = openPseudoTerminal(
      `${process.execPath} ${cli} top -s ${prefix} --interval 100ms; echo stopped; stty -a; fg; echo "code=$?"`,
    );
    await terminal.shows('view (/srv/app.py)');
    terminal.type('\x1a');
    await terminal.shows(given);
    expect(await terminal.shows(taken)).toMatch(/stopped\r\n.* icanon /s);
    await terminal.shows('view (/srv/app.py)');
    terminal.type('q');
    await terminal.shows('code=0');
  });

  it('ends when its window is closed, also where no signal tells', async () => {
    const { prefix } = await fleet(answer(someDump(1)));
    const ended = join(folder, 'ended');
    // The shell keeps the signal to itself. The exit code is not ours: Node 20 fails to reset a terminal that is gone.
    const line = `trap : HUP; ${process.execPath} ${cli} top -s ${prefix} --interval 100ms 2>/dev/null; echo >${ended}`;
    const terminal = openPseudoTerminal(line);
    await terminal.shows('view (/srv/app.py)');
    terminal.hangUp();
    while (!existsSync(ended)) await new Promise((resolve) => setImmediate(resolve));
  });
});
