// What being sampled costs a server: requests per second and p99 latency, not profiled, with the agent, with the stock
// tracebacker and, where it is installed and permitted, with py-spy, at 100 Hz, in turn, as ratios to not profiled; and
// how much memory of a worker 10,000 ticks take. The agent keeps to its limit of overhead, as it does by default.
//
//     npm run bench:intrusion [-- --seconds 4 --rounds 12 --py-spy /path/to/py-spy]
//
// Needs wrk (Debian: apt-get install wrk).
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { cli, startSite } from './sampled-site.js';

const here = dirname(fileURLToPath(import.meta.url));
const { values: options } = parseArgs({
  options: {
    seconds: { type: 'string', default: '4' },
    rounds: { type: 'string', default: '12' },
    'py-spy': { type: 'string', default: 'py-spy' },
  },
});
const seconds = Number(options.seconds);
const rounds = Number(options.rounds);
const rateHz = 100;
const app = join(here, 'intrusion/site.py');
const folder = mkdtempSync(join(tmpdir(), 'tbi-'));

const hasPySpy = spawnSync(options['py-spy'], ['--version']).status === 0;
if (!hasPySpy) console.log('py-spy is not installed: not compared (pip install py-spy; --py-spy names another place)');
try {
  await compareThroughput();
  await compareMemory();
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function compareThroughput() {
  const server = await startSite({ app, folder, threads: 4 });
  const samplers = {
    'not profiled': () => null,
    agent: () => record('agent', rateHz),
    stock: () => record('stock', rateHz),
  };
  if (hasPySpy) samplers['py-spy'] = () => pySpy(server.workerPid);
  try {
    for (const path of ['/page', '/integers', '/mixed']) {
      const names = Object.keys(samplers);
      const results = Object.fromEntries(names.map((name) => [name, []]));
      for (let round = 0; round < rounds; round++) {
        for (let n = 0; n < names.length; n++) {
          const name = names[(round + n) % names.length]; // whoever is always the first one may be faster for that
          results[name].push(await load(`http://127.0.0.1:${server.port}${path}`, samplers[name]));
        }
      }
      console.log(
        `\n${path}: 4 threads, 8 connections, median (and middle half) of ${rounds} rounds of ${seconds} s, as ratios to not profiled`,
      );
      console.log('| | requests/s | p99 latency |\n| --- | ---: | ---: |');
      for (const [name, measured] of Object.entries(results)) {
        const ratios = (what, digits) => {
          const all = measured.map((one, round) => one[what] / results['not profiled'][round][what]);
          const at = (share) => quantile(all, share).toFixed(digits);
          return `${at(0.5)} (${at(0.25)} to ${at(0.75)})`;
        };
        console.log(`| ${name} | ${ratios('rate', 3)} | ${ratios('p99Ms', 2)} |`);
      }
    }
  } finally {
    await server.stop();
  }
}

/** Requests per second and p99 latency in milliseconds, while the sampler runs. */
async function load(url, startSampler) {
  const sampler = startSampler();
  await sleep(1_000); // the sampler's own start is not the matter
  const child = spawn('wrk', ['-t1', '-c8', `-d${seconds}s`, '--latency', url]);
  let text = '';
  child.stdout.on('data', (chunk) => {
    text += chunk;
  });
  await once(child, 'exit');
  if (sampler !== null) {
    sampler.kill('SIGINT');
    await once(sampler, 'exit');
  }
  const [, p99, unit] = /99%\s+([\d.]+)(us|ms|s)/.exec(text);
  return {
    rate: Number(/Requests\/sec:\s+([\d.]+)/.exec(text)[1]),
    p99Ms: Number(p99) * { us: 0.001, ms: 1, s: 1_000 }[unit],
  };
}

/** Growth of the worker's resident memory by 10,000 ticks of 4 threads that are parked 40 frames deep. */
async function compareMemory() {
  console.log('\nGrowth of a worker with 4 threads parked 40 frames deep, per 10,000 ticks');
  for (const name of ['agent', 'stock']) {
    const server = await startSite({ app, folder, threads: 5 });
    try {
      for (let thread = 0; thread < 4; thread++) server.request('/park?depth=38').catch(() => {}); // 40 with its callers; ends with the server
      await sleep(500);
      const hz = 500;
      await run(record(name, hz, 2)); // what is needed once
      const before = rssKb(server.workerPid);
      await run(record(name, hz, 10));
      const ticks = hz * 10;
      const grownKb = ((rssKb(server.workerPid) - before) * 10_000) / ticks;
      console.log(`${name}: ${grownKb.toFixed(0)} kB`);
    } finally {
      await server.stop();
    }
  }
}

function record(prefix, hz, duration = seconds + 30) {
  const args = ['record', '--quiet', '-s', join(folder, `${prefix}.`), '-d', `${duration}s`, '-r', `${hz}`];
  if (prefix === 'stock' || hz > rateHz) args.push('--max-overhead', '100%', '--max-leak', '8GB');
  args.push('-o', join(folder, 'r.tbprof'));
  return spawn(process.execPath, [cli, ...args], { stdio: 'ignore' });
}

async function run(child) {
  await once(child, 'exit');
}

function pySpy(pid) {
  const args = ['record', '--pid', `${pid}`, '--duration', `${seconds + 30}`, '--rate', `${rateHz}`, '--format', 'raw'];
  return spawn(options['py-spy'], [...args, '--output', join(folder, 'p.txt'), '--idle'], { stdio: 'ignore' });
}

function rssKb(pid) {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]);
}

function quantile(numbers, share) {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length * share)];
}
