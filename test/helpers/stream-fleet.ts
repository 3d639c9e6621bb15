// A sampler whose workers have agents, in a time that only moves when told to, and the profile that it gives.
import { type Coverage, measureCoverage } from '../../src/aggregate/coverage.ts';
import { Intake } from '../../src/intake.ts';
import { ProfileBuilder } from '../../src/profile/builder.ts';
import type { Profile } from '../../src/profile/profile.ts';
import type { SampledDump, StreamVerdict } from '../../src/sampling/sampled.ts';
import { Sampler } from '../../src/sampling/sampler.ts';
import type { StreamFailure } from '../../src/tracebacker/follow.ts';
import type { Reading } from '../../src/tracebacker/read.ts';
import type { Verdict } from '../../src/tracebacker/verdict.ts';
import { agentDumps, agentHeader, agentTables, printLines } from './fake-agent.ts';
import { FakeClock } from './fake-clock.ts';
import { someDump } from './fake-tracebacker.ts';

/** What a connection to the stream does until it ends by itself; `say` is deaf when it has been closed. */
export interface StreamPeer {
  readonly server?: string;
  /** False: it has no agent. */
  readonly hasStream?: boolean;
  readonly stream: (line: StreamLine, connection: number) => Promise<StreamFailure | 'died'>;
  /** What its tracebacker answers. */
  readonly dump?: Verdict;
}

export interface StreamLine {
  readonly clock: FakeClock;
  say(...lines: object[]): void;
  sayRaw(text: string): void;
  /** Milliseconds since this stream began. */
  elapsedMs(): number;
  /** Resolves when the client leaves. */
  readonly closed: Promise<'closed'>;
}

export interface StreamFleetOptions {
  readonly rateHz?: number;
  readonly durationMs?: number;
  readonly stop?: AbortSignal;
  readonly keepGoing?: boolean;
}

interface FleetTarget {
  readonly index: number;
  readonly server: string;
  readonly stream: true | null;
}

export function runStreams(peers: readonly StreamPeer[], options: StreamFleetOptions = {}) {
  const rateHz = options.rateHz ?? 10;
  const clock = new FakeClock();
  const meta = { startedEpochMs: 0, rateHz, host: 'h', source: 'agent', recorder: 'test' };
  const builder = new ProfileBuilder(meta);
  for (const index of peers.keys()) builder.addWorker({ number: index + 1, address: `/tmp/t.${index + 1}` });
  const intake = new Intake(builder);
  const streams = peers.map(() => 0);
  const dumps = peers.map(() => 0);
  const wrong: string[] = [];

  const sampler = new Sampler<FleetTarget, Reading>({
    rateHz,
    dumpRates: { ofTracebackers: rateHz, insteadOfAgents: 2 },
    random: () => 0,
    stop: new AbortController().signal,
    keepGoing: false,
    mayRead: () => true,
    ...options,
    clock,
    abandon: () => {},
    read: async ({ index }) => {
      dumps[index]! += 1;
      const verdict = peers[index]!.dump ?? 'gone';
      const bytes = Buffer.from(verdict === 'dump' ? someDump(index + 1) : '');
      return { verdict, reading: { bytes, failure: null, reason: null, waitMs: 0, tookMs: 0 } };
    },
    follow: ({ index }, take) => {
      const beginMs = clock.nowMs();
      let leave = (_: 'closed') => {};
      let open = true;
      const closed = new Promise<'closed'>((resolve) => {
        leave = resolve;
      });
      const sayRaw = (text: string) => {
        if (open) take(Buffer.from(text));
      };
      const line: StreamLine = {
        clock,
        closed,
        sayRaw,
        say: (...lines) => sayRaw(printLines(...lines)),
        elapsedMs: () => clock.nowMs() - beginMs,
      };
      const connection = streams[index]!++;
      const over = Promise.race([closed, Promise.resolve().then(() => peers[index]!.stream(line, connection))]);
      const done = over.then((failure) => {
        open = false;
        return { failure: failure as StreamFailure, reason: null };
      });
      return { done, close: () => leave('closed'), abandon: () => leave('closed') };
    },
    judge: async ({ failure }) => (failure === 'absent' ? 'gone' : failure) as StreamVerdict,
    emit: (dump: SampledDump<Reading>) => intake.take(dump),
    emitPiece: (piece) => {
      const why = intake.takePiece(piece);
      if (why === null) return;
      wrong.push(why);
      sampler.refuseStream(piece.worker, piece.sinceMs);
    },
  });
  sampler.add(
    peers.map(({ server, hasStream = true }, index) => ({
      index,
      server: server ?? `server ${index}`,
      stream: hasStream ? true : null,
    })),
  );
  const view = (): Profile => {
    intake.flush();
    return builder.view();
  };
  const coverage = (): Coverage => measureCoverage(view());
  return { sampler, clock, done: sampler.done, view, coverage, streams, dumps, wrong };
}

/** Tells the truth, ten times a second, until the client leaves. */
export const truthful: StreamPeer = {
  dump: 'dump',
  stream: (line) => sampleFor(line, Number.POSITIVE_INFINITY).then(() => line.closed),
};

/** Samples truly for so long, at 10 Hz. */
export async function sampleFor({ clock, say, closed, elapsedMs }: StreamLine, ms: number): Promise<void> {
  say(agentHeader(10), ...agentTables);
  let open = true;
  void closed.then(() => {
    open = false;
  });
  for (let tick = 0; open && elapsedMs() < ms; tick++) {
    await clock.sleep(100);
    say(agentDumps([{ timeMs: tick * 100, cpuUs: 1_000 }]));
  }
}
