// How far the picture is from the truth: workloads that time their own phases under a real uWSGI, sampled at 100 Hz in
// turn by the stock tracebacker, by the agent and, where it is installed and permitted, by py-spy.
//
//     npm run bench:fidelity [-- --seconds 30 --threads 1,2,4,8 --workloads python,sleep --max-overhead 100%
//         --py-spy /path/to/py-spy]
//
// The distance is the total variation distance of the shares of the phases: half the sum of the differences, 0 to 1.
// With "nobody" among the samplers, "unsampled" is the distance of a picture from what the phases themselves say while they
// are not sampled, "moved" that of what they say while they are sampled.
// The agent keeps to its limit of overhead, so that it may look less often than at 100 Hz: "looks" is the share of
// ticks that it looked at.
// "chance" is what independent samples of all threads at all ticks would have on average: sum of sqrt(2 p (1-p) / (pi n)) / 2.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { loadProfile } from '../dist/pipeline.js';
import { framesOf } from '../dist/profile/profile.js';
import { weighByCpu } from '../dist/profile/weigh-by-cpu.js';
import { cli, startSite } from './sampled-site.js';

const here = dirname(fileURLToPath(import.meta.url));
const { values: options } = parseArgs({
  options: {
    seconds: { type: 'string', default: '30' },
    threads: { type: 'string', default: '1,2,4,8' },
    workloads: { type: 'string', default: 'python,sleep,io,c-gil,c-nogil,lock' },
    samplers: { type: 'string', default: 'stock,agent,py-spy' },
    'max-overhead': { type: 'string' }, // that of tbprof itself, where none is given
    'py-spy': { type: 'string', default: 'py-spy' },
  },
});
const seconds = Number(options.seconds);
const rateHz = 100;
const app = join(here, 'fidelity/phases.py');

const folder = mkdtempSync(join(tmpdir(), 'tbf-'));
const wanted = options.samplers.split(',');
const hasPySpy = wanted.includes('py-spy') && spawnSync(options['py-spy'], ['--version']).status === 0;
if (!hasPySpy && wanted.includes('py-spy'))
  console.log('py-spy is not installed: not compared (pip install py-spy; --py-spy names another place)\n');
try {
  await main();
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function main() {
  const columns = ['threads', 'chance', 'stock', 'agent', 'py-spy', 'CPU: agent', 'py-spy', "agent's looks"];
  if (wanted.includes('nobody'))
    columns.push('unsampled: stock', 'agent', 'py-spy', 'moved by stock', 'agent', 'py-spy');
  console.log(`| workload | ${columns.join(' | ')} |\n| --- |${' ---: |'.repeat(columns.length)}`);
  for (const workload of options.workloads.split(',')) {
    for (const threads of options.threads.split(',').map(Number)) {
      const row = await measure(workload, threads);
      console.log(`| ${workload} | ${threads} | ${row.map(show).join(' | ')} |`);
    }
  }
}

function show(distance) {
  return distance == null ? '-' : distance.toFixed(3);
}

/** One server per row; the samplers take turns. */
async function measure(workload, threads) {
  // One core more than the load needs, for the truth.
  const server = await startSite({ app, folder, threads: threads + 1 });
  try {
    const samplers = {};
    if (wanted.includes('nobody')) samplers.nobody = () => sleep(seconds * 1_000, null);
    for (const name of ['stock', 'agent']) if (wanted.includes(name)) samplers[name] = () => record(name);
    if (hasPySpy) {
      samplers.pySpy = () => pySpy(server.workerPid, ['--idle']);
      samplers.pySpyCpu = () => pySpy(server.workerPid, []);
    }
    const path = `/run?workload=${workload}&seconds=${seconds + 3}`;
    const wall = {};
    const cpu = {};
    const pictures = {};
    const truths = {};
    const looks = {};
    for (const [name, sample] of Object.entries(samplers)) {
      const { shares, truth } = await sampleUnderLoad(server, sample, threads, path);
      wall[name] = shares === null ? null : distance(shares.wall, truth.wall);
      cpu[name] = shares?.cpu ? distance(shares.cpu, truth.cpu) : null;
      pictures[name] = shares?.wall;
      truths[name] = truth.wall;
      looks[name] = shares?.looks;
    }
    const chance = expectedByChance(Object.values(truths)[0], seconds * rateHz * threads);
    const row = [chance, wall.stock, wall.agent, wall.pySpy, cpu.agent, cpu.pySpyCpu, looks.agent];
    if (!truths.nobody) return row;
    const fromUnsampled = (shares) => shares && distance(shares, truths.nobody);
    const names = ['stock', 'agent', 'pySpy'];
    return [...row, ...[pictures, truths].flatMap((of) => names.map((name) => fromUnsampled(of[name])))];
  } finally {
    await server.stop();
  }
}

/** The load begins before the sampler and ends after it; the truth is read right before and right after. */
async function sampleUnderLoad({ request }, sample, threads, path) {
  const load = Promise.allSettled(Array.from({ length: threads }, () => request(path)));
  await sleep(1_000);
  const before = JSON.parse(await request('/truth'));
  const shares = await sample();
  const after = JSON.parse(await request('/truth'));
  await load;
  return { shares, truth: sharesOf(after, before) };
}

function sharesOf(after, before) {
  const of = (column) => {
    const phases = Object.entries(after).map(([phase, total]) => [
      phase,
      total[column] - (before[phase]?.[column] ?? 0),
    ]);
    return normalise(new Map(phases.filter(([, time]) => time > 0)));
  };
  return { wall: of(0), cpu: of(1) };
}

async function record(prefix) {
  const file = join(folder, 'r.tbprof');
  const args = [cli, 'record', '--quiet', '-s', join(folder, `${prefix}.`), '-d', `${seconds}s`, '-r', `${rateHz}`];
  if (prefix === 'stock') args.push('--max-overhead', '100%', '--max-leak', '4GB');
  else if (options['max-overhead']) args.push('--max-overhead', options['max-overhead']);
  args.push('-o', file);
  const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  if (status !== 0 && status !== 3) throw new Error(`tbprof ended with ${status}: ${stderr}`);
  const { profile } = await loadProfile(readFileSync(file), file);
  const wall = weightByPhase(profile);
  const cpu = prefix === 'agent' ? weightByPhase(weighByCpu(profile)) : null;
  return { wall: normalise(wall), cpu: cpu && normalise(cpu), looks: sum(profile.dumps.dumps) / (seconds * rateHz) };
}

/** Samples outside of any phase (the request for the truth, the answering end of a socket) are not of the workload. */
function weightByPhase(profile) {
  const { strings, frames, samples } = profile;
  const weights = new Map();
  samples.stack.forEach((stack, sample) => {
    const names = framesOf(profile, stack).map((frame) => strings[frames.function[frame]]);
    add(weights, names, samples.weight[sample]);
  });
  return weights;
}

function add(weights, names, weight) {
  const phase = names.find((name) => name.startsWith('phase_'));
  if (phase !== undefined) weights.set(phase, (weights.get(phase) ?? 0) + weight);
}

/** Null where it is not permitted. With --idle its samples are of wall time, without it of threads that run. */
function pySpy(pid, more) {
  const file = join(folder, 'p.txt');
  const args = ['record', '--pid', `${pid}`, '--duration', `${seconds}`, '--rate', `${rateHz}`, '--format', 'raw'];
  const { status } = spawnSync(options['py-spy'], [...args, '--output', file, ...more], { stdio: 'ignore' });
  if (status !== 0 || !existsSync(file)) return null;
  const weights = new Map();
  for (const line of readFileSync(file, 'utf8').trim().split('\n')) {
    const [, stack, count] = /^(.*) (\d+)$/.exec(line) ?? [];
    if (stack)
      add(
        weights,
        stack.split(';').map((frame) => frame.split(' ')[0]),
        Number(count),
      );
  }
  const shares = normalise(weights);
  return more.includes('--idle') ? { wall: shares } : { wall: shares, cpu: shares };
}

function normalise(weights) {
  const all = sum([...weights.values()]);
  return new Map([...weights].map(([phase, weight]) => [phase, weight / all]));
}

function sum(numbers) {
  return numbers.reduce((a, b) => a + b, 0);
}

function distance(a, b) {
  const phases = new Set([...a.keys(), ...b.keys()]);
  return sum([...phases].map((phase) => Math.abs((a.get(phase) ?? 0) - (b.get(phase) ?? 0)))) / 2;
}

function expectedByChance(shares, samples) {
  return sum([...shares.values()].map((p) => Math.sqrt((2 * p * (1 - p)) / (Math.PI * samples)))) / 2;
}
