// Several profiles -> one: recordings of several hosts, or of one server at several times. Workers are the same where host,
// number and address are; ticks become those of a rate that all rates divide, so that no weight changes its meaning.
import { ProfileBuilder } from './builder.ts';
import type { Measure, Profile, ProfileEvent } from './profile.ts';

/** The same for all, or null: seconds and counts cannot be added. */
export function commonMeasure(profiles: readonly Profile[]): Measure | null {
  const measures = new Set(profiles.map(({ meta }) => meta.measure));
  return measures.size === 1 ? [...measures][0]! : null;
}

/** Columns are 32 bits wide. */
const maxNumber = 2 ** 31 - 1;

/** Beyond it ticks are so short that microseconds say it better. */
const maxCommonHz = 10_000;

/** At least one profile, of one {@link commonMeasure}. */
export function mergeProfiles(profiles: readonly Profile[]): Profile {
  const [first] = profiles;
  if (first === undefined) throw new RangeError('there is nothing to merge');
  if (profiles.length === 1) return first;
  const inOrder = [...profiles].sort((a, b) => a.meta.startedEpochMs - b.meta.startedEpochMs);
  const rateHz = commonRate(inOrder);
  const offsets = placeInTime(inOrder);
  const starts = inOrder.map(({ meta }) => meta.startedEpochMs).filter((start) => start > 0);
  const { source } = inOrder[0]!.meta;
  const builder = new ProfileBuilder({
    startedEpochMs: starts[0] ?? 0,
    rateHz,
    measure: first.meta.measure,
    host: inOrder[0]!.meta.host,
    source,
    recorder: theOne(inOrder.map(({ meta }) => meta.recorder)) ?? 'several',
  });
  const workers = new Map<string, number>();
  const parts = inOrder.map((profile, index) => new Part(profile, builder, { workers, offsetMs: offsets[index]! }));
  copyDumps(parts, builder, rateHz);
  const events = parts.flatMap((part) => [...part.changesOf(source), ...part.events(rateHz)]);
  events.sort((a, b) => a.timeMs - b.timeMs);
  for (const event of events) builder.addEvent(event);
  for (const part of parts) part.copyProcesses();
  builder.bound();
  if (inOrder.some(({ meta }) => meta.durationMs !== null)) {
    builder.end(parts.reduce((latest, part) => Math.max(latest, part.endMs), 0));
  }
  return builder.view();
}

function theOne(texts: readonly string[]): string | null {
  return texts.every((text) => text === texts[0]) ? texts[0]! : null;
}

/** Milliseconds after the beginning of the whole. Profiles that are months apart are put one after another. */
function placeInTime(inOrder: readonly Profile[]): number[] {
  const known = inOrder.find(({ meta }) => meta.startedEpochMs > 0)?.meta.startedEpochMs ?? 0;
  const offsets = inOrder.map(({ meta }) => Math.max(0, meta.startedEpochMs - known));
  const endMs = inOrder.reduce((end, profile, index) => Math.max(end, offsets[index]! + lengthMs(profile)), 0);
  if (endMs <= maxNumber) return offsets;
  let next = 0;
  return inOrder.map((profile) => {
    const offset = next;
    next += lengthMs(profile);
    return offset;
  });
}

function lengthMs({ meta, dumps }: Profile): number {
  return meta.durationMs ?? dumps.timeMs.reduce((latest, timeMs) => Math.max(latest, timeMs), 0);
}

/** The least common multiple of the rates; microseconds, or what fits, where there is none that is small enough. */
function commonRate(profiles: readonly Profile[]): number {
  const rates = [...new Set(profiles.map(({ meta }) => meta.rateHz))];
  if (rates.length === 1) return rates[0]!;
  // In thousandths: rates such as 0.5 dumps per second are whole then.
  const thousandths = rates.map((rate) => Math.round(rate * 1_000));
  const isExact = rates.every((rate, index) => rate * 1_000 === thousandths[index]);
  const common = isExact ? thousandths.reduce(leastCommonMultiple) / 1_000 : Number.POSITIVE_INFINITY;
  const fits = (rateHz: number) =>
    profiles.every((profile) => heaviest(profile) * (rateHz / profile.meta.rateHz) <= maxNumber);
  const candidates = [...(common <= maxCommonHz ? [common] : []), 1e6, 1e3];
  return candidates.find(fits) ?? Math.min(...rates);
}

function leastCommonMultiple(a: number, b: number): number {
  let [x, y] = [a, b];
  while (y !== 0) [x, y] = [y, x % y];
  return (a / x) * b;
}

function heaviest({ dumps, samples }: Profile): number {
  const most = (column: Int32Array) => column.reduce((max, weight) => Math.max(max, weight), 0);
  return Math.max(most(dumps.weight), most(samples.weight));
}

interface Placing {
  /** Rows of the whole by host, number and address. */
  readonly workers: Map<string, number>;
  readonly offsetMs: number;
}

/** One of the profiles, and what its numbers are in the whole. */
class Part {
  readonly profile: Profile;
  readonly #builder: ProfileBuilder;
  readonly offsetMs: number;
  readonly workers: readonly number[];
  readonly threads: readonly number[];
  readonly stacks: Int32Array;

  constructor(profile: Profile, builder: ProfileBuilder, { workers, offsetMs }: Placing) {
    this.profile = profile;
    this.#builder = builder;
    this.offsetMs = offsetMs;
    const wholeHost = builder.view().meta.host;
    this.workers = profile.workers.map((worker) => {
      const host = worker.host ?? profile.meta.host;
      const key = JSON.stringify([host, worker.number, worker.address]);
      const row = workers.get(key) ?? builder.addWorker({ ...worker, host: host === wholeHost ? null : host });
      workers.set(key, row);
      return row;
    });
    this.threads = profile.threads.map(({ worker, name }) => builder.thread(this.workers[worker]!, name));
    this.stacks = copyStacks(profile, builder);
  }

  get endMs(): number {
    return Math.min(maxNumber, this.offsetMs + lengthMs(this.profile));
  }

  /** Where its workers were asked otherwise than the whole says. */
  changesOf(source: string): ProfileEvent[] {
    const { meta, workers } = this.profile;
    if (meta.source === source) return [];
    const reason = meta.source;
    return workers.map((_, row) => ({
      kind: 'source',
      timeMs: this.offsetMs,
      worker: this.workers[row]!,
      count: 1,
      reason,
    }));
  }

  events(rateHz: number): ProfileEvent[] {
    const scale = rateHz / this.profile.meta.rateHz;
    return this.profile.events.map((event) => ({
      ...event,
      timeMs: event.timeMs + this.offsetMs,
      worker: this.workers[event.worker]!,
      count: event.kind === 'gap' ? Math.round(event.count * scale) : event.count,
    }));
  }

  copyProcesses(): void {
    const { worker, timeMs, pid, rssKb, cpuMs } = this.profile.processes;
    for (let row = 0; row < pid.length; row++) {
      this.#builder.addProcess({
        worker: this.workers[worker[row]!]!,
        timeMs: timeMs[row]! + this.offsetMs,
        pid: pid[row]!,
        rssKb: rssKb[row]!,
        cpuMs: cpuMs[row]!,
      });
    }
  }
}

/** The number in the whole of each stack. */
export function copyStacks({ strings, frames, stacks }: Profile, builder: ProfileBuilder): Int32Array {
  const frameIds = frames.line.map((line, frame) => {
    // Only what is used is copied: a profile may know more strings than its frames.
    const text = (column: Int32Array) => builder.string(strings[column[frame]!]!);
    return builder.frame(text(frames.function), text(frames.file), line, text(frames.source));
  });
  const stackIds = new Int32Array(stacks.frame.length);
  for (let stack = 0; stack < stackIds.length; stack++) {
    const parent = stacks.parent[stack]!;
    stackIds[stack] = builder.stack(parent === -1 ? -1 : stackIds[parent]!, frameIds[stacks.frame[stack]!]!);
  }
  return stackIds;
}

/** In the order of time, whoever they are of. */
function copyDumps(parts: readonly Part[], builder: ProfileBuilder, rateHz: number): void {
  const rows = parts.flatMap((part) =>
    Array.from(part.profile.dumps.timeMs, (timeMs, row) => ({ part, row, at: timeMs + part.offsetMs })),
  );
  rows.sort((a, b) => a.at - b.at);
  for (const { part, row, at } of rows) {
    const { dumps, samples, meta } = part.profile;
    const toTicks = (weight: number) => Math.max(1, Math.min(maxNumber, Math.round((weight * rateHz) / meta.rateHz)));
    for (let sample = dumps.sampleEnd[row - 1] ?? 0; sample < dumps.sampleEnd[row]!; sample++) {
      builder.addSample(
        part.threads[samples.thread[sample]!]!,
        part.stacks[samples.stack[sample]!]!,
        toTicks(samples.weight[sample]!),
        samples.cpuUs[sample]!,
      );
    }
    builder.endDump({
      worker: part.workers[dumps.worker[row]!]!,
      timeMs: at,
      weight: toTicks(dumps.weight[row]!),
      dumps: dumps.dumps[row]!,
      waitUs: dumps.waitUs[row]!,
      sendUs: dumps.sendUs[row]!,
    });
  }
}
