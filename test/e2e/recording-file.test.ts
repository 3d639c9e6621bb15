// The recording on disk: what is left of it when tbprof is killed, when the disk is full, when all goes well.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { measureCoverage } from '../../src/aggregate/coverage.ts';
import { loadProfile } from '../../src/pipeline.ts';
import { type Finished, runCli } from '../helpers/cli.ts';
import { answer, fakeTracebacker, someDump } from '../helpers/fake-tracebacker.ts';
import { startRecording } from '../helpers/live-recording.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';
import { stop } from '../helpers/uwsgi.ts';

const root = temporaryFolder();
let folders = 0;

/** A folder for the outputs of a test, and a tracebacker beside it that counts its answers. */
async function place(dump = () => someDump(1)) {
  const folder = join(root, `${++folders}`);
  mkdirSync(folder);
  const prefix = join(root, `t${folders}.`);
  const served = await fakeTracebacker(`${prefix}1`, (socket, connection) => answer(dump())(socket, connection));
  return { folder, prefix, served };
}

const load = async (file: string) => loadProfile(readFileSync(file, 'utf8'), file);

/** Each dump at another place, so that each of them needs room in the recording. */
function everDifferent(): () => string {
  let dumps = 0;
  return () => {
    dumps += 1;
    return someDump(1, 20).replaceAll('view()', `view(${dumps}, "${'x'.repeat(400)}")`);
  };
}

/** `tbprof record` that may write files of so many kB only: the next byte fails, as on a full disk. */
function recordWithLimit(kiloBytes: number, args: readonly string[], cwd: string): Promise<Finished> {
  const cli = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));
  // Beyond the limit the system sends SIGXFSZ too, which would end a process that does not ignore it.
  const child = spawn(
    'bash',
    ['-c', `ulimit -f ${kiloBytes}; exec "$@"`, '-', process.execPath, cli, 'record', ...args],
    {
      cwd,
      env: { PATH: process.env.PATH },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  onTestFinished(() => stop(child, 'SIGKILL'));
  const stdout: Buffer[] = [];
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk;
  });
  return new Promise((resolve) => {
    child.on('close', (exitCode) => {
      const stdoutBytes = Buffer.concat(stdout);
      resolve({ exitCode, stdout: stdoutBytes.toString(), stdoutBytes, stderr });
    });
  });
}

describe('the recording of a tbprof that is killed', () => {
  it.each([1, 2, 3])(
    'renders, says that it stops before its end, and lacks no more than the last second (%i)',
    async (round) => {
      const { folder, prefix, served } = await place();
      const rateHz = 100;
      const recording = startRecording(folder, ['-s', prefix, '-r', `${rateHz}`]);
      await recording.until('some dumps', ({ dumps }) => dumps > 60 * round);
      recording.process.kill('SIGKILL');
      await recording.finished;
      const total = served();

      expect(readdirSync(folder)).toEqual([basename(recording.stream)]);
      const { profile, whole } = await load(recording.stream);
      expect(whole).toBe(false);
      const { dumps, sampled } = measureCoverage(profile);
      expect(dumps).toBeGreaterThan(60 * round);
      expect(dumps).toBeGreaterThanOrEqual(total - rateHz);
      expect(sampled).toBeGreaterThanOrEqual(dumps);

      const page = join(folder, 'again.html');
      const { exitCode, stderr } = await runCli(['report', recording.stream, '-o', page]);
      expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: expect.stringContaining('stops before its end') });
      expect(measureCoverage((await load(page)).profile)).toMatchObject({ dumps, sampled });
    },
  );

  it('is read up to the last whole line, wherever it is cut', async () => {
    const { folder, prefix } = await place();
    const recording = startRecording(folder, ['-s', prefix, '-r', '100']);
    await recording.until('some dumps', ({ dumps }) => dumps > 100);
    recording.process.kill('SIGKILL');
    await recording.finished;
    const bytes = readFileSync(recording.stream);
    const firstLine = bytes.indexOf('\n') + 1;
    const cut = join(folder, 'cut.tbprof');
    let last = -1;
    for (let share = 0; share <= 1; share += 0.1) {
      writeFileSync(cut, bytes.subarray(0, firstLine + Math.round((bytes.length - firstLine) * share)));
      const { profile, whole } = await load(cut);
      const { dumps } = measureCoverage(profile);
      expect(whole).toBe(false);
      expect(dumps).toBeGreaterThanOrEqual(last);
      last = dumps;
    }
    expect(last).toBeGreaterThan(100);
  });
});

describe('a disk that is full', () => {
  it('ends the file, not the recording: the report is whole, and a warning says so', async () => {
    const { folder, prefix } = await place(everDifferent());
    const output = ['-o', '-', '-f', 'collapsed'];
    const args = ['-s', prefix, '-d', '3s', '-r', '100', ...output];
    const { exitCode, stdout, stderr } = await recordWithLimit(64, args, folder);
    expect({ exitCode, stderr }).toEqual({
      exitCode: 0,
      stderr: expect.stringMatching(/cannot write .*\.tbprof \(EFBIG\): the recording is in memory only/),
    });
    const observed = Number(/(\d+) observed/.exec(stderr)![1]);
    expect(observed).toBeGreaterThan(150);
    const weights = stdout
      .trimEnd()
      .split('\n')
      .map((line) => Number(/ (\d+)$/.exec(line)![1]));
    expect(weights.reduce((sum, weight) => sum + weight, 0)).toBe(observed * 20);
  });

  it('loses nothing that was on it: a report that does not fit either leaves what there is of the recording', async () => {
    const { folder, prefix } = await place(everDifferent());
    const page = join(folder, 'full.html');
    const { exitCode, stderr } = await recordWithLimit(64, ['-s', prefix, '-d', '2s', '-r', '100', '-o', page], folder);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/cannot write .*full\.html/);
    expect(existsSync(page)).toBe(false);
    expect(readdirSync(folder)).toEqual(['full.tbprof']);
    const { profile, whole } = await load(join(folder, 'full.tbprof'));
    expect(whole).toBe(false);
    expect(measureCoverage(profile).dumps).toBeGreaterThan(0);
  });
});

describe('the recording of a tbprof that ends well', () => {
  const quick = ['-d', '300ms', '-r', '50'];

  it('is gone when the report is written', async () => {
    const { folder, prefix } = await place();
    const page = join(folder, 'x.html');
    expect(await runCli(['record', '-s', prefix, ...quick, '-o', page])).toMatchObject({ exitCode: 0 });
    expect(readdirSync(folder)).toEqual(['x.html']);
  });

  it('stays, whole, where it was asked for', async () => {
    const { folder, prefix } = await place();
    const outputs = ['-o', join(folder, 'x.tbprof'), '-o', join(folder, 'x.collapsed')];
    expect(await runCli(['record', '-s', prefix, ...quick, ...outputs])).toMatchObject({ exitCode: 0 });
    expect(readdirSync(folder)).toEqual(['x.collapsed', 'x.tbprof']);
    expect(await load(join(folder, 'x.tbprof'))).toMatchObject({ whole: true });
  });

  it('never replaces what is there before its time: an older one stays until the new one is whole', async () => {
    const { folder, prefix } = await place();
    const older = join(folder, 'x.tbprof');
    writeFileSync(older, 'older');
    const page = join(folder, 'x.html');
    const { exitCode } = await runCli(['record', '-s', prefix, ...quick, '-o', page]);
    expect(exitCode).toBe(0);
    expect(readFileSync(older, 'utf8')).toBe('older');
    expect(readdirSync(folder)).toEqual(['x.html', 'x.tbprof']);
    // Asked for by this very name, it is a report: renamed on to it when all is recorded.
    expect(await runCli(['record', '-s', prefix, ...quick, '-o', older])).toMatchObject({ exitCode: 0 });
    expect(await load(older)).toMatchObject({ whole: true });
    expect(readdirSync(folder)).toEqual(['x.html', 'x.tbprof']);
  });

  it('stays where the report cannot be written, and the message names it', async () => {
    const { folder, prefix } = await place();
    const recording = startRecording(folder, ['-s', prefix, '-r', '50']);
    await recording.until('some dumps', ({ dumps }) => dumps > 5);
    mkdirSync(recording.page); // no file can be renamed on to a folder
    recording.process.kill('SIGINT');
    const { exitCode, stderr } = await recording.finished;
    expect(exitCode).toBe(1);
    const kept = /nothing is lost: render it again with: tbprof report (\S+)/.exec(stderr)![1]!;
    expect(await load(kept)).toMatchObject({ whole: true });
    expect(await runCli(['report', kept, '-o', join(folder, 'again.html')])).toMatchObject({ exitCode: 0 });
  });
});
