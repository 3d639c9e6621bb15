// Dump text -> stacks. Pure; never throws; time is linear in the input. The format is that of uWSGI's
// plugins/python/tracebacker.c, which escapes nothing:
//
//     thread_id = NAME filename = F lineno = N function = G line = SOURCE
//
// Fast because text repeats: whole thread blocks, and within new blocks whole lines, are parsed once and then found
// again by their text. Equal blocks give the *same* ThreadStack object, so that later stages can remember it too.
import { BytesCache, TextCache } from './caches.ts';
import { banner, type Dump, type Frame, type ThreadStack } from './dump.ts';

/** Cached text is bounded by its size, since lines are as long as the sampled program likes. */
const maxCachedBytes = 16 * 1024 * 1024;

const bannerLine = Buffer.from(`${banner}\n`);
const newline = 10;

const linePrefix = 'thread_id = ';
const filenameMark = ' filename = ';
// NAME and SOURCE may hold any of the marks. Numbers followed by ` function = ` occur first at the real place,
// because they come before SOURCE; and F, not NAME, follows the last ` filename = ` before them.
const linenoMark = / lineno = (-?\d{1,9}) function = /;
const sourceMark = / line =(?: |$)/;

interface ParsedLine {
  readonly thread: string;
  readonly frame: Frame;
}

interface ParsedBlock {
  readonly threads: readonly ThreadStack[];
  readonly warnings: number;
  readonly firstWarning: string | null;
}

/** One parser per sampled program or file: the caches are worth keeping between dumps. */
export class DumpParser {
  readonly #blocks = new BytesCache<ParsedBlock>(maxCachedBytes);
  readonly #lines = new TextCache<ParsedLine>(maxCachedBytes);

  /** Parses what one connection returned. Invalid UTF-8 becomes U+FFFD. */
  parse(bytes: Uint8Array): Dump {
    const dump = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const hasBanner = dump.subarray(0, bannerLine.length).equals(bannerLine);
    const blocks: ParsedBlock[] = [];
    let at = skipNewlines(dump, hasBanner ? banner.length : 0);
    while (at < dump.length) {
      const end = dump.indexOf('\n\n', at, 'latin1');
      blocks.push(end === -1 ? this.#parseOpenBlock(dump, at) : this.#parseClosedBlock(dump, at, end));
      at = end === -1 ? dump.length : skipNewlines(dump, end);
    }
    return {
      banner: hasBanner,
      threads: blocks.flatMap((block) => block.threads),
      warnings: blocks.reduce((sum, block) => sum + block.warnings, 0),
      firstWarning: blocks.find((block) => block.firstWarning !== null)?.firstWarning ?? null,
    };
  }

  #parseClosedBlock(dump: Buffer, from: number, to: number): ParsedBlock {
    let block = this.#blocks.get(dump, from, to);
    if (block === undefined) {
      block = this.#parseLines(dump.toString('latin1', from, to).split('\n'), false);
      this.#blocks.set(dump, from, to, block);
    }
    return block;
  }

  /** The end of a dump that stops before the blank line: the last stack is cut, a line without its end is torn. */
  #parseOpenBlock(dump: Buffer, from: number): ParsedBlock {
    // Latin-1 keeps bytes and characters in step: UTF-8 is decoded only where a line is new.
    const lines = dump.toString('latin1', from).split('\n');
    const torn = lines.pop()!;
    const block = this.#parseLines(lines, true);
    if (torn === '') return block;
    const { threads, warnings, firstWarning } = block;
    return { threads, warnings: warnings + 1, firstWarning: firstWarning ?? shorten(torn) };
  }

  #parseLines(lines: readonly string[], lastIsCut: boolean): ParsedBlock {
    const threads: ThreadStack[] = [];
    let warnings = 0;
    let firstWarning: string | null = null;
    let thread: string | null = null;
    let frames: Frame[] = [];
    const finish = (cut: boolean) => {
      if (thread !== null && !isOfAgent(frames)) threads.push({ thread, frames, cut });
      frames = [];
    };
    for (const line of lines) {
      const parsed = this.#parseLine(line);
      if (parsed === null) {
        warnings += 1;
        firstWarning ??= shorten(line);
        continue;
      }
      // No blank line before another thread begins: the stock tracebacker skips it where a frame made it fail.
      if (thread !== null && parsed.thread !== thread) finish(true);
      thread = parsed.thread;
      frames.push(parsed.frame);
    }
    finish(lastIsCut);
    return { threads, warnings, firstWarning };
  }

  #parseLine(line: string): ParsedLine | null {
    let parsed = this.#lines.get(line) ?? null;
    if (parsed === null) {
      parsed = parseFrameLine(decodeUtf8(line));
      if (parsed !== null) this.#lines.set(line, parsed);
    }
    return parsed;
  }
}

function parseFrameLine(line: string): ParsedLine | null {
  if (!line.startsWith(linePrefix)) return null;
  const lineno = linenoMark.exec(line);
  if (lineno === null) return null;
  const filenameAt = line.lastIndexOf(filenameMark, lineno.index);
  if (filenameAt < linePrefix.length) return null;
  const rest = line.slice(lineno.index + lineno[0].length);
  const source = sourceMark.exec(rest); // absent where Python 2 had no source
  return {
    thread: unwrapBytesName(line.slice(linePrefix.length, filenameAt)),
    frame: {
      function: source ? rest.slice(0, source.index) : rest,
      file: line.slice(filenameAt + filenameMark.length, lineno.index),
      line: Math.max(0, Number(lineno[1])), // below 1 it says nothing
      source: source ? rest.slice(source.index + source[0].length) : '',
    },
  };
}

/** A stock tracebacker shows the threads of an agent beside it, which are no part of the program. */
function isOfAgent([root]: readonly Frame[]): boolean {
  return root !== undefined && /(?:^|\/)tbprof_agent\.py$/.test(root.file);
}

/** uWSGI 2.0.15 printed the repr of a bytes object on Python 3: `b'uWSGIWorker1Core0'`. */
function unwrapBytesName(name: string): string {
  return /^b'.*'$/.test(name) ? name.slice(2, -1) : name;
}

function decodeUtf8(latin1: string): string {
  return Buffer.from(latin1, 'latin1').toString('utf8');
}

function skipNewlines(dump: Buffer, from: number): number {
  let at = from;
  while (dump[at] === newline) at += 1;
  return at;
}

function shorten(latin1Line: string): string {
  return decodeUtf8(latin1Line.slice(0, 200));
}
