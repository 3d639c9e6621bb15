// tbprof demo: record the embedded fleet through the real sockets and the real pipeline; no uWSGI needed.
import type { ExitCode } from '../errors.ts';
import { makeSocketFolder } from '../output/files.ts';
import { Discovery } from '../tracebacker/discover.ts';
import { printDump } from '../tracebacker/dump.ts';
import { PlayedWorker } from '../tracebacker/play.ts';
import { serveFleet } from '../tracebacker/serve.ts';
import type { CommandContext } from './context.ts';
import { type Output, planOutputs } from './outputs.ts';
import { recordTargets, type ShowOptions } from './record.ts';
import type { SamplingOptions } from './sampling.ts';

export interface DemoOptions extends Pick<SamplingOptions, 'rateHz' | 'limits'>, ShowOptions {
  readonly durationMs: number;
  readonly output: readonly string[];
  readonly format?: string | undefined;
}

const workers = 2;
const coresPerWorker = 4;

export async function demo(options: DemoOptions, context: CommandContext): Promise<ExitCode> {
  const outputs = planOutputs(options, context.now());
  const sockets = makeSocketFolder();
  try {
    return await recordFleet(sockets.prefix, outputs, { options, context });
  } finally {
    sockets.remove();
  }
}

interface Demo {
  readonly options: DemoOptions;
  readonly context: CommandContext;
}

async function recordFleet(prefix: string, outputs: readonly Output[], { options, context }: Demo): Promise<ExitCode> {
  const played = Array.from({ length: workers }, (_, i) => new PlayedWorker(i + 1, coresPerWorker, Math.random));
  const fleet = await serveFleet(prefix, workers, (worker) =>
    printDump(played[worker - 1]!.stacksAt(performance.now())),
  );
  try {
    context.terminal.say(`recording ${workers} played workers for ${options.durationMs / 1_000} s ...`);
    return await recordTargets(
      {
        sampling: { ...options, mode: 'wall', keepGoing: false, greenlets: false, tasks: false },
        outputs,
        show: options,
        discovery: new Discovery({ wheres: [prefix] }),
      },
      context,
    );
  } finally {
    await fleet.close();
  }
}
