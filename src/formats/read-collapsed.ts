// Collapsed stacks, of whatever tool: `root;caller;leaf COUNT`, a line per stack. Read line by line, and stacks are added
// up as they come: memory goes with the number of distinct stacks, not with the size of the file.
//   ours, FlameGraph's stackcollapse-*: https://github.com/brendangregg/FlameGraph#2-fold-stacks
//   py-spy: `process PID:"command"` and `thread (ID): NAME` as roots, where it was asked for them
//   austin: `P<pid>;T<id>;file:name:line` and microseconds, with `# mode: wall` before them: https://github.com/P403n1x87/austin
//   async-profiler: `[NAME tid=ID]` as root: https://github.com/async-profiler/async-profiler
//   difffolded.pl, our own diff: `stack BEFORE AFTER`, of which AFTER is read
import { detach, LineSplitter } from '../stream/line-splitter.ts';
import { parseAustinFrame, parseFrame } from './frame-text.ts';
import { type ImportedMeta, ImportedProfile } from './imported.ts';
import { type Input, type Reader, type Reading, SkipCount, startBytes, unreadable } from './reader.ts';
import { type NamedWorker, parseWorkerLabel } from './worker-text.ts';

export const readCollapsed: Reader = {
  name: 'collapsed',
  description: 'collapsed stacks',
  recognises: (_start, text) => {
    const lines = text.split('\n', 200).filter((line) => line.trim() !== '');
    const stacks = lines.filter((line) => line.startsWith('# ') || /. -?\d[\d.,e+]*\r?$/.test(line));
    return stacks.length > lines.length / 2;
  },
  read,
};

const maxLineBytes = 16 * 1024 * 1024;

async function read({ name, chunks }: Input): Promise<Reading> {
  const skipped = new SkipCount();
  const stacks = new StackLines(name, skipped);
  const splitter = new LineSplitter(maxLineBytes);
  for await (const chunk of chunks) for (const line of splitter.push(chunk)) stacks.push(line);
  const rest = splitter.rest();
  if (rest) stacks.push(rest);
  skipped.add(`lines longer than ${maxLineBytes} bytes`, null, splitter.tooLong);
  return { profile: stacks.finish(), whole: true, skipped: skipped.list() };
}

/** So many of the first lines tell how many counts the lines have. */
const maxFirstLines = 100;

/** Names may end in a number: only where all lines seem to have two counts they do. */
function haveTwoCounts(lines: readonly string[]): boolean {
  const stacks = lines.filter((line) => line.trim() !== '' && !line.startsWith('# '));
  return stacks.length > 1 && stacks.every((line) => /\S \d+ \d+\r?$/.test(line));
}

/** A root that is no frame. */
type Root =
  | ({ readonly kind: 'worker'; readonly pid: number | null; readonly number: number | null } & Omit<
      NamedWorker,
      'number'
    >)
  | { readonly kind: 'thread'; readonly name: string };

class StackLines {
  readonly #name: string;
  readonly #skipped: SkipCount;
  readonly #profile: ImportedProfile;
  readonly #threads = new Map<Roots, number>();
  readonly #noRoots = newRoots();
  /** The first lines, until it is known what all of them are; then null. */
  #first: string[] | null = [];
  #firstChars = 0;
  #hasBefore = false;
  #number = 0;
  #taken = 0;
  #meta: Pick<ImportedMeta, 'measure' | 'rateHz' | 'recorder'> = { measure: 'count', rateHz: 1, recorder: 'unknown' };
  // The line before, and where its frames ended: sorted files repeat most of it. Lists keep what was longer once.
  #before = '';
  #depth = 0;
  readonly #ends: number[] = [];
  readonly #roots: Roots[] = [];
  readonly #stacks: number[] = [];

  constructor(name: string, skipped: SkipCount) {
    this.#name = name;
    this.#skipped = skipped;
    this.#profile = new ImportedProfile(skipped);
  }

  push(line: string): void {
    if (this.#first === null) {
      this.#take(line);
      return;
    }
    this.#first.push(line);
    this.#firstChars += line.length;
    if (this.#first.length === maxFirstLines || this.#firstChars > startBytes) this.#begin(this.#first);
  }

  #begin(first: readonly string[]): void {
    this.#first = null;
    this.#hasBefore = haveTwoCounts(first);
    for (const line of first) this.#take(line);
  }

  #take(text: string): void {
    this.#number += 1;
    const line = text.endsWith('\r') ? text.slice(0, -1) : text;
    if (line === '') return;
    if (line.startsWith('# ')) {
      this.#takeComment(line);
      return;
    }
    const last = line.lastIndexOf(' ');
    const weight = parseWeight(line.slice(last + 1));
    const place = `line ${this.#number}`;
    const end = this.#hasBefore ? this.#skipBefore(line, last, place) : last;
    if (end <= 0 || weight === null) {
      this.#skipped.add('lines without a stack and its count', place);
      return;
    }
    if (weight < 0) {
      this.#skipped.add('lines with a negative count', place);
      return;
    }
    const { place: roots, stack } = this.#walk(line, end);
    if (stack === -1) {
      this.#skipped.add('lines without a frame', place);
      return;
    }
    this.#taken += 1;
    if (weight === 0) return;
    this.#profile.add(this.#threadOf(roots), stack, weight);
  }

  /** Where the stack ends; -1 where there is no count but the one that begins at `last`. */
  #skipBefore(line: string, last: number, place: string): number {
    const end = last <= 0 ? -1 : line.lastIndexOf(' ', last - 1);
    if (end === -1 || parseWeight(line.slice(end + 1, last)) === null) return -1;
    this.#skipped.add('counts of BEFORE (a comparison of two profiles: those of AFTER were read)', place);
    return end;
  }

  #threadOf(roots: Roots): number {
    let thread = this.#threads.get(roots);
    if (thread === undefined) {
      const worker = roots.worker ?? this.#profile.worker({ address: this.#name });
      thread = this.#profile.thread(worker, roots.thread ?? 'all threads');
      this.#threads.set(roots, thread);
    }
    return thread;
  }

  finish() {
    if (this.#first !== null) this.#begin(this.#first);
    if (this.#taken === 0) throw unreadable(this.#name, `there is no stack in its ${this.#number} lines`);
    return this.#profile.finish({ source: 'collapsed', ...this.#meta });
  }

  /** What austin says of itself before its stacks. */
  #takeComment(line: string): void {
    const [, key, value = ''] = /^# (\w+): (.*)$/.exec(line) ?? [];
    if (key === 'austin') this.#meta = { ...this.#meta, recorder: `austin ${value.slice(0, 20)}` };
    if (key === 'mode' && ['wall', 'cpu'].includes(value)) {
      this.#meta = { ...this.#meta, measure: value === 'cpu' ? 'cpu' : 'wall', rateHz: 1e6 };
    }
  }

  /** Goes up the stack from where it parts from the line before. */
  #walk(line: string, end: number): { readonly place: Roots; readonly stack: number } {
    let known = this.#shared(line, end);
    let place = known === 0 ? this.#noRoots : this.#roots[known - 1]!;
    let stack = known === 0 ? -1 : this.#stacks[known - 1]!;
    let from = known === 0 ? 0 : this.#ends[known - 1]! + 1;
    for (; from <= end; known++) {
      const semicolon = line.indexOf(';', from);
      const to = semicolon === -1 || semicolon > end ? end : semicolon;
      if (to > from) {
        const text = line.slice(from, to);
        const below = stack === -1 ? this.#enter(place, text) : null;
        if (below) place = below;
        else stack = this.#push(stack, text, place);
      }
      this.#ends[known] = to;
      this.#roots[known] = place;
      this.#stacks[known] = stack;
      from = to + 1;
    }
    this.#depth = known;
    this.#before = line;
    return { place, stack };
  }

  #push(stack: number, text: string, { isAustin }: Roots): number {
    const frame = this.#profile.frameOfText(text, isAustin ? parseAustinFrame : parseFrame);
    return this.#profile.stack(stack, frame);
  }

  /** How many frames it shares with the line before. What shares so many shares all fewer, so halving finds it. */
  #shared(line: string, end: number): number {
    let known = 0;
    let tooMany = this.#depth + 1;
    while (known + 1 < tooMany) {
      const tried = (known + tooMany) >> 1;
      const from = known === 0 ? 0 : this.#ends[known - 1]!;
      const to = this.#ends[tried - 1]!;
      // Equality of strings is a comparison of memory; `startsWith` goes character by character.
      const isSame = () => line.slice(from, to) === this.#before.slice(from, to);
      if (to < end && line.charCodeAt(to) === 0x3b && isSame()) known = tried;
      else tooMany = tried;
    }
    return known;
  }

  /** Where the text says whose stack it is; null where it is a frame. */
  #enter(place: Roots, text: string): Roots | null {
    const known = place.below.get(text);
    if (known !== undefined) return known;
    const below = this.#nameRoot(place, text);
    if (place.below.size < maxRoots) place.below.set(detach(text), below);
    return below;
  }

  #nameRoot(place: Roots, text: string): Roots | null {
    const { worker, label, thread } = place;
    if (thread !== null) return null;
    const found = parseRoot(text);
    if (found?.kind === 'worker' && worker === null) {
      const { kind: _, ...row } = found;
      return {
        ...newRoots(),
        worker: this.#profile.worker({ ...row, address: detach(row.address) }),
        label: row.number === null ? null : detach(text),
        isAustin: /^P\d/.test(text),
      };
    }
    if (found?.kind === 'thread') return { ...place, below: new Map(), thread: detach(found.name) };
    // Below our `worker 1` stands a thread, whatever its name.
    if (label === null) return null;
    const name = text.startsWith(`${label} `) ? text.slice(label.length + 1) : text;
    return { ...place, below: new Map(), thread: detach(name) };
  }
}

/** What stood before the frames of a line. */
interface Roots {
  readonly worker: number | null;
  /** What we called it; null where another tool did. */
  readonly label: string | null;
  readonly thread: string | null;
  readonly isAustin: boolean;
  /** By the text that follows; null: a frame. */
  readonly below: Map<string, Roots | null>;
}

const newRoots = (): Roots => ({ worker: null, label: null, thread: null, isAustin: false, below: new Map() });

/** Roots to remember: most texts at the root are those of the line before. */
const maxRoots = 10_000;

const workerRoots = [/^P(\d{1,9})$/, /^process (\d{1,9})(?=:|$)/];
const threadRoots = [
  /^thread \((?:0x)?[\da-fA-F]+\): (.+)$/s,
  /^(thread \(.*\))$/,
  /^T((?:\d+:)?[\da-fA-F]+)$/,
  /^\[(.+) tid=\d+\]$/s,
];

function parseRoot(text: string): Root | null {
  const ours = parseWorkerLabel(text);
  if (ours) return { kind: 'worker', ...ours, pid: null };
  const pid = firstMatch(workerRoots, text);
  if (pid !== null) return { kind: 'worker', number: null, host: null, address: `process ${pid}`, pid: Number(pid) };
  const name = firstMatch(threadRoots, text);
  return name === null ? null : { kind: 'thread', name };
}

function firstMatch(patterns: readonly RegExp[], text: string): string | null {
  for (const pattern of patterns) {
    const match = pattern.exec(text)?.[1];
    if (match !== undefined) return match;
  }
  return null;
}

/** Of austin's `time,idle,memory` the time. Null where it is no number. */
function parseWeight(text: string): number | null {
  if (!/^-?\d+(?:\.\d+)?(?:,-?\d+)*$/.test(text)) return null;
  const weight = Number.parseFloat(text);
  return Number.isSafeInteger(Math.round(weight)) ? weight : null;
}
