// tbprof read: one dump of every worker, now.
import { type ExitCode, exitCodes } from '../errors.ts';
import { count } from '../formats/summary.ts';
import type { Terminal } from '../output/terminal.ts';
import { coreOf } from '../profile/labels.ts';
import { readOnce, type WorkerDump } from '../sampling/read-once.ts';
import { Discovery } from '../tracebacker/discover.ts';
import type { Dump } from '../tracebacker/dump.ts';
import { explainVerdict } from '../tracebacker/explain.ts';
import { groupThreads, type ThreadGroup } from '../tracebacker/group.ts';
import { DumpParser } from '../tracebacker/parse.ts';
import type { Reading } from '../tracebacker/read.ts';
import { nameTarget, printAddress } from '../tracebacker/target.ts';
import { printJson, visible } from '../visible.ts';
import type { CommandContext } from './context.ts';
import { chooseSockets, refuseDanger } from './targets.ts';

export interface ReadOptions {
  readonly socket: readonly string[];
  readonly pid?: number | undefined;
  readonly keepGoing: boolean;
  readonly raw: boolean;
  readonly json: boolean;
}

export async function read(options: ReadOptions, context: CommandContext): Promise<ExitCode> {
  const targets = new Discovery({ wheres: chooseSockets(options.socket, context.env), pid: options.pid }).look();
  if (!options.keepGoing) refuseDanger(targets);
  const dumps = await readOnce(targets, { stop: context.stop, keepGoing: options.keepGoing });
  if (options.raw) await printRaw(dumps, context.terminal);
  else if (options.json) await context.terminal.out(`${printJson(dumps.map(describe))}\n`);
  else await printGrouped(dumps, context.terminal);
  return complain(dumps, context);
}

/** As they came; but where a terminal would obey control characters, they are shown instead. */
async function printRaw(dumps: readonly WorkerDump[], terminal: Terminal): Promise<void> {
  for (const { reading } of dumps) {
    const lines = () => new TextDecoder().decode(reading.bytes).split('\n');
    await terminal.out(terminal.outIsTerminal ? lines().map(visible).join('\n') : reading.bytes);
  }
}

function describe({ target, reading, verdict }: WorkerDump) {
  const { threads, warnings } = parse(reading);
  return {
    worker: target.worker,
    address: printAddress(target.address),
    verdict,
    waitMs: reading.waitMs,
    tookMs: reading.tookMs,
    threads,
    warnings,
  };
}

async function printGrouped(dumps: readonly WorkerDump[], terminal: Terminal): Promise<void> {
  const parsed = dumps.filter(({ verdict }) => verdict === 'dump').map((dump) => ({ ...dump, ...parse(dump.reading) }));
  const labelled = parsed.flatMap(({ target, threads }) =>
    threads.map(
      (stack) =>
        [coreOf(stack.thread) === null ? `${nameTarget(target)} ${stack.thread}` : stack.thread, stack] as const,
    ),
  );
  const pieces = groupThreads(labelled).map((group) => printGroup(group, terminal));
  const idle = parsed.filter(({ threads }) => threads.length === 0).map(({ target }) => nameTarget(target));
  if (idle.length > 0) pieces.push(`${visible(idle.join(', '))}: idle, no Python code is running\n`);
  const warnings = parsed.reduce((sum, dump) => sum + dump.warnings, 0);
  if (warnings > 0) pieces.push(`${count(warnings, 'line')} not understood (see --raw)\n`);
  await terminal.out(pieces.join('\n'));
}

function printGroup({ threads, frames, cut }: ThreadGroup, { paint }: Terminal): string {
  const head = `${count(threads.length, 'thread')}: ${visible(threads.join(', '))}`;
  const lines = frames.map(({ function: name, file, line, source }) => {
    const place = paint('dim', visible(`${file}:${line}`));
    return `  ${paint('cyan', visible(name))} ${place}${source === '' ? '' : `\n      ${visible(source)}`}`;
  });
  if (cut) lines.push(`  ${paint('yellow', '(cut short: the frames below are missing)')}`);
  return `${[paint('bold', head), ...lines].join('\n')}\n`;
}

function complain(dumps: readonly WorkerDump[], { terminal, nodeVersion }: CommandContext): ExitCode {
  const failed = dumps.filter(({ verdict }) => verdict !== 'dump');
  for (const { target, verdict } of failed) {
    const { message, hint } = explainVerdict(target, verdict, nodeVersion);
    terminal.say(`tbprof: ${visible(message)}: ${visible(hint)}`);
  }
  if (failed.length === 0) return exitCodes.done;
  return failed.length === dumps.length ? exitCodes.nothingRecorded : exitCodes.incomplete;
}

function parse({ bytes }: Reading): Dump {
  return new DumpParser().parse(bytes);
}
