// The live half of the chain: keeps a sampling thread and a growing profile in step, and looks after the
// workers meanwhile (who is there, what it costs them).
import { LiveProfile } from './live-profile.ts';
import type { NewProfileMeta } from './profile/builder.ts';
import type { Profile } from './profile/profile.ts';
import { Budget, type BudgetLimits } from './sampling/budget.ts';
import { type Sampling, startSampling } from './sampling/start.ts';
import { readProcessStat } from './tracebacker/processes.ts';
import { printAddress, type Target } from './tracebacker/target.ts';

export interface RecorderOptions {
  readonly targets: readonly Target[];
  /** Who is there now: called again and again, so that workers that come later join. */
  readonly lookAgain: () => readonly Target[];
  readonly meta: NewProfileMeta;
  /** Undefined: until `stop`. */
  readonly durationMs?: number | undefined;
  /** Go on where a worker has crashed. */
  readonly keepGoing: boolean;
  readonly limits: BudgetLimits;
  /** Ends the recording early; what is in flight is still taken. */
  readonly stop: AbortSignal;
  /** Gives up what is in flight. */
  readonly hurry: AbortSignal;
  /** Takes the lines of the stream as they come: what the recording file keeps. */
  readonly append: (lines: string) => void;
}

/** How often the set of workers, their cost and the recording file are seen to. */
const housekeepingMs = 500;

export class Recorder {
  readonly #options: RecorderOptions;
  readonly #profile: LiveProfile;
  readonly #budget: Budget;
  readonly #sampling: Sampling;
  readonly #spent = new AbortController();
  readonly #startMs = performance.now();
  readonly #targets: Target[];
  /** Resident memory of each worker's process when it was first looked at. */
  readonly #firstRssBytes = new Map<number, number>();
  #stride = 1;
  /** The whole profile, when the recording has ended and the last dump is in. */
  readonly done: Promise<Profile>;

  constructor(options: RecorderOptions) {
    const { meta, durationMs, keepGoing, limits, stop, hurry } = options;
    this.#options = options;
    this.#profile = new LiveProfile(meta, options.append);
    this.#budget = new Budget(limits, meta.rateHz);
    this.#targets = [...options.targets];
    for (const target of this.#targets) this.#addWorker(target);
    this.#sampling = startSampling({
      targets: this.#targets,
      rateHz: meta.rateHz,
      durationMs,
      keepGoing,
      stop: AbortSignal.any([stop, this.#spent.signal]),
      hurry,
      onDump: (dump) => {
        const cost = this.#profile.intake.take(dump);
        if (cost !== null) this.#budget.noteDump(dump.worker, cost);
      },
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

  #elapsedMs(): number {
    return performance.now() - this.#startMs;
  }

  #addWorker({ worker, address, process }: Target): void {
    this.#profile.builder.addWorker({ number: worker, address: printAddress(address), pid: process?.pid ?? null });
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
    const respawned = this.#targets[worker]!.process !== null;
    this.#targets[worker] = target;
    this.#firstRssBytes.delete(worker);
    this.#sampling.replace(worker, target);
    if (!respawned) return;
    this.#profile.builder.addEvent({
      timeMs: this.#elapsedMs(),
      worker,
      kind: 'respawn',
      count: target.process!.pid,
      reason: '',
    });
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

  #keepToBudget(): void {
    const { durationMs } = this.#options;
    const leftMs = durationMs === undefined ? null : Math.max(0, durationMs - this.#elapsedMs());
    const { stride, spent, reason } = this.#budget.advise(leftMs);
    if (stride === this.#stride && !spent) return;
    this.#stride = stride;
    this.#sampling.setStride(stride);
    for (const worker of this.#targets.keys()) {
      this.#profile.builder.addEvent({ timeMs: this.#elapsedMs(), worker, kind: 'throttle', count: stride, reason });
    }
    if (spent) this.#spent.abort();
  }
}

/** Another process than before, or the first that is known. */
function isOther({ process: now }: Target, { process: before }: Target): boolean {
  return now !== null && (now.pid !== before?.pid || now.startTicks !== before.startTicks);
}
