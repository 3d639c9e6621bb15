// Text of the command line -> typed values, and every default once. Knows neither commander nor the file system.
import { usageError } from './errors.ts';

export const defaults = {
  /** Dumps per worker and second from a stock tracebacker: its leak, cost and odds of poison grow with each dump. */
  rateHz: 20,
  /** From agents, which cost less and harm nobody. */
  agentRateHz: 100,
  /** Share of a core per worker that writing dumps may take. */
  maxOverhead: 0.1,
  /** That an agent may take: what it takes, threads that compete for the GIL lose. */
  agentMaxOverhead: 0.05,
  /** Bytes per worker that a recording may leak. */
  maxLeakBytes: 64e6,
  demoDurationMs: 5_000,
  demoRateHz: 100,
  topFunctions: 10,
  /** Of `tbprof top`: how often it shows what is new, and how long its last seconds are. */
  topIntervalMs: 1_000,
  topWindowMs: 10_000,
  /** Of the total, for a node of the call tree on the terminal. */
  minShare: 0.01,
} as const;

/** What being sampled may cost a worker; where nobody says, agents take less than tracebackers, since they can. */
export function costLimits(maxOverhead: number | undefined, maxLeakBytes: number) {
  return {
    maxOverhead: maxOverhead ?? defaults.maxOverhead,
    agentMaxOverhead: maxOverhead ?? defaults.agentMaxOverhead,
    maxLeakBytes,
  };
}

export const maxRateHz = 1_000;

const unitMs: Record<string, number> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/**
 * `30s`, `2m`, `1h30m`, `500ms`, `1.5s`; a bare number is seconds. Returns milliseconds, more than 0.
 * Throws a usage error for anything else: a typo must not become a recording of another length.
 */
export function parseDuration(text: string): number {
  const wrong = () =>
    usageError(`'${text}' is not a duration`, 'write it as 30s, 2m, 1h30m or 500ms (a bare number is seconds)');
  if (/^\d+(\.\d+)?$/.test(text)) return positive(Number(text) * 1_000, wrong);
  if (!/^(\d+(\.\d+)?(ms|s|m|h))+$/.test(text)) throw wrong();
  let totalMs = 0;
  let lastUnitMs = Number.POSITIVE_INFINITY;
  for (const [, number, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)) {
    const size = unitMs[unit!]!;
    if (size >= lastUnitMs) throw wrong(); // `30s1h` and `1s1s` are slips, not durations
    lastUnitMs = size;
    totalMs += Number(number) * size;
  }
  return positive(totalMs, wrong);
}

function positive(ms: number, wrong: () => Error): number {
  if (!(ms > 0) || !Number.isSafeInteger(Math.round(ms))) throw wrong();
  return ms;
}

/** Dumps per worker and second: more than 0, at most {@link maxRateHz}; `20`, `0.5`, `100hz`. */
export function parseRate(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(?:hz)?$/i.exec(text);
  const rateHz = match ? Number(match[1]) : Number.NaN;
  if (!(rateHz > 0 && rateHz <= maxRateHz)) {
    throw usageError(
      `'${text}' is not a rate`,
      `give dumps per second and worker, more than 0 and at most ${maxRateHz}`,
    );
  }
  return rateHz;
}

/** `10%` or `0.1`: more than 0, at most 1. Returns the share. */
export function parseShare(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(%?)$/.exec(text);
  const share = match ? Number(match[1]) / (match[2] === '%' ? 100 : 1) : Number.NaN;
  if (!(share > 0 && share <= 1)) throw usageError(`'${text}' is not a share`, 'write it as 10% or 0.1, at most 100%');
  return share;
}

const unitBytes: Record<string, number> = { '': 1, k: 1e3, m: 1e6, g: 1e9 };

/** `64MB`, `1g`, `500k`; a bare number is bytes. Units are powers of 1000. */
export function parseSize(text: string): number {
  const match = /^(\d+(?:\.\d+)?)([kmg]?)b?$/i.exec(text);
  const bytes = match ? Math.round(Number(match[1]) * unitBytes[match[2]!.toLowerCase()]!) : Number.NaN;
  if (!(bytes > 0 && Number.isSafeInteger(bytes))) throw usageError(`'${text}' is not a size`, 'write it as 64MB');
  return bytes;
}

export function parsePid(text: string): number {
  const pid = /^\d{1,10}$/.test(text) ? Number(text) : 0;
  if (pid < 1) throw usageError(`'${text}' is not a process id`, 'see: tbprof workers');
  return pid;
}

/** A whole number from 1 on. */
export function parseCount(text: string): number {
  const count = /^\d{1,9}$/.test(text) ? Number(text) : 0;
  if (count < 1) throw usageError(`'${text}' is not a number`, 'give a whole number from 1 on');
  return count;
}

/** A time since the beginning: as {@link parseDuration}, or 0. */
export function parseTime(text: string): number {
  return /^0+(\.0+)?(ms|s|m|h)?$/.test(text) ? 0 : parseDuration(text);
}

/** Whether a text is meant. */
export type Pattern = (text: string) => boolean;

/** Names come from files: a hostile one may be long. Frames that people read are shorter. */
export const maxMatchedChars = 2_000;

/**
 * Plain text is looked for whatever its case; `/regex/` is one, and `/regex/i` one that ignores case. What needs
 * backtracking without bounds (back references, looking around) is refused: the names that it meets come from files.
 */
export function parsePattern(text: string): Pattern {
  if (text === '') throw usageError('an empty pattern means nothing', 'give a part of a name, or /regex/');
  const [, regex, flags] = /^\/(.+)\/(i?)$/s.exec(text) ?? [];
  if (regex === undefined) {
    const wanted = text.toLowerCase();
    return (name) => name.toLowerCase().includes(wanted);
  }
  if (/\(\?[=!<]|\\[1-9k]/.test(regex)) {
    throw usageError(`'${text}' looks around or back`, 'patterns are plain regular expressions: use several');
  }
  const ignoresCase = flags === 'i';
  const matcher = compile(ignoresCase ? lowerLetters(regex) : regex, text);
  return (name) => matcher.test((ignoresCase ? name.toLowerCase() : name).slice(0, maxMatchedChars));
}

function compile(regex: string, text: string): RegExp {
  try {
    return new RegExp(regex);
  } catch (error) {
    throw usageError(`'${text}' is no regular expression`, (error as Error).message);
  }
}

/** V8's engine that takes linear time (see cli.ts) knows no flags; `\\S` and `\\s` differ. */
function lowerLetters(regex: string): string {
  return regex.replace(/\\.|[A-Z]/gs, (part) => (part.length === 1 ? part.toLowerCase() : part));
}

/** What may grow by how much: a part of all samples, or seconds per second and worker. */
export interface Growth {
  readonly amount: number;
  readonly per: 'share' | 'second';
}

/** `+3%`: points of share; `+20ms`: time per second and worker. */
export function parseGrowth(text: string): Growth {
  const match = /^\+?(\d{1,9}(?:\.\d{1,9})?)(%|ms)$/.exec(text);
  if (!match) {
    throw usageError(`'${text}' is not a growth`, 'write it as +3% (points of share) or, with --per second, as +20ms');
  }
  return match[2] === '%'
    ? { amount: Number(match[1]) / 100, per: 'share' }
    : { amount: Number(match[1]) / 1_000, per: 'second' };
}
