// The live half of the chain: keeps a sampling thread and a growing profile in step, and looks after the
// workers meanwhile (who is there, what it costs them).
import { type Follower, LiveProfile } from './live-profile.ts';
import type { NewProfileMeta } from './profile/builder.ts';
import type { Profile } from './profile/profile.ts';
import { Budget, type BudgetLimits } from './sampling/budget.ts';
import type { Sampled, SamplingThreadData } from './sampling/messages.ts';
import { type Sampling, startSampling } from './sampling/start.ts';
import { type ProcessId, readProcessStat } from './tracebacker/processes.ts';
import { printAddress, type Target } from './tracebacker/target.ts';

export interface CostLimits extends BudgetLimits {
  /** Share of a core that an agent may take; it keeps to that by itself. */
  readonly agentMaxOverhead: number;
}

export interface RecorderOptions extends Pick<SamplingThreadData, 'dumpRates' | 'durationMs' | 'keepGoing'> {
  readonly targets: readonly Target[];
  /** Who is there now: called again and again, so that workers that come later join. */
  readonly lookAgain: () => readonly Target[];
  readonly meta: NewProfileMeta;
  readonly limits: CostLimits;
  /** Threads that are none of the system's, which only an agent sees. */
  readonly greenlets: boolean;
  readonly tasks: boolean;
  /** Ends the recording early; what is in flight is still taken. */
  readonly stop: AbortSignal;
  /** Gives up what is in flight. */
  readonly hurry: AbortSignal;
  /** Sees the profile as it grows, before dumps of it are merged: who writes a recording file, say. */
  readonly follower: Follower;
}

/**
 * In seconds, while an agent samples that has to look with the GIL: it needs it promptly, or it only ever sees threads that
 * have just given it up. Python's own interval is 5 ms. (The agent's `Looks`)
 */
const promptSeconds = 0.00015;

/** How often the set of workers, their cost and the recording file are seen to. */
const housekeepingMs = 500;

export class Recorder {
  readonly #options: RecorderOptions;
  readonly #profile: LiveProfile;
  readonly #budget: Budget;
  readonly #sampling: Sampling;
  readonly #startMs = performance.now();
  readonly #targets: Target[];
  /** Resident memory of each worker's process when it was first looked at. */
  readonly #firstRssBytes = new Map<number, number>();
  /** The last process of each worker that has none now: agents remove their sockets when they end. */
  readonly #lastProcesses = new Map<number, ProcessId>();
  readonly #strides = new Map<number, number>();
  readonly #spent = new Set<number>();
  /** The whole profile, when the recording has ended and the last dump is in. */
  readonly done: Promise<Profile>;

  constructor(options: RecorderOptions) {
    const { meta, durationMs, keepGoing, limits, dumpRates, greenlets, tasks, stop, hurry } = options;
    this.#options = options;
    this.#profile = new LiveProfile(meta, options.follower);
    this.#budget = new Budget(limits, meta.rateHz);
    this.#targets = [...options.targets];
    for (const target of this.#targets) this.#addWorker(target);
    this.#sampling = startSampling({
      targets: this.#targets,
      rateHz: meta.rateHz,
      dumpRates,
      request: { switchInterval: promptSeconds, maxOverhead: limits.agentMaxOverhead, cpu: true, greenlets, tasks },
      durationMs,
      keepGoing,
      stop,
      hurry,
      onSampled: (sampled) => this.#take(sampled),
    });
    this.done = this.#run();
  }

  /** The profile so far; cheap. */
  view(): Profile {
    return this.#profile.view();
  }

  /** Asks nobody any more; resolves when no dump is in flight. */
  pause(): Promise<void> {
    return this.#sampling.pause();
  }

  resume(): void {
    this.#sampling.resume();
  }

  async #run(): Promise<Profile> {
    this.#lookAtProcesses();
    this.#profile.flush();
    const housekeeping = setInterval(() => {
      this.#followWorkers();
      this.#lookAtProcesses();
      this.#keepToBudget();
      this.#profile.flush();
    }, housekeepingMs);
    try {
      const recordedMs = await this.#sampling.done;
      this.#lookAtProcesses();
      this.#profile.builder.end(recordedMs);
      this.#profile.flush();
      return this.view();
    } finally {
      clearInterval(housekeeping);
      this.#profile.flush();
    }
  }

  #take(sampled: Sampled): void {
    const { intake } = this.#profile;
    if ('bytes' in sampled) {
      if (intake.takePiece(sampled) !== null) this.#sampling.refuseStream(sampled.worker, sampled.sinceMs);
      return;
    }
    const cost = intake.take(sampled);
    if (cost !== null) this.#budget.noteDump(sampled.worker, cost);
  }

  #elapsedMs(): number {
    return performance.now() - this.#startMs;
  }

  #addWorker({ worker, address, process, stream }: Target): void {
    const { builder, intake } = this.#profile;
    const row = builder.addWorker({ number: worker, address: printAddress(address), pid: process?.pid ?? null });
    intake.sourceIs(row, stream === null ? 'tracebacker' : 'agent', this.#elapsedMs());
  }

  #followWorkers(): void {
    const known = new Map(this.#targets.map((target, worker) => [printAddress(target.address), worker]));
    const joined: Target[] = [];
    for (const target of this.#options.lookAgain()) {
      const worker = known.get(printAddress(target.address));
      if (worker === undefined) joined.push(target);
      else if (isOther(target, this.#targets[worker]!)) this.#replaceWorker(worker, target);
    }
    for (const target of joined) this.#addWorker(target);
    this.#targets.push(...joined);
    if (joined.length > 0) this.#sampling.add(joined);
  }

  #replaceWorker(worker: number, target: Target): void {
    const before = this.#targets[worker]!.process ?? this.#lastProcesses.get(worker);
    this.#targets[worker] = target;
    this.#sampling.replace(worker, target);
    if (before === undefined) return;
    if (target.process === null) this.#lastProcesses.set(worker, before);
    if (target.process === null || isSame(before, target.process)) return;
    this.#firstRssBytes.delete(worker);
    const { pid } = target.process;
    this.#profile.builder.addEvent({ timeMs: this.#elapsedMs(), worker, kind: 'respawn', count: pid, reason: '' });
  }

  #lookAtProcesses(): void {
    for (const [worker, { process }] of this.#targets.entries()) {
      const stat = process === null ? null : readProcessStat(process.pid);
      if (stat === null || stat.startTicks !== process!.startTicks) continue;
      const { pid, rssBytes, cpuSeconds } = stat;
      const first = this.#firstRssBytes.get(worker) ?? rssBytes;
      this.#firstRssBytes.set(worker, first);
      this.#budget.noteGrowth(worker, Math.max(0, rssBytes - first));
      this.#profile.builder.addProcess({
        worker,
        timeMs: this.#elapsedMs(),
        pid,
        rssKb: rssBytes / 1_024,
        cpuMs: cpuSeconds * 1_000,
      });
    }
  }

  /** Each worker by itself: one that is dear slows down no other one. An agent keeps to its limits by itself. */
  #keepToBudget(): void {
    const { durationMs } = this.#options;
    const timeMs = this.#elapsedMs();
    const leftMs = durationMs === undefined ? null : Math.max(0, durationMs - timeMs);
    for (const worker of this.#targets.keys()) {
      const { stride, spent, reason } = this.#budget.advise(worker, leftMs);
      const isNew = spent && !this.#spent.has(worker);
      if (stride === (this.#strides.get(worker) ?? 1) && !isNew) continue;
      this.#strides.set(worker, stride);
      this.#sampling.setStride(worker, stride);
      this.#profile.builder.addEvent({ timeMs, worker, kind: 'throttle', count: stride, reason });
      if (isNew) this.#leave(worker);
    }
  }

  #leave(worker: number): void {
    this.#spent.add(worker);
    this.#sampling.release(worker);
    const timeMs = this.#elapsedMs();
    this.#profile.builder.addEvent({ timeMs, worker, kind: 'left', count: 1, reason: 'leak' });
  }
}

/** Another process than before, or the first that is known, or an agent that has come or gone. */
function isOther(now: Target, before: Target): boolean {
  if ((now.stream === null) !== (before.stream === null)) return true;
  return now.process !== null && !isSame(now.process, before.process);
}

function isSame(a: ProcessId | null, b: ProcessId | null): boolean {
  return a?.pid === b?.pid && a?.startTicks === b?.startTicks;
}
