#!/usr/bin/env node
// The command line: the only place that knows commander, sets the exit code and turns an error into a message.
import { createWriteStream, fstatSync } from 'node:fs';
import { hostname } from 'node:os';
import { setFlagsFromString } from 'node:v8';
import { Command, CommanderError, InvalidArgumentError, Option, type OptionValues } from '@commander-js/extra-typings';
import { agent, agentHelp } from './commands/agent.ts';
import type { CommandContext, SuspendHandlers } from './commands/context.ts';
import { demo } from './commands/demo.ts';
import { diff } from './commands/diff.ts';
import { modes } from './commands/mode.ts';
import { read } from './commands/read.ts';
import { record } from './commands/record.ts';
import { report } from './commands/report.ts';
import { top } from './commands/top.ts';
import { workers } from './commands/workers.ts';
import { type ExitCode, exitCodes, TbprofError } from './errors.ts';
import { diffFormats } from './formats/diff-formats.ts';
import { formats } from './formats/index.ts';
import {
  costLimits,
  defaults,
  parseCount,
  parseDuration,
  parseGrowth,
  parsePid,
  parseRate,
  parseShare,
  parseSize,
  parseTime,
} from './options.ts';
import { readVersion } from './output/files.ts';
import { openScreen, type ScreenHandlers } from './output/screen.ts';
import { openTerminal, type Terminal, type TextStream } from './output/terminal.ts';
import { groupings } from './profile/labels.ts';
import { visible } from './visible.ts';

type Run = (context: CommandContext) => Promise<ExitCode>;

interface ExecuteOptions {
  readonly quiet?: boolean;
  /** Has something to write when it is ended early; the others are simply ended, also while they wait for stdin. */
  readonly endsEarly?: boolean;
}

/** Runs the command when all its options are read. */
async function execute({ quiet = false, endsEarly = false }: ExecuteOptions, run: Run): Promise<void> {
  const stop = new AbortController();
  const hurry = new AbortController();
  if (endsEarly) catchSignals(stop, hurry);
  process.exitCode = await run({
    terminal: openOurTerminal(quiet),
    env: process.env,
    stop: stop.signal,
    hurry: hurry.signal,
    onSuspend,
    openScreen: openOurScreen,
    now: () => new Date(),
    host: hostname(),
    version: readVersion(),
    nodeVersion: process.version,
  });
}

function openOurTerminal(quiet: boolean): Terminal {
  return openTerminal({ stdout: openStdout(), stderr: process.stderr, env: process.env, quiet });
}

/** Node's own stream to a file takes half a write for a whole one: where the disk fills, the end would silently be lost. */
function openStdout(): TextStream {
  if (!fstatSync(1).isFile()) return process.stdout;
  return createWriteStream('', { fd: 1, autoClose: false }).on('error', () => {});
}

function openOurScreen(handlers: ScreenHandlers) {
  // Of a terminal that is gone: stdout tells, too.
  if (process.stdin.isTTY) process.stdin.on('error', () => {});
  return openScreen({
    ...handlers,
    stdin: process.stdin,
    stdout: process.stdout,
    env: process.env,
    // As the terminal does it: all that runs in it stops, a shell's pipeline or npm, say.
    raise: (signal) => process.kill(signal === 'SIGTSTP' ? 0 : process.pid, signal),
    atExit: (restore) => {
      process.on('exit', restore);
      return () => process.off('exit', restore);
    },
  });
}

/**
 * The first Ctrl-C or SIGTERM ends the recording and lets it be written, a second one waits for no worker any more, a
 * third one ends the process. A lost terminal (SIGHUP) is told by the shell and by the kernel, so it only ever counts once.
 */
function catchSignals(...steps: readonly AbortController[]): void {
  const left = [...steps];
  const takeStep = () => {
    left.shift()?.abort();
    if (left.length === 0) for (const signal of deliberate) process.off(signal, takeStep);
  };
  const deliberate = ['SIGINT', 'SIGTERM'] as const;
  for (const signal of deliberate) process.on(signal, takeStep);
  process.on('SIGHUP', () => {
    if (left.length === steps.length) takeStep();
  });
}

/** Ctrl-Z: a process that is stopped reads no dumps, and an unread dump freezes its worker. */
function onSuspend({ pause, resume }: SuspendHandlers): () => void {
  const suspend = async () => {
    await pause();
    process.kill(process.pid, 'SIGSTOP');
  };
  process.on('SIGTSTP', suspend);
  process.on('SIGCONT', resume);
  return () => {
    process.off('SIGTSTP', suspend);
    process.off('SIGCONT', resume);
  };
}

/** Value parsers throw TbprofErrors; commander wants its own kind in order to name the option. */
function parser<Value>(parse: (text: string) => Value): (text: string) => Value {
  return (text) => {
    try {
      return parse(text);
    } catch (error) {
      throw error instanceof TbprofError ? new InvalidArgumentError(`${error.message}: ${error.hint ?? ''}`) : error;
    }
  };
}

/** commander shows no default of what is undefined where nobody says it. */
function tellDefault<Told extends { description: string }>(option: Told, text: string): Told {
  option.description += ` (default: ${text})`;
  return option;
}

const collect = (value: string, before: readonly string[]): readonly string[] => [...before, value];

const socketOption = () =>
  new Option('-s, --socket <where>', 'prefix of the sockets, one socket, @abstract or host:port; repeatable')
    .argParser(collect)
    .default([] as readonly string[], 'TBPROF_SOCKET, else what is found');
const pidOption = () =>
  new Option('-p, --pid <pid>', 'master or worker of the server that is meant').argParser(parser(parsePid));
const overheadOption = () =>
  tellDefault(
    new Option('--max-overhead <share>', 'share of a core per worker that being sampled may take').argParser(
      parser(parseShare),
    ),
    `${100 * defaults.maxOverhead}%; ${100 * defaults.agentMaxOverhead}% where an agent samples`,
  );
const leakOption = () =>
  new Option('--max-leak <size>', 'memory per worker that the tracebacker may leak')
    .argParser(parser(parseSize))
    .default(defaults.maxLeakBytes, '64MB');
const durationOption = () =>
  new Option('-d, --duration <time>', '30s, 2m, 1h30m, 500ms; a bare number is seconds').argParser(
    parser(parseDuration),
  );
const rateOption = () => new Option('-r, --rate <hz>', 'dumps per worker and second').argParser(parser(parseRate));
const liveRateOption = () =>
  tellDefault(rateOption(), `${defaults.rateHz}; ${defaults.agentRateHz} where all workers have an agent`);
const keepGoingOption = () =>
  new Option('--keep-going', 'go on where a worker has crashed while we were connected').default(false);
const outputOption = () =>
  new Option('-o, --output <file>', 'report to write, its ending names the format; - is stdout; repeatable')
    .argParser(collect)
    .default([] as readonly string[], 'tbprof-DATE-TIME.html');
const formatOption = () =>
  new Option('-f, --format <name>', `format of the outputs: ${formats.map(({ name }) => name).join(', ')}`);
const quietOption = () => new Option('-q, --quiet', 'no progress and no summary').default(false);

const byOption = () => new Option('--by <what>', 'what a frame stands for').choices(groupings);
const fromOption = () =>
  new Option('--from <time>', 'from this time after the beginning on').argParser(parser(parseTime));
const toOption = () => new Option('--to <time>', 'up to this time').argParser(parser(parseTime));
const modeOption = () =>
  new Option('--mode <what>', 'wall: where time passes; cpu: where the processor is used (agent only)')
    .choices(modes)
    .default('wall' as const);
const patternOption = <Flags extends string>(flags: Flags, description: string) =>
  new Option(flags, `${description}; text, or /regex/; repeatable`)
    .argParser(collect)
    .default([] as readonly string[], 'none');

/** Adds what every command has that shows a profile; the types of its options go with it. */
function withFilters<Args extends unknown[], Options extends OptionValues, Globals extends OptionValues>(
  command: Command<Args, Options, Globals>,
) {
  return command
    .addOption(patternOption('--worker <who>', 'only these workers: a number, or a part of the name'))
    .addOption(patternOption('--thread <name>', 'only these threads'))
    .addOption(patternOption('--include <frame>', 'only stacks that hold such a frame'))
    .addOption(patternOption('--exclude <frame>', 'no stacks that hold such a frame'))
    .addOption(patternOption('--focus <frame>', 'only what such a frame has called, itself included'));
}
const threadsOption = () => new Option('--threads', 'worker and thread as root frames').default(false);

/** `writeOut` takes help and version. */
function buildProgram(writeOut: (text: string) => void) {
  const program = new Command('tbprof')
    .description('Sampling profiler for Python web workers: reads the tracebacker sockets of uWSGI.')
    .version(readVersion(), '-V, --version')
    .helpCommand(true)
    .showHelpAfterError('(see tbprof --help)')
    .exitOverride()
    .configureOutput({ writeOut });

  withFilters(
    program
      .command('record')
      .description('sample the workers, write reports; asks agents where there are, else tracebackers')
      .addOption(socketOption())
      .addOption(durationOption())
      .addOption(liveRateOption())
      .addOption(outputOption())
      .addOption(formatOption())
      .addOption(pidOption())
      .addOption(overheadOption())
      .addOption(leakOption())
      .addOption(modeOption())
      .option('--greenlets', 'parked greenlets of gevent too, as threads of their own (agent only)', false)
      .option('--tasks', 'suspended tasks of asyncio too, as threads of their own (agent only)', false)
      .addOption(byOption().default('line' as const))
      .addOption(threadsOption()),
  )
    .addOption(keepGoingOption())
    .addOption(quietOption())
    .action(({ duration, rate, quiet, maxOverhead, maxLeak, by, threads, ...options }) =>
      execute({ quiet, endsEarly: true }, (context) =>
        record(
          {
            ...options,
            view: { by, threads },
            durationMs: duration,
            rateHz: rate,
            limits: costLimits(maxOverhead, maxLeak),
          },
          context,
        ),
      ),
    );

  withFilters(
    program
      .command('top')
      .description('live table of the hottest functions; writes no file')
      .addOption(socketOption())
      .addOption(pidOption())
      .addOption(durationOption())
      .addOption(liveRateOption())
      .addOption(
        new Option('--interval <time>', 'how often it shows what is new')
          .argParser(parser(parseDuration))
          .default(defaults.topIntervalMs, '1s'),
      )
      .addOption(
        new Option('--window <time>', 'how far back the shares look')
          .argParser(parser(parseDuration))
          .default(defaults.topWindowMs, '10s'),
      )
      .addOption(
        tellDefault(
          new Option('--top <number>', 'how many functions').argParser(parser(parseCount)),
          `${defaults.topFunctions}; as many as fit a terminal`,
        ),
      )
      .addOption(byOption().default('function' as const))
      .addOption(modeOption()),
  )
    .addOption(overheadOption())
    .addOption(leakOption())
    .addOption(keepGoingOption())
    .option('--json', 'for machines: an object in a line, each time', false)
    .action(({ duration, rate, interval, window, maxOverhead, maxLeak, ...options }) =>
      execute({ endsEarly: true }, (context) =>
        top(
          {
            ...options,
            durationMs: duration,
            rateHz: rate,
            intervalMs: interval,
            windowMs: window,
            limits: costLimits(maxOverhead, maxLeak),
          },
          context,
        ),
      ),
    );

  withFilters(
    program
      .command('report')
      .description('render profiles again, of whatever kind; without -o and -f, look at them on the terminal')
      .argument('<files...>', 'recordings, pages, collapsed stacks, speedscope, pprof, logs of uWSGI; - is stdin')
      .addOption(outputOption())
      .addOption(formatOption())
      .addOption(byOption().default('line' as const))
      .addOption(threadsOption())
      .addOption(modeOption()),
  )
    .addOption(fromOption())
    .addOption(toOption())
    .option('--redact', 'leave out source text', false)
    .addOption(patternOption('--redact-names <pattern>', 'replace such names, paths and hosts, too'))
    .option('--tree', 'print the call tree', false)
    .addOption(
      new Option('--min-share <share>', 'of the total, for a line of the tree')
        .argParser(parser(parseShare))
        .default(defaults.minShare, '1%'),
    )
    .addOption(
      new Option('--top <number>', 'how many functions to print')
        .argParser(parser(parseCount))
        .default(defaults.topFunctions),
    )
    .option('--json', 'for machines', false)
    .addOption(quietOption())
    .action((files, { by, threads, quiet, ...options }) =>
      execute({ quiet }, (context) => report(files, { ...options, view: { by, threads } }, context)),
    );

  withFilters(
    program
      .command('diff')
      .description('what changed between two profiles, and is it more than chance; without -o and -f, print a table')
      .argument('<before>', 'a profile that `tbprof report` can read; - is stdin')
      .argument('<after>', 'another one')
      .addOption(
        new Option('-o, --output <file>', 'comparison to write, its ending names the format; - is stdout; repeatable')
          .argParser(collect)
          .default([] as readonly string[], 'a table to stdout'),
      )
      .addOption(
        new Option('-f, --format <name>', `format of the outputs: ${diffFormats.map(({ name }) => name).join(', ')}`),
      )
      .addOption(
        new Option('--per <what>', 'compare shares of all samples, or time per second and worker')
          .choices(['share', 'second'] as const)
          .default('share' as const),
      )
      .addOption(byOption().default('function' as const))
      .option('--stacks', 'compare whole stacks instead of functions', false)
      .addOption(threadsOption())
      .addOption(modeOption()),
  )
    .addOption(fromOption())
    .addOption(toOption())
    .addOption(
      new Option(
        '--fail-on <growth>',
        'exit with 4 where something grew by more than this, beyond chance: +3% (points of share), +20ms (--per second)',
      ).argParser(parser(parseGrowth)),
    )
    .option('--json', 'for machines: -f json', false)
    .addOption(quietOption())
    .action((before, after, { quiet, ...options }) =>
      execute({ quiet }, (context) => diff({ before, after }, options, context)),
    );

  program
    .command('read')
    .description('one dump of every worker, now')
    .addOption(socketOption())
    .addOption(pidOption())
    .option('--keep-going', 'ask workers that a dump may crash, too', false)
    .option('--raw', 'the dumps as they came', false)
    .option('--json', 'for machines', false)
    .action((options) => execute({ endsEarly: true }, (context) => read(options, context)));

  program
    .command('workers')
    .description('which tracebackers are there, and are they fit to be sampled')
    .addOption(socketOption())
    .addOption(pidOption())
    .option('--check', 'what would make sampling unsafe or untrue, and what to do about it', false)
    .option('--stats <where>', "uWSGI's own figures, from its stats server: a socket or host:port")
    .option('--stats-http', 'the stats server speaks HTTP (stats-http)', false)
    .option('--keep-going', 'ask workers that a dump may crash, too', false)
    .option('--json', 'for machines', false)
    .action((options) => execute({ endsEarly: true }, (context) => workers(options, context)));

  program
    .command('agent')
    .description('print the Python agent, which samples inside the workers, or install it')
    .option('--install <folder>', 'write it there, as tbprof_agent.py')
    .addHelpText('after', agentHelp)
    .action((options) => execute({}, (context) => agent(options, context)));

  withFilters(
    program
      .command('demo')
      .description('record an embedded fleet: no uWSGI needed')
      .addOption(durationOption().default(defaults.demoDurationMs, '5s'))
      .addOption(rateOption().default(defaults.demoRateHz))
      .addOption(outputOption())
      .addOption(formatOption())
      .addOption(byOption().default('line' as const))
      .addOption(threadsOption()),
  )
    .addOption(quietOption())
    .action(({ duration, rate, quiet, by, threads, ...options }) =>
      execute({ quiet, endsEarly: true }, (context) =>
        demo(
          {
            ...options,
            view: { by, threads },
            durationMs: duration,
            rateHz: rate,
            limits: costLimits(1, Number.POSITIVE_INFINITY),
          },
          context,
        ),
      ),
    );

  return program;
}

function explain(error: unknown): ExitCode {
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.done : exitCodes.usage;
  if (!(error instanceof TbprofError)) throw error; // a bug: the trace is what is needed
  const hint = error.hint === undefined ? '' : ` (${error.hint})`;
  process.stderr.write(`tbprof: ${visible(error.message + hint)}\n`);
  return error.exitCode;
}

// Failures of stdout are those of the write that met them (output/terminal.ts). Those of stderr can be told to nobody, and
// are no reason to lose a recording.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});

// Regular expressions of the command line meet names from files: where one backtracks too much, V8 takes its engine that
// needs linear time. https://v8.dev/blog/non-backtracking-regexp
setFlagsFromString('--enable-experimental-regexp-engine-on-excessive-backtracks');

try {
  let printed = '';
  const program = buildProgram((text) => {
    printed += text;
  });
  await program.parseAsync().finally(async () => {
    if (printed !== '') await openOurTerminal(false).out(printed);
  });
} catch (error) {
  process.exitCode = explain(error);
}
