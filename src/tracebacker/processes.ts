// What Linux's /proc says about the processes behind the sockets: who holds them, whether they live, what they use.
// https://man7.org/linux/man-pages/man5/proc.5.html. Everything is null or empty where there is no /proc or no right.
import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { uptime } from 'node:os';

/** A process, told apart from a later one of the same number by when it started. */
export interface ProcessId {
  readonly pid: number;
  /** Clock ticks since boot. */
  readonly startTicks: number;
}

export interface ProcessStat extends ProcessId {
  /** One letter: `R`, `S`, `Z` (dead, not yet reaped), ... */
  readonly state: string;
  readonly parent: number;
  readonly threads: number;
  /** User and system time of all its threads, in seconds. */
  readonly cpuSeconds: number;
  readonly rssBytes: number;
}

/** USER_HZ and the page size: the same on every Linux that Node runs on, but for rare kernels. */
const clockTicksPerSecond = 100;
const pageBytes = 4096;

export function readProcessStat(pid: number): ProcessStat | null {
  const text = readText(`/proc/${pid}/stat`);
  // The name, in parentheses, may hold anything, blanks and parentheses too: the fields begin behind the last one.
  const fields = text?.slice(text.lastIndexOf(')') + 2).split(' ');
  if (fields === undefined || fields.length < 22) return null;
  const field = (number: number) => Number(fields[number - 3]); // numbered as in proc(5); the third comes first
  return {
    pid,
    startTicks: field(22),
    state: fields[0]!,
    parent: field(4),
    threads: field(20),
    cpuSeconds: (field(14) + field(15)) / clockTicksPerSecond,
    rssBytes: field(24) * pageBytes,
  };
}

/** False as soon as the process has ended, though its parent has not taken note of it yet. */
export function isAlive({ pid, startTicks }: ProcessId): boolean {
  const stat = readProcessStat(pid);
  return stat !== null && stat.startTicks === startTicks && stat.state !== 'Z' && stat.state !== 'X';
}

/** Arguments of a process; empty where they cannot be read. */
export function readCommandLine(pid: number): string[] {
  return (readText(`/proc/${pid}/cmdline`) ?? '').split('\0').slice(0, -1);
}

export function readEnvironment(pid: number): ReadonlyMap<string, string> {
  const pairs = (readText(`/proc/${pid}/environ`) ?? '').split('\0').filter((pair) => pair.includes('='));
  return new Map(pairs.map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]));
}

/** The threads of a process besides its first, with the signals that each blocks (bit n - 1 is signal n). */
export function listOtherThreads(pid: number): { readonly blockedSignals: bigint }[] {
  return listNames(`/proc/${pid}/task`)
    .filter((thread) => thread !== String(pid))
    .map((thread) => /^SigBlk:\s*([0-9a-f]+)$/m.exec(readText(`/proc/${pid}/task/${thread}/status`) ?? '')?.[1])
    .filter((mask) => mask !== undefined)
    .map((mask) => ({ blockedSignals: BigInt(`0x${mask}`) }));
}

/** The memory map of a process, with the files that it has loaded; null where we may not look. */
export function readMemoryMap(pid: number): string | null {
  return readText(`/proc/${pid}/maps`);
}

export function ageSecondsOf({ startTicks }: ProcessId): number {
  return Math.max(0, uptime() - startTicks / clockTicksPerSecond);
}

export function listProcesses(): number[] {
  return listNames('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

export interface UnixListener {
  readonly inode: number;
  /** As it was bound: a path (perhaps a relative one), or an abstract name with a NUL in front. */
  readonly name: string;
}

/** The listening UNIX sockets of a process's network namespace; `self` is our own. */
export function listUnixListeners(pid: number | 'self'): UnixListener[] {
  const listening = '00010000'; // __SO_ACCEPTCON of linux/net.h
  return (readText(`/proc/${pid}/net/unix`) ?? '')
    .split('\n')
    .map((line) => /^\S+ \S+ \S+ (\S+) \S+ \S+ +(\d+) (.+)$/.exec(line))
    .filter((match) => match !== null)
    .filter(([, flags]) => flags === listening)
    .map(([, , inode, name]) => ({
      inode: Number(inode),
      // The kernel prints each NUL of an abstract name as @.
      name: name!.startsWith('@') ? name!.replaceAll('@', '\0') : name!,
    }));
}

/** The sockets that a process has open, by inode; null where we may not look. */
export function listOpenSockets(pid: number): ReadonlySet<number> | null {
  const folder = `/proc/${pid}/fd`;
  try {
    const inodes = new Set<number>();
    for (const fd of readdirSync(folder)) {
      const inode = /^socket:\[(\d+)\]$/.exec(readLink(`${folder}/${fd}`))?.[1];
      if (inode !== undefined) inodes.add(Number(inode));
    }
    return inodes;
  } catch {
    return null;
  }
}

/**
 * Tells a socket file from a later one of the same name: inodes alone do not, since file systems use them again at once.
 * Null where there is none.
 */
export function identifySocketFile(path: string): string | null {
  try {
    const { dev, ino, mtimeMs } = statSync(path);
    return `${dev} ${ino} ${mtimeMs}`;
  } catch {
    return null;
  }
}

function readLink(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return ''; // closed in the meantime
  }
}

function listNames(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function readText(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}
