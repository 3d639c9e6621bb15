// What sampling cost the workers, and what their latencies say about the picture.
import { rowsByWorker } from '../profile/pick.ts';
import type { Profile } from '../profile/profile.ts';
import { measureCoverage } from './coverage.ts';

/** What a stock tracebacker leaks per line that it prints, the most of what was measured: strings it never frees. */
export const leakBytesPerLine = 266;

export interface WorkerIntrusion {
  readonly worker: number;
  /** Share of the time, 0 to 1, in which the worker was writing a dump; null where nothing is known. */
  readonly held: number | null;
  /** Wait of the dumping thread for the GIL, in microseconds: median and 99th percentile; null where unknown. */
  readonly waitP50Us: number | null;
  readonly waitP99Us: number | null;
  /**
   * Lines of stacks that were printed for us: a stock tracebacker never frees what it needs for them. 0 where an agent
   * answered last, which prints none.
   */
  readonly printedLines: number;
  /** Growth of the worker's resident memory while recording, whatever its cause; null where it cannot be read. */
  readonly rssGrowthKb: number | null;
  /** Processor time of the worker while recording, whatever its cause, in milliseconds; null likewise. */
  readonly cpuMs: number | null;
}

export interface Intrusion {
  readonly workers: readonly WorkerIntrusion[];
  /** Dumps often waited for the GIL as only running Python code makes them wait: such code is under-reported. */
  readonly biased: boolean;
}

/**
 * A tracebacker that waits longer than this sees mostly threads that have just given the GIL up: that happens after 5 ms at
 * the latest where another thread asks for it (sys.getswitchinterval). Most agents wait for nobody. Where one has to, it
 * happens after 0.15 ms, wherever the thread is; many threads in a row make it wait too, which hides nothing. Only still
 * longer waits do.
 */
const longWaits = {
  tracebacker: { longUs: 4_000, share: 0.2 },
  agent: { longUs: 5_000, share: 0.5 },
};

export function measureIntrusion(profile: Profile, coverage = measureCoverage(profile)): Intrusion {
  const sources = coverage.workers.map(({ source }) => source);
  const printed = countLines(profile);
  const waits = profile.workers.map(() => [] as number[]);
  const sends = profile.workers.map(() => [] as number[]);
  const { dumps, meta } = profile;
  const processRows = rowsByWorker(profile.processes.worker, profile);
  for (let row = 0; row < dumps.worker.length; row++) {
    const worker = dumps.worker[row]!;
    if (dumps.waitUs[row]! >= 0) waits[worker]!.push(dumps.waitUs[row]!);
    if (dumps.sendUs[row]! >= 0) sends[worker]!.push(dumps.sendUs[row]! * dumps.dumps[row]!);
  }
  const workers = profile.workers.map((_, worker): WorkerIntrusion => {
    const sorted = waits[worker]!.sort((a, b) => a - b);
    const sentUs = sends[worker]!.reduce((sum, us) => sum + us, 0);
    return {
      worker,
      held: sends[worker]!.length === 0 || !meta.durationMs ? null : sentUs / 1_000 / meta.durationMs,
      waitP50Us: percentile(sorted, 0.5),
      waitP99Us: percentile(sorted, 0.99),
      printedLines: sources[worker] === 'agent' ? 0 : printed[worker]!,
      ...usage(profile, processRows[worker]!),
    };
  });
  const byAgents = waits.filter((_, worker) => sources[worker] === 'agent').flat();
  const others = waits.filter((_, worker) => sources[worker] !== 'agent').flat();
  return { workers, biased: areLong(others, longWaits.tracebacker) || areLong(byAgents, longWaits.agent) };
}

function areLong(waitsUs: readonly number[], { longUs, share }: (typeof longWaits)['agent']): boolean {
  return waitsUs.filter((us) => us > longUs).length > share * waitsUs.length;
}

/** Between the first and the last look at the process that was there last; `rows` are those of one worker. */
function usage({ processes }: Profile, rows: readonly number[]): Pick<WorkerIntrusion, 'rssGrowthKb' | 'cpuMs'> {
  const last = rows.at(-1);
  const first = rows.find((row) => processes.pid[row] === processes.pid[last!]);
  if (last === undefined || first === undefined || last === first) return { rssGrowthKb: null, cpuMs: null };
  return {
    rssGrowthKb: processes.rssKb[last]! - processes.rssKb[first]!,
    cpuMs: processes.cpuMs[last]! - processes.cpuMs[first]!,
  };
}

function countLines({ workers, stacks, dumps, samples }: Profile): number[] {
  const depth = new Int32Array(stacks.parent.length);
  for (let stack = 0; stack < depth.length; stack++) {
    depth[stack] = 1 + (stacks.parent[stack] === -1 ? 0 : depth[stacks.parent[stack]!]!);
  }
  const lines = workers.map(() => 0);
  let sample = 0;
  for (let row = 0; row < dumps.worker.length; row++) {
    const dumpsPerTick = dumps.dumps[row]! / dumps.weight[row]!;
    for (; sample < dumps.sampleEnd[row]!; sample++) {
      lines[dumps.worker[row]!]! += depth[samples.stack[sample]!]! * samples.weight[sample]! * dumpsPerTick;
    }
  }
  return lines.map(Math.round);
}

function percentile(sorted: readonly number[], share: number): number | null {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? null;
}
