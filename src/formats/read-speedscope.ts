// speedscope's own JSON, sampled and evented: https://www.speedscope.app/file-format-schema.json
// Each of its profiles is a thread. Those that count something else than the one it opens with are left out, and so is
// the sum of all threads that our own files begin with.

import type { TbprofError } from '../errors.ts';
import { ImportedProfile } from './imported.ts';
import { parseJson } from './json.ts';
import { collect, type Input, type Reader, type Reading, SkipCount, unreadable } from './reader.ts';
import { findRate } from './tick-rate.ts';
import { parseWorkerLabel, workerOfThread } from './worker-text.ts';

export const readSpeedscope: Reader = {
  name: 'speedscope',
  description: 'speedscope JSON',
  recognises: (_start, text) => /^\s*(\{|\[\s*[{\]])/.test(text),
  read,
};

/** Seconds of each unit; the others have no time. */
const unitSeconds: Record<string, number> = { seconds: 1, milliseconds: 1e-3, microseconds: 1e-6, nanoseconds: 1e-9 };

type Json = Readonly<Record<string, unknown>>;

interface Run {
  /** Frames, root first. */
  readonly frames: readonly unknown[];
  /** In the unit of the profile. */
  readonly start: number;
  readonly end: number;
}

async function read(input: Input): Promise<Reading> {
  const { name } = input;
  const json = parseJson(await collect(input), name);
  const file = object(json);
  const frames = object(file?.shared)?.frames;
  if (!file || !Array.isArray(frames) || !Array.isArray(file.profiles)) {
    throw refuseJson(name, json);
  }
  const skipped = new SkipCount();
  const chosen = chooseProfiles(file, file.profiles.map(object), skipped);
  if (chosen.length === 0) throw unreadable(name, 'there is no profile in it');
  const imported = new ImportedProfile(skipped);
  const stackOf = stackMaker(imported, frameTable(imported, frames), skipped);
  const seconds = unitSeconds[String(chosen[0]!.unit)] ?? null;
  const threads = chosen.map((profile) => runsOf(profile, skipped));
  const rateHz = seconds === null ? 1 : findRate(threads.map((runs) => runs.map(inSeconds(seconds))));
  for (const [index, runs] of threads.entries()) {
    const thread = nameThread(imported, String(chosen[index]!.name ?? ''), name);
    for (const run of runs) {
      const stack = stackOf(run.frames);
      if (stack === -1) skipped.add('samples without a frame');
      else if (seconds === null) imported.add(thread, stack, run.end - run.start);
      else imported.run(thread, stack, [toTicks(run.start * seconds, rateHz), toTicks(run.end * seconds, rateHz)]);
    }
  }
  const meta = { source: 'speedscope', recorder: String(file.exporter ?? 'unknown'), rateHz, ...ownName(file) };
  const profile = imported.finish({ ...meta, measure: seconds === null ? 'count' : 'wall' });
  return { profile, whole: true, skipped: skipped.list() };
}

/** By the fields that only they have. */
function refuseJson(name: string, json: unknown): TbprofError {
  const file = object(json) ?? {};
  const events = Array.isArray(json) ? json : file.traceEvents;
  const isTrace = Array.isArray(events) && object(events[0])?.ph !== undefined;
  // https://chromedevtools.github.io/devtools-protocol/tot/Profiler/#type-Profile
  const isCpuProfile = Array.isArray(file.nodes) && Array.isArray(file.timeDeltas);
  const isFirefox = object(file.meta)?.preprocessedProfileVersion !== undefined || Array.isArray(file.libs);
  const kinds = [
    [
      isTrace,
      'a trace of Chrome (about:tracing, Perfetto)',
      'speedscope.app opens it, and exports what can be read here',
    ],
    [isCpuProfile, 'a .cpuprofile of V8', 'speedscope.app opens it, and exports what can be read here'],
    [
      isFirefox,
      'a profile of the Firefox Profiler',
      'profiler.firefox.com opens it; tbprof writes these and reads none',
    ],
    ['unjudged' in file && 'per' in file, 'a comparison by tbprof diff', 'it is for other programs to read'],
  ] as const;
  const [, kind, hint] = kinds.find(([is]) => is) ?? [true, 'JSON of some other kind', 'of JSON only that can be read'];
  return unreadable(name, `it is ${kind}, no profile of speedscope`, hint);
}

function inSeconds(unit: number) {
  return ({ start, end }: Run) => [start * unit, end * unit] as const;
}

function toTicks(seconds: number, rateHz: number): number {
  return Math.round(seconds * rateHz);
}

/** What our own files say in their name: host and time. */
function ownName({ name }: Json): { host?: string; startedEpochMs?: number } {
  const [, host, time] = /^tbprof (?:(.*) )?(\d{4}-\d\d-\d\dT[\d:.]+Z)$/s.exec(String(name)) ?? [];
  const startedEpochMs = Date.parse(time ?? '');
  return Number.isNaN(startedEpochMs) || startedEpochMs < 0 ? {} : { host: host ?? '', startedEpochMs };
}

function chooseProfiles(file: Json, profiles: readonly (Json | null)[], skipped: SkipCount): Json[] {
  const all = profiles.filter((profile) => profile !== null);
  skipped.add('profiles that are no objects', null, profiles.length - all.length);
  const isOurs = String(file.exporter).startsWith('tbprof') && all[0]?.name === 'all workers' && all.length > 1;
  const threads = isOurs ? all.slice(1) : all;
  const index = typeof file.activeProfileIndex === 'number' ? file.activeProfileIndex : 0;
  const unit = (all[index] ?? threads[0])?.unit;
  const chosen = threads.filter((profile) => profile.unit === unit);
  skipped.add('profiles of another unit', null, threads.length - chosen.length);
  return chosen;
}

type FrameOf = (index: unknown) => number | null;

function stackMaker(imported: ImportedProfile, frameOf: FrameOf, skipped: SkipCount) {
  return (frames: readonly unknown[]): number => {
    let stack = -1;
    for (const index of frames) {
      const frame = frameOf(index);
      if (frame === null) skipped.add('frames that are not in its table');
      else stack = imported.stack(stack, frame);
    }
    return stack;
  };
}

function frameTable(profile: ImportedProfile, frames: readonly unknown[]): FrameOf {
  const known: (number | null)[] = [];
  return (index) => {
    if (typeof index !== 'number' || !(index in frames)) return null;
    if (known[index] === undefined) {
      const frame = object(frames[index]);
      known[index] = frame === null ? null : importFrame(profile, frame);
    }
    return known[index]!;
  };
}

/** What has no file may have it in its name. */
function importFrame(profile: ImportedProfile, { name, file, line }: Json): number {
  const text = String(name ?? '');
  if (typeof file !== 'string' || file === '') return profile.frameOfText(text);
  const isLine = Number.isInteger(line) && (line as number) > 0 && (line as number) < 2 ** 31;
  return profile.frame({ function: text, file, line: isLine ? (line as number) : 0 });
}

/** Our `worker 1 MainThread` and `uWSGIWorker1Core0`, py-spy's `Process 12 Thread 34 "name"`. */
function nameThread(imported: ImportedProfile, title: string, file: string): number {
  const name = title.replace(/ \(not in order of time\)$/, '');
  const [, label, thread] = /^(worker \d{1,9}(?: on \S+)?(?: \([^)]*\))?) (.+)$/s.exec(name) ?? [];
  const worker = label === undefined ? workerOfThread(name) : parseWorkerLabel(label);
  if (worker) return imported.thread(imported.worker(worker), thread ?? name);
  const [, pid, quoted] = /^(?:Process (\d{1,9}) )?Thread \S+ "(.*)"$/s.exec(name) ?? [];
  const address = pid === undefined ? file : `process ${pid}`;
  return imported.thread(imported.worker({ address, ...(pid && { pid: Number(pid) }) }), quoted ?? name);
}

function runsOf(profile: Json, skipped: SkipCount): Run[] {
  return profile.type === 'evented' ? runsOfEvents(profile, skipped) : runsOfSamples(profile, skipped);
}

function runsOfSamples({ samples, weights }: Json, skipped: SkipCount): Run[] {
  const stacks = list(samples);
  const heavy = list(weights);
  skipped.add('samples without a weight, or weights without a sample', null, Math.abs(stacks.length - heavy.length));
  const runs: Run[] = [];
  let at = 0;
  for (let sample = 0; sample < Math.min(stacks.length, heavy.length); sample++) {
    const frames = stacks[sample];
    const weight = heavy[sample];
    if (
      !Array.isArray(frames) ||
      typeof weight !== 'number' ||
      !(weight >= 0 && at + weight < Number.MAX_SAFE_INTEGER)
    ) {
      skipped.add('samples that are none, or whose weight is none', `sample ${sample}`);
      continue;
    }
    if (weight > 0 && frames.length > 0) runs.push({ frames, start: at, end: at + weight });
    at += weight;
  }
  return runs;
}

/** What is open between two events is a run. */
function runsOfEvents({ events }: Json, skipped: SkipCount): Run[] {
  const runs: Run[] = [];
  const open: unknown[] = [];
  let size = 0;
  let before = 0;
  for (const [index, event] of list(events).entries()) {
    const { type, frame, at } = object(event) ?? {};
    const isTime = typeof at === 'number' && at < Number.MAX_SAFE_INTEGER && (index === 0 || at >= before);
    if (!isTime || (type !== 'O' && type !== 'C')) {
      skipped.add('events that are none, or back in time', `event ${index}`);
      continue;
    }
    if (open.length > 0 && at > before) {
      size += open.length;
      if (size > maxSpelledFrames) throw new RangeError(`its stacks have more than ${maxSpelledFrames} frames`);
      runs.push({ frames: [...open], start: before, end: at });
    }
    before = at;
    if (type === 'O') open.push(frame);
    else if (!close(open, frame)) skipped.add('events that close what is not open', `event ${index}`);
  }
  return runs;
}

/** What is closed out of order takes with it what it had called. True where it was in order. */
function close(open: unknown[], frame: unknown): boolean {
  const opened = open.lastIndexOf(frame);
  const isLast = opened !== -1 && opened === open.length - 1;
  if (opened !== -1) open.length = opened;
  return isLast;
}

/** Deep recursion, event after event, would take memory by the square. */
const maxSpelledFrames = 50_000_000;

function object(value: unknown): Json | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : null;
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
