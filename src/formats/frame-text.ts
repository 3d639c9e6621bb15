// Frames that other tools have made a text of: `name (file:line)`, ours and py-spy's; austin's `file:name:line`; the
// suffixes of async-profiler and of FlameGraph's stackcollapse-perf.pl.

export interface FrameName {
  readonly function: string;
  readonly file: string;
  /** 0 where unknown. */
  readonly line: number;
  readonly source?: string;
}

const withLine = /^(.+) \((.+):([1-9]\d{0,8})\)$/s;
const withFile = /^(.+) \(([^()]+)\)$/s;

/** What stands in brackets may be arguments; a file has a dot or a slash, or is of Python's `<frozen ...>`. */
const looksLikeFile = /[./]|^<.*>$|^\[.*\]$/;

/** No frame that a tool has written is longer; hostile ones would be searched by the square of their length. */
const maxFrameChars = 4_096;

/** What is no file is part of the name, so that every text stays what it was. */
export function parseFrame(text: string): FrameName {
  if (text.length > maxFrameChars) return { function: text, file: '', line: 0 };
  if (text.endsWith(')')) {
    const [, name, file, line] = withLine.exec(text) ?? [];
    if (name !== undefined) return { function: name, file: file!, line: Number(line) };
    const [, shortName, place] = withFile.exec(text) ?? [];
    if (shortName !== undefined && looksLikeFile.test(place!)) return { function: shortName, file: place!, line: 0 };
  }
  return text.endsWith(']') ? parseAnnotated(text) : { function: text, file: '', line: 0 };
}

/**
 * `name_[j]`: how the method was compiled ([j]it, [i]nlined, [0] interpreted, [1] by C1) says nothing about what it is.
 * Kernel functions, `_[k]`, are others than those of the same name.
 * https://github.com/async-profiler/async-profiler/blob/master/docs/OutputFormats.md
 */
function parseAnnotated(text: string): FrameName {
  const [, name, kind] = /^(.+)_\[([jik01])\]$/s.exec(text) ?? [];
  if (name === undefined) return { function: text, file: '', line: 0 };
  return { function: name, file: kind === 'k' ? '[kernel]' : '', line: 0 };
}

/** https://github.com/P403n1x87/austin/wiki/The-MOJO-file-format tells the fields; in text they are parted by colons. */
export function parseAustinFrame(text: string): FrameName {
  const [, file, name, line] = /^(.*):([^:]*):(\d{1,9})$/s.exec(text) ?? [];
  return name === undefined
    ? { function: text, file: '', line: 0 }
    : { function: name, file: file!, line: Number(line) };
}
