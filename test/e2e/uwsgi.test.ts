// tbprof against a real uWSGI, from its sockets to the files. Shares and counts are compared, never times.
import { spawn } from 'node:child_process';
import { chmodSync, cpSync, existsSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';
import { measureCoverage } from '../../src/aggregate/coverage.ts';
import { loadProfile } from '../../src/pipeline.ts';
import { forEachSample, framesOf, type Profile } from '../../src/profile/profile.ts';
import { type Finished, runCli, startCli } from '../helpers/cli.ts';
import { describeWith } from '../helpers/describe-with.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';
import { eventually, example, forward, startUwsgi, stop, type Uwsgi } from '../helpers/uwsgi.ts';

/** Root first. */
const chain = ['application', 'dormi5', 'dormi4', 'dormi3', 'dormi2', 'dormi'];
/** Longer than any test: these requests end with their server. */
const longSleep = '/?seconds=100';

interface Sample {
  readonly worker: number;
  readonly thread: string;
  readonly weight: number;
  readonly frames: readonly { function: string; file: string; line: number; source: string }[];
}

function samplesOf(profile: Profile): Sample[] {
  const { frames, samples, strings, threads } = profile;
  const found: Sample[] = [];
  forEachSample(profile, (sample, weight) => {
    const { worker, name } = threads[samples.thread[sample]!]!;
    found.push({
      worker,
      thread: name,
      weight,
      frames: framesOf(profile, samples.stack[sample]!).map((frame) => ({
        function: strings[frames.function[frame]!]!,
        file: strings[frames.file[frame]!]!,
        line: frames.line[frame]!,
        source: strings[frames.source[frame]!]!,
      })),
    });
  });
  return found;
}

function weigh(samples: readonly Sample[]): number {
  return samples.reduce((sum, { weight }) => sum + weight, 0);
}

async function loadPage(file: string): Promise<Profile> {
  const { profile, whole } = await loadProfile(readFileSync(file, 'utf8'), file);
  expect(whole).toBe(true);
  return profile;
}

interface ReadWorker {
  readonly worker: number;
  readonly address: string;
  readonly failure: string | null;
  readonly threads: readonly { readonly thread: string; readonly frames: readonly { readonly function: string }[] }[];
}

async function readJson(prefix: string): Promise<ReadWorker[]> {
  return JSON.parse((await runCli(['read', '--json', '-s', prefix])).stdout) as ReadWorker[];
}

/** Puts that many threads to sleep; resolves with their workers when all of them lie in the last call of the chain. */
async function park({ prefix, keepBusy }: Uwsgi, requests: number): Promise<ReadWorker[]> {
  keepBusy(requests, longSleep);
  let workers: ReadWorker[] = [];
  return eventually(
    async () => {
      workers = await readJson(prefix);
      const asleep = workers
        .flatMap(({ threads }) => threads)
        .filter(({ frames }) => frames.at(-1)?.function === 'dormi');
      return asleep.length === requests ? workers : null;
    },
    () => `not ${requests} threads asleep: ${JSON.stringify(workers)}`,
  );
}

function expectDone({ exitCode, stderr }: Finished): void {
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: expect.any(String) });
}

describeWith('uwsgi', 'with a real uWSGI', () => {
  const folder = temporaryFolder();

  it('records the whole chain of four sleeping requests, with nearly all time in the sleep', async () => {
    const uwsgi = await startUwsgi({ app: 'slow.py', processes: 2, threads: 4 });
    const parked = (await park(uwsgi, 4)).flatMap(({ threads }) => threads.map(({ thread }) => thread)).sort();
    const [page, speedscope, collapsed] = ['.html', '.speedscope.json', '.collapsed'].map((end) =>
      join(folder, `slow${end}`),
    ) as [string, string, string];
    const outputs = [page, speedscope, collapsed].flatMap((file) => ['-o', file]);
    const finished = await runCli(['record', '-s', uwsgi.prefix, '-d', '3s', '-r', '20', ...outputs]);
    expectDone(finished);
    expect(finished.stderr).toMatch(/ dormi \(\S*slow\.py\)/);
    for (const file of [page, speedscope, collapsed]) expect(finished.stderr).toContain(file);

    const profile = await loadPage(page);
    const samples = samplesOf(profile);
    const lines = readFileSync(example('slow.py'), 'utf8').split('\n');
    const asleep = samples.filter(({ frames }) => frames.at(-1)!.function === 'dormi');
    expect(weigh(asleep)).toBeGreaterThan(0.95 * weigh(samples));
    for (const { frames } of asleep) {
      expect(frames.map((frame) => frame.function)).toEqual(chain);
      for (const { file, line, source } of frames) {
        expect(basename(file)).toBe('slow.py');
        expect(source).toBe(lines[line - 1]!.trim());
      }
      expect(frames.at(-1)!.source).toBe('time.sleep(seconds)');
    }

    // Each of the four threads slept through the recording: it has every tick that was seen of its worker.
    const coverage = measureCoverage(profile);
    expect([...new Set(samples.map(({ thread }) => thread))].sort()).toEqual(parked);
    for (const name of parked) {
      const ofThread = samples.filter(({ thread }) => thread === name);
      expect(weigh(ofThread)).toBe(coverage.workers[ofThread[0]!.worker]!.observed);
    }
    expect(coverage.workers).toHaveLength(2);
    for (const { planned, observed, unobserved, cores, busyCoreTicks, idleCoreTicks } of coverage.workers) {
      expect(planned).toBe(60);
      expect(observed + unobserved).toBe(planned);
      expect(observed).toBeGreaterThan(planned / 2);
      expect(busyCoreTicks + idleCoreTicks).toBe(cores * observed);
    }

    const counts = readFileSync(collapsed, 'utf8').trimEnd().split('\n');
    expect(counts.reduce((sum, line) => sum + Number(/ (\d+)$/.exec(line)![1]), 0)).toBe(weigh(samples));
    const scope = JSON.parse(readFileSync(speedscope, 'utf8'));
    expect(scope.profiles[0].endValue).toBe((weigh(samples) / 20) * 1e6);
    expect(scope.profiles).toHaveLength(1 + parked.length);
  });

  it('counts a core without a request as idle', async () => {
    // Of the cores of two workers an even number is known, so with three requests one core at least is free.
    const uwsgi = await startUwsgi({ app: 'slow.py', processes: 2, threads: 4 });
    const parked = await park(uwsgi, 3);
    const page = join(folder, 'idle-core.html');
    expectDone(await runCli(['record', '-s', uwsgi.prefix, '-d', '1s', '-o', page]));
    const { workers } = measureCoverage(await loadPage(page));
    for (const [index, { observed, cores, busyCoreTicks, idleCoreTicks }] of workers.entries()) {
      expect(busyCoreTicks).toBe(parked[index]!.threads.length * observed);
      expect(idleCoreTicks).toBe((cores - parked[index]!.threads.length) * observed);
    }
    expect(workers.reduce((sum, { idleCoreTicks }) => sum + idleCoreTicks, 0)).toBeGreaterThan(0);
  });

  it('records every page of a busy site', async () => {
    const pages = ['/products', '/search', '/checkout', '/report'];
    const uwsgi = await startUwsgi({ app: 'shop.py', processes: 2, threads: 4 });
    const page = join(folder, 'shop.html');
    const { process: recorder, finished } = startCli(['record', '-s', uwsgi.prefix, '-d', '4s', '-o', page]);
    let answered = 0;
    const browse = async (client: number) => {
      for (let i = 0; i < 2_000 && recorder.exitCode === null; i++) {
        const { status } = await uwsgi.get(pages[(client + i) % pages.length]!);
        expect(status).toBe(200);
        answered += 1;
      }
    };
    await Promise.all([0, 1, 2, 3, 4, 5].map(browse));
    expectDone(await finished);
    expect(answered).toBeGreaterThan(pages.length);

    const profile = await loadPage(page);
    const samples = samplesOf(profile);
    const seen = new Set(samples.flatMap(({ frames }) => frames.map((frame) => frame.function)));
    expect([...seen]).toEqual(expect.arrayContaining(['application', 'show_products', 'search', 'check_out']));
    expect([...seen]).toEqual(expect.arrayContaining(['export_report', 'query_database', 'call_bank']));
    expect(new Set(samples.map(({ frames }) => frames[0]!.function))).toEqual(new Set(['application']));
    expect(new Set(samples.map(({ thread }) => thread)).size).toBeGreaterThan(1);
    expect(new Set(samples.map(({ worker }) => worker))).toEqual(new Set([0, 1]));
    for (const { unreadableLines, cutStacks, observed } of measureCoverage(profile).workers) {
      expect({ unreadableLines, cutStacks }).toEqual({ unreadableLines: 0, cutStacks: 0 });
      expect(observed).toBeGreaterThan(0);
    }
  });

  it('reads the same bytes as uWSGI itself, shows equal stacks once, and prints JSON', async () => {
    const uwsgi = await startUwsgi({ app: 'slow.py', processes: 2, threads: 2 });
    const workers = await park(uwsgi, 4);
    const names = ['uWSGIWorker1Core0', 'uWSGIWorker1Core1', 'uWSGIWorker2Core0', 'uWSGIWorker2Core1'];
    expect(workers).toMatchObject([1, 2].map((worker) => ({ worker, verdict: 'dump' })));
    expect(workers.map(({ address }) => address)).toEqual([`${uwsgi.prefix}1`, `${uwsgi.prefix}2`]);
    expect(workers.flatMap(({ threads }) => threads.map(({ thread }) => thread)).sort()).toEqual(names);

    const reference = Buffer.concat(await Promise.all([1, 2].map((worker) => readAsUwsgi(`${uwsgi.prefix}${worker}`))));
    expect(reference.toString()).toContain('function = dormi line = time.sleep(seconds)\n');
    const raw = await runCli(['read', '--raw', '-s', uwsgi.prefix]);
    expectDone(raw);
    expect(raw.stdoutBytes.equals(reference), `${raw.stdout}\n--- but uWSGI:\n${reference}`).toBe(true);

    const grouped = await runCli(['read', '-s', uwsgi.prefix]);
    expectDone(grouped);
    expect(grouped.stdout).toMatch(/^4 threads: /);
    for (const name of names) expect(grouped.stdout.split(name)).toHaveLength(2);
    for (const name of chain) expect(grouped.stdout.match(new RegExp(`^  ${name} `, 'gm'))).toHaveLength(1);
  });

  it('says which sockets were idle where no Python code ran, and exits with 1', async () => {
    const uwsgi = await startUwsgi({ app: 'slow.py', processes: 2, threads: 2 });
    const { exitCode, stderr } = await runCli(['record', '-s', uwsgi.prefix, '-d', '1s', '-o', join(folder, 'i.html')]);
    expect(exitCode).toBe(1);
    expect(stderr).toContain(`${uwsgi.prefix}1, ${uwsgi.prefix}2`);
    expect(stderr).toMatch(/no Python code ran in .*the workers were idle/);
  });

  it.each(['SIGINT', 'SIGTERM'] as const)(
    'writes the report and exits with 0 when %s ends the recording',
    async (signal) => {
      const uwsgi = await startUwsgi({ app: 'slow.py', processes: 1, threads: 2 });
      await park(uwsgi, 1);
      const counted = await forward(`${uwsgi.prefix}1`, join(folder, `${signal}.1`));
      const page = join(folder, `${signal}.html`);
      const { process: recorder, finished } = startCli(['record', '-s', counted.address, '-o', page]);
      onTestFinished(() => stop(recorder, 'SIGKILL'));
      await eventually(
        () => counted.connections() >= 5 || null,
        () => 'the recording does not begin',
      );
      recorder.kill(signal);
      expectDone(await finished);
      const profile = await loadPage(page);
      const { planned, sampled } = measureCoverage(profile);
      expect(planned).toBeGreaterThanOrEqual(5);
      expect(sampled).toBeGreaterThan(0);
      expect(profile.meta.durationMs).toBeGreaterThan(0);
    },
  );

  it('records an abstract socket through the bridge, and names the bridge where this Node needs it', async () => {
    const name = `tbp${process.pid}.`;
    const uwsgi = await startUwsgi({ app: 'slow.py', processes: 1, threads: 2, tracebacker: `@${name}` });
    uwsgi.keepBusy(1, longSleep);
    const direct = await runCli(['record', '-s', `@${name}`, '-d', '1s', '-o', join(folder, 'abstract.html')]);
    if (Number(process.versions.node.split('.')[0]) < 22) {
      expect(direct.exitCode).toBe(1);
      expect(direct.stderr).toContain(`@${name}1`);
      expect(direct.stderr).toContain(process.version);
      expect(direct.stderr).toContain('abstract_bridge.py');
      expect(existsSync(join(folder, 'abstract.html'))).toBe(false);
    } else {
      expectDone(direct);
    }

    const file = join(folder, 'bridge.1');
    const bridge = spawn('python3', [example('abstract_bridge.py'), `@${name}1`, file], { stdio: 'ignore' });
    onTestFinished(() => stop(bridge));
    await eventually(
      async () => (await readJson(file))[0]!.threads[0]?.frames.at(-1)?.function === 'dormi' || null,
      () => 'nothing comes through the bridge',
    );
    const page = join(folder, 'bridge.html');
    expectDone(await runCli(['record', '-s', file, '-d', '1s', '-o', page]));
    const samples = samplesOf(await loadPage(page));
    expect(weigh(samples)).toBeGreaterThan(0);
    for (const { frames } of samples) expect(frames.map((frame) => frame.function)).toEqual(chain);
  });

  it('records a tracebacker that is forwarded to a port', async () => {
    const uwsgi = await startUwsgi({ app: 'slow.py', processes: 1, threads: 2 });
    await park(uwsgi, 1);
    const { address, connections } = await forward(`${uwsgi.prefix}1`, 'tcp');
    const page = join(folder, 'tcp.html');
    expectDone(await runCli(['record', '-s', address, '-d', '1s', '-o', page]));
    expect(connections()).toBeGreaterThan(0);
    const profile = await loadPage(page);
    expect(profile.workers.map((worker) => worker.address)).toEqual([address]);
    expect(weigh(samplesOf(profile))).toBeGreaterThan(0);
    for (const { frames } of samplesOf(profile)) expect(frames.map((frame) => frame.function)).toEqual(chain);
  });

  const recordOf = (where: string) => ['record', '-s', where, '-d', '1s', '-o', '-', '-f', 'collapsed'];
  const becomeNobody = it.skipIf(process.getuid!() !== 0);

  becomeNobody('asks for chmod-socket where another user may not connect (needs root)', async () => {
    const uwsgi = await startUwsgi({ app: 'slow.py', processes: 1, threads: 2 });
    uwsgi.keepBusy(1, longSleep);
    const cli = installForAll(folder);
    chmodSync(`${uwsgi.prefix}1`, 0o600);
    const { exitCode, stderr } = await runAsNobody(cli, recordOf(uwsgi.prefix));
    expect(stderr).toContain(`no permission to connect to ${uwsgi.prefix}1`);
    expect(stderr).toContain('chmod-socket');
    expect(exitCode).toBe(1);
    // The same command, allowed to connect: it was the mode of the socket, and nothing else, that stood in the way.
    chmodSync(`${uwsgi.prefix}1`, 0o666);
    expect(await runAsNobody(cli, ['read', '--json', '-s', uwsgi.prefix])).toMatchObject({ exitCode: 0 });
  });

  becomeNobody('says so where another user may not look into the folder of the sockets (needs root)', async () => {
    const uwsgi = await startUwsgi({ app: 'slow.py', processes: 1, threads: 2 });
    const cli = installForAll(folder);
    chmodSync(dirname(uwsgi.prefix), 0o700);
    for (const where of [uwsgi.prefix, `${uwsgi.prefix}1`]) {
      const { exitCode, stderr } = await runAsNobody(cli, recordOf(where));
      expect(stderr).toMatch(/^tbprof: .*permission/);
      expect(exitCode).toBe(1);
    }
  });
});

/** What uWSGI's own client prints, to stderr, while the threads do not move. */
async function readAsUwsgi(socket: string): Promise<Buffer> {
  const client = spawn('uwsgi', ['--connect-and-read', socket], { stdio: ['ignore', 'ignore', 'pipe'] });
  const chunks: Buffer[] = [];
  for await (const chunk of client.stderr) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** Copies what the command line needs to where everybody may read it, as the folder of the checkout may be closed. */
function installForAll(folder: string): string {
  const root = fileURLToPath(new URL('../..', import.meta.url));
  chmodSync(folder, 0o755);
  for (const part of [
    'dist',
    'templates',
    'package.json',
    'node_modules/commander',
    'node_modules/@commander-js',
    'node_modules/pprof-format',
  ]) {
    cpSync(join(root, part), join(folder, 'installed', part), { recursive: true });
  }
  return join(folder, 'installed/dist/cli.js');
}

async function runAsNobody(cli: string, args: readonly string[]): Promise<Pick<Finished, 'exitCode' | 'stderr'>> {
  const nobody = 65_534;
  const child = spawn(process.execPath, [cli, ...args], {
    uid: nobody,
    gid: nobody,
    cwd: '/',
    env: { PATH: process.env.PATH },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk;
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (exitCode) => resolve({ exitCode, stderr }));
  });
}
