// The only place where a frame becomes text, and the only rule for when two frames count as the same.
import type { Profile } from './profile.ts';

/** What a frame of a view stands for. */
export type Grouping = 'line' | 'function' | 'file' | 'module';

export const groupings = ['line', 'function', 'file', 'module'] as const satisfies Grouping[];

const unknown = '<unknown>';

/** The frames of a profile gathered into the frames of a view. */
export interface FrameGroups {
  /** The group of each frame. */
  readonly groupOf: Int32Array;
  /** The text of each group; no two groups have the same. */
  readonly labels: readonly string[];
  /** One frame of each group, for its file and source. */
  readonly example: readonly number[];
}

/** Frames belong together by their whole file name, though its short form is shown where that says enough. */
export function groupFrames(profile: Profile, by: Grouping): FrameGroups {
  const count = profile.frames.line.length;
  const groupOf = new Int32Array(count);
  const groups = new Map<string, number>();
  const example: number[] = [];
  for (let frame = 0; frame < count; frame++) {
    const identity = identify(profile, frame, by);
    let group = groups.get(identity);
    if (group === undefined) {
      group = example.push(frame) - 1;
      groups.set(identity, group);
    }
    groupOf[frame] = group;
  }
  return { groupOf, labels: labelGroups(profile, example, by), example };
}

function labelGroups(profile: Profile, example: readonly number[], by: Grouping): string[] {
  const shortOf = ofFile(profile, shortenFile);
  const short = example.map((frame) => formatLabel(profile, frame, by, () => shortOf(frame)));
  const seen = new Map<string, number>();
  for (const label of short) seen.set(label, (seen.get(label) ?? 0) + 1);
  return short.map((label, group) =>
    seen.get(label) === 1 ? label : formatLabel(profile, example[group]!, by, (file) => file),
  );
}

function identify({ frames, strings }: Profile, frame: number, by: Grouping): string {
  const file = frames.file[frame]!;
  const inFunction = `${file} ${frames.function[frame]}`;
  const name = strings[file]!;
  if (by === 'line') return `${inFunction} ${frames.line[frame]}`;
  if (by === 'function' || name === '') return inFunction;
  return by === 'module' && isInstalled(name) ? moduleOf(name) : `${file}`;
}

/** `get_response (django/core/handlers/base.py:130)`, and less of it the coarser the grouping. */
export function labelFrame(profile: Profile, frame: number, by: Grouping): string {
  return formatLabel(profile, frame, by, shortenFile);
}

function formatLabel(
  { frames, strings }: Profile,
  frame: number,
  by: Grouping,
  show: (file: string) => string,
): string {
  const file = strings[frames.file[frame]!]!;
  const name = strings[frames.function[frame]!]! || unknown;
  if (file === '') return name; // what is in no file stands for itself: `worker 1`, say
  if (by === 'module') return isInstalled(file) ? moduleOf(file) : show(file);
  if (by === 'file') return show(file);
  const line = frames.line[frame]!;
  const place = by === 'line' && line > 0 ? `${show(file)}:${line}` : show(file);
  return `${name} (${place})`;
}

/** `worker 2 uWSGIWorker2Core1`: the worker is named where the thread's name does not say it already. */
export function labelThread(profile: Profile, thread: number): string {
  const { name, worker } = profile.threads[thread]!;
  const says = coreOf(name) !== null && namesakes(profile).ofNumber.get(`${profile.workers[worker]!.number}`) === 1;
  return says ? name : `${labelWorker(profile, worker)} ${name}`;
}

/** `worker 2`, or its address; `worker 2 on web1` where a profile is of several hosts. */
export function labelWorker(profile: Profile, worker: number): string {
  const { number, address } = profile.workers[worker]!;
  const { hosts, onHost } = namesakes(profile);
  const host = hostOf(profile, worker);
  const where = hosts.size > 1 ? ` on ${host || unknown}` : '';
  if (number === null) return `${address}${where}`;
  return `worker ${number}${where}${onHost.get(`${number} ${host}`) === 1 ? '' : ` (${address})`}`;
}

/** Where a worker ran. */
export function hostOf({ meta, workers }: Profile, worker: number): string {
  return workers[worker]!.host ?? meta.host;
}

/** How many workers have a number: those of two servers, or hosts, may have one. */
interface Namesakes {
  readonly workers: number;
  readonly host: string;
  readonly hosts: ReadonlySet<string>;
  readonly ofNumber: ReadonlyMap<string, number>;
  readonly onHost: ReadonlyMap<string, number>;
}

/** By the list of workers, which grows while a profile is recorded: a profile may have tens of thousands of them. */
const counted = new WeakMap<Profile['workers'], Namesakes>();

function namesakes(profile: Profile): Namesakes {
  const known = counted.get(profile.workers);
  if (known?.workers === profile.workers.length && known.host === profile.meta.host) return known;
  const ofNumber = new Map<string, number>();
  const onHost = new Map<string, number>();
  const hosts = new Set<string>();
  const count = (counts: Map<string, number>, key: string) => counts.set(key, (counts.get(key) ?? 0) + 1);
  profile.workers.forEach(({ number }, worker) => {
    const host = hostOf(profile, worker);
    hosts.add(host);
    count(ofNumber, `${number}`);
    count(onHost, `${number} ${host}`);
  });
  const made = { workers: profile.workers.length, host: profile.meta.host, hosts, ofNumber, onHost };
  counted.set(profile.workers, made);
  return made;
}

/** uWSGI's core number, 0-based, from the name that it gives to the thread of a core; null for any other thread. */
export function coreOf(threadName: string): number | null {
  const match = /^uWSGIWorker\d{1,9}Core(\d{1,4})$/.exec(threadName);
  return match ? Number(match[1]) : null;
}

const installedUnder = /^.*\/(?:site-packages|dist-packages|lib\/python\d[^/]*)\//;

function isInstalled(file: string): boolean {
  return installedUnder.test(file);
}

/** Whose code a file is; `other` stands for what is no code: threads and workers as root frames. */
export type CodeKind = 'application' | 'library' | 'standard' | 'other';

/** By the file's whole name. The standard library lies beside the folders of installed packages, or is frozen into Python. */
export function kindOf(file: string): CodeKind {
  if (file === '') return 'other';
  if (file.startsWith('<frozen ')) return 'standard';
  const installed = installedUnder.exec(file);
  if (installed) return /(?:site|dist)-packages\/$/.test(installed[0]) ? 'library' : 'standard';
  return /^\[|\.so(?:[.\d]*)$/.test(file) ? 'library' : 'application';
}

/** False for installed packages, the standard library, native code, and frames that are no code. */
export function isApplication(file: string): boolean {
  return kindOf(file) === 'application';
}

/** Of frames, what is said of their file: asked once for each file, of which there are far fewer. */
export function ofFile<Said extends string | boolean | object | null>(
  { frames, strings }: Profile,
  say: (file: string) => Said,
): (frame: number) => Said {
  const known = new Array<Said | undefined>(strings.length);
  return (frame) => {
    const file = frames.file[frame]!;
    let said = known[file];
    if (said === undefined) known[file] = said = say(strings[file]!);
    return said;
  };
}

/** The path below site-packages or the standard library; of other files the last three parts. */
export function shortenFile(file: string): string {
  const installed = installedUnder.exec(file);
  if (installed) return file.slice(installed[0].length);
  const parts = file.split('/');
  return parts.length > 4 ? parts.slice(-3).join('/') : file;
}

/** The top-level package of an installed file (`django`, `json`), else the file's folder and name. */
export function moduleOf(file: string): string {
  const short = shortenFile(file);
  if (!isInstalled(file)) return short;
  return short.split('/')[0]!.replace(/\.py$/, '');
}
