// tbprof read: one dump of every worker, now.
import { type ExitCode, exitCodes } from '../errors.ts';
import { count } from '../formats/summary.ts';
import type { Terminal } from '../output/terminal.ts';
import { coreOf } from '../profile/labels.ts';
import { discover } from '../tracebacker/discover.ts';
import type { Dump } from '../tracebacker/dump.ts';
import { explainFailure } from '../tracebacker/explain.ts';
import { groupThreads, type ThreadGroup } from '../tracebacker/group.ts';
import { DumpParser } from '../tracebacker/parse.ts';
import { type Reading, readDump } from '../tracebacker/read.ts';
import { nameTarget, printAddress, type Target } from '../tracebacker/target.ts';
import { visible } from '../visible.ts';
import type { CommandContext } from './context.ts';
import { chooseSockets } from './record.ts';

export interface ReadOptions {
  readonly socket: readonly string[];
  readonly raw: boolean;
  readonly json: boolean;
}

/** A worker whose GIL is held answers late; one that is stopped never. */
const timeoutMs = 10_000;

interface WorkerDump {
  readonly target: Target;
  readonly reading: Reading;
}

export async function read(options: ReadOptions, context: CommandContext): Promise<ExitCode> {
  const targets = discover(chooseSockets(options.socket, context.env));
  const giveUp = AbortSignal.any([AbortSignal.timeout(timeoutMs), context.stop]);
  const dumps = await Promise.all(
    targets.map(async (target) => ({ target, reading: await readDump(target.address, giveUp) })),
  );
  if (options.raw) await printRaw(dumps, context.terminal);
  else if (options.json) await context.terminal.out(`${JSON.stringify(dumps.map(describe), null, 2)}\n`);
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

function describe({ target, reading }: WorkerDump) {
  const { threads, warnings } = parse(reading);
  return {
    worker: target.worker,
    address: printAddress(target.address),
    failure: reading.failure,
    waitMs: reading.waitMs,
    tookMs: reading.tookMs,
    threads,
    warnings,
  };
}

async function printGrouped(dumps: readonly WorkerDump[], terminal: Terminal): Promise<void> {
  const parsed = dumps
    .filter(({ reading }) => reading.failure === null)
    .map((dump) => ({ ...dump, ...parse(dump.reading) }));
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
  const failed = dumps.filter(({ reading }) => reading.failure !== null);
  for (const { target, reading } of failed) {
    const { message, hint } = explainFailure(target, reading.failure!, nodeVersion);
    terminal.say(`tbprof: ${visible(message)}: ${visible(hint)}`);
  }
  if (failed.length === 0) return exitCodes.done;
  return failed.length === dumps.length ? exitCodes.nothingRecorded : exitCodes.incomplete;
}

function parse({ bytes }: Reading): Dump {
  return new DumpParser().parse(bytes);
}
