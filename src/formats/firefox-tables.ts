// The tables of one thread of a Firefox profile: strings, functions, frames and stacks, each thing once, and only what
// the thread needs.
import { type CodeKind, type FrameGroups, type Grouping, kindOf, moduleOf } from '../profile/labels.ts';
import { PairTable } from '../profile/pairs.ts';
import type { Profile } from '../profile/profile.ts';
import { placesOf } from './places.ts';

/** Colours are those of the profiler's own list; the kinds of profile/palette.ts come nearest to theirs. */
const kinds: Record<CodeKind | 'idle', { readonly name: string; readonly color: string }> = {
  application: { name: 'Application', color: 'orange' },
  library: { name: 'Library', color: 'blue' },
  standard: { name: 'Standard library', color: 'green' },
  other: { name: 'Other', color: 'grey' },
  idle: { name: 'Idle', color: 'transparent' },
};

const kindNames = Object.keys(kinds) as (keyof typeof kinds)[];

interface Category {
  readonly name: string;
  readonly color: string;
  /** Modules; the first is the one of frames without. */
  readonly subcategories: string[];
}

/** A frame of the view as the profiler wants it, for all threads. */
export interface FirefoxFrame {
  readonly name: string;
  readonly file: string;
  /** Null where unknown. */
  readonly line: number | null;
  readonly category: number;
  readonly subcategory: number;
}

export const categoryOf = (kind: keyof typeof kinds): number => kindNames.indexOf(kind);

export const idleFrame: FirefoxFrame = {
  name: '(idle)',
  file: '',
  line: null,
  category: categoryOf('idle'),
  subcategory: 0,
};

/** One frame for each group, and the categories that they name. */
export function framesForFirefox(profile: Profile, groups: FrameGroups, by: Grouping) {
  const categories = kindNames.map((kind): Category => ({ ...kinds[kind], subcategories: ['Other'] }));
  const subcategories = new Map<string, number>();
  const frames = placesOf(profile, groups, by).map(({ name, file, line }, group): FirefoxFrame => {
    const path = profile.strings[profile.frames.file[groups.example[group]!]!]!;
    const category = categoryOf(kindOf(path));
    const module = path === '' ? 'Other' : moduleOf(path);
    const key = `${category} ${module}`;
    const known = module === 'Other' ? 0 : subcategories.get(key);
    const subcategory = known ?? categories[category]!.subcategories.push(module) - 1;
    if (known === undefined) subcategories.set(key, subcategory);
    return { name, file, line: line > 0 ? line : null, category, subcategory };
  });
  return { categories, frames };
}

/** Grows with what it is asked for. */
export class ThreadTables {
  readonly #strings = new Map<string, number>();
  readonly #functions = new PairTable();
  /** By the number that the caller has for it. */
  readonly #frameRows = new Map<FirefoxFrame, number>();
  readonly #frameFunction: number[] = [];
  readonly #stacks = new PairTable();

  string(text: string): number {
    const row = this.#strings.get(text) ?? this.#strings.size;
    this.#strings.set(text, row);
    return row;
  }

  /** The stack of a frame on top of a stack of this table; -1: none. */
  stack(prefix: number, frame: FirefoxFrame): number {
    let row = this.#frameRows.get(frame);
    if (row === undefined) {
      row = this.#frameFunction.push(this.#functions.number(this.string(frame.name), this.string(frame.file))) - 1;
      this.#frameRows.set(frame, row);
    }
    return this.#stacks.number(prefix, row);
  }

  /** The fields of the thread, each as JSON. All strings must have been asked for. */
  print(): Record<string, string> {
    const frames = [...this.#frameRows.keys()];
    const functions = { name: [...this.#functions.first()], file: [...this.#functions.second()] };
    const noFile = this.#strings.get('') ?? -1;
    return {
      stackTable: table(this.#stacks.first().length, {
        prefix: Array.from(this.#stacks.first(), (prefix) => (prefix === -1 ? null : prefix)),
        frame: [...this.#stacks.second()],
        category: Array.from(this.#stacks.second(), (frame) => frames[frame]!.category),
        subcategory: Array.from(this.#stacks.second(), (frame) => frames[frame]!.subcategory),
      }),
      frameTable: table(frames.length, {
        address: frames.map(() => -1),
        inlineDepth: frames.map(() => 0),
        category: frames.map(({ category }) => category),
        subcategory: frames.map(({ subcategory }) => subcategory),
        func: this.#frameFunction,
        nativeSymbol: frames.map(() => null),
        innerWindowID: frames.map(() => 0),
        implementation: frames.map(() => null),
        line: frames.map(({ line }) => line),
        column: frames.map(() => null),
      }),
      funcTable: table(functions.name.length, {
        isJS: functions.name.map(() => false),
        relevantForJS: functions.name.map(() => false),
        name: functions.name,
        resource: functions.name.map(() => -1),
        fileName: functions.file.map((file) => (file === noFile ? null : file)),
        lineNumber: functions.name.map(() => null),
        columnNumber: functions.name.map(() => null),
      }),
      resourceTable: table(0, { lib: [], name: [], host: [], type: [] }),
      nativeSymbols: table(0, { libIndex: [], address: [], name: [], functionSize: [] }),
      stringArray: JSON.stringify([...this.#strings.keys()]),
    };
  }
}

/** Columns and their length. */
export function table(length: number, columns: Record<string, unknown>): string {
  return JSON.stringify({ ...columns, length });
}
