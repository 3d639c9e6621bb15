// Frames that stand for something else than code, such as workers: a name without a file. They are added to the frames
// of a profile, whose numbers stay as they are.
import type { FrameTable, Profile } from './profile.ts';

export class NamedFrames {
  readonly #profile: Profile;
  readonly #strings: string[] = [];
  readonly #functions: number[] = [];
  #stringIds: Map<string, number> | null = null;
  readonly #frameIds = new Map<number, number>();

  constructor(profile: Profile) {
    this.#profile = profile;
  }

  named(name: string): number {
    if (this.#stringIds === null) this.#findNames();
    const id = this.#string(name);
    const known = this.#frameIds.get(id);
    if (known !== undefined) return known;
    const frame = this.#profile.frames.line.length + this.#functions.push(id) - 1;
    this.#frameIds.set(id, frame);
    return frame;
  }

  /** The very tables of the profile where nothing was named. */
  tables(): Pick<Profile, 'strings' | 'frames'> {
    const { strings, frames } = this.#profile;
    if (this.#functions.length === 0) return { strings, frames };
    const none = this.#functions.map(() => this.#string(''));
    const table: FrameTable = {
      function: appended(frames.function, this.#functions),
      file: appended(frames.file, none),
      line: appended(frames.line, new Int32Array(none.length)),
      source: appended(frames.source, none),
    };
    return { strings: [...strings, ...this.#strings], frames: table };
  }

  #string(text: string): number {
    const known = this.#stringIds!.get(text);
    if (known !== undefined) return known;
    const id = this.#profile.strings.length + this.#strings.push(text) - 1;
    this.#stringIds!.set(text, id);
    return id;
  }

  /** The strings, and the frames that are names already: no row may be there twice. */
  #findNames(): void {
    const { strings, frames } = this.#profile;
    this.#stringIds = new Map();
    for (let id = 0; id < strings.length; id++) this.#stringIds.set(strings[id]!, id);
    const empty = this.#string('');
    for (let frame = 0; frame < frames.line.length; frame++) {
      if (frames.file[frame] !== empty || frames.line[frame] !== 0 || frames.source[frame] !== empty) continue;
      this.#frameIds.set(frames.function[frame]!, frame);
    }
  }
}

function appended(column: Int32Array, rows: ArrayLike<number>): Int32Array {
  const longer = new Int32Array(column.length + rows.length);
  longer.set(column);
  longer.set(rows, column.length);
  return longer;
}
