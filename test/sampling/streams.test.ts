// Workers that are followed through their agents' streams: what becomes of their ticks, and of them.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { StreamFailure } from '../../src/tracebacker/follow.ts';
import type { Verdict } from '../../src/tracebacker/verdict.ts';
import { agentDumps, agentEnd, agentGap, agentHeader, agentTables } from '../helpers/fake-agent.ts';
import { runStreams, type StreamLine, type StreamPeer, sampleFor, truthful } from '../helpers/stream-fleet.ts';

const ends = (failure: StreamFailure | 'died', more: Partial<StreamPeer> = {}): StreamPeer => ({
  stream: async () => failure,
  ...more,
});

async function run(peers: readonly StreamPeer[], durationMs: number) {
  const fleet = runStreams(peers, { durationMs });
  await fleet.clock.advance(durationMs + 1_000);
  await fleet.done;
  return { ...fleet, workers: fleet.coverage().workers };
}

describe('Sampler with streams', () => {
  it('opens one stream for each worker, and loses none of its ticks', async () => {
    const { workers, streams, dumps, view } = await run([truthful, truthful], 3_000);
    expect(streams).toEqual([1, 1]);
    expect(dumps).toEqual([0, 0]);
    for (const { planned, observed, source } of workers) {
      expect({ planned, source }).toEqual({ planned: 30, source: 'agent' });
      expect(observed).toBeGreaterThanOrEqual(29);
    }
    expect(view().events.filter(({ kind }) => kind === 'source')).toEqual([]);
  });

  it('comes again at once where the agent ends its stream as agreed', async () => {
    const peer: StreamPeer = {
      stream: async (line) => {
        await sampleFor(line, 1_000);
        line.say(agentEnd);
        return 'ended';
      },
    };
    const { workers, streams } = await run([peer], 5_000);
    expect(streams[0]).toBe(5);
    expect(workers[0]).toMatchObject({ planned: 50, source: 'agent', fallbacks: 0, left: null });
    expect(workers[0]!.observed).toBeGreaterThanOrEqual(48);
  });

  it('comes again with growing pauses where streams end regularly, but at once', async () => {
    const { workers, streams } = await run([ends('ended'), truthful], 60_000);
    expect(streams[0]).toBe(16);
    expect(workers[0]).toMatchObject({ planned: 600, observed: 0 });
  });

  it.each<StreamFailure>(['refused', 'no-stream', 'too-large', 'denied'])(
    'asks the tracebacker where the stream is %s, no more often than it bears, and says so',
    async (failure) => {
      const { workers, streams, dumps, view } = await run([ends(failure, { dump: 'dump' }), truthful], 10_000);
      expect({ streams: streams[0], dumps: dumps[0] }).toEqual({ streams: 1, dumps: 20 });
      expect(workers[0]).toMatchObject({ planned: 100, source: 'tracebacker', fallbacks: 1 });
      expect(workers[0]!.observed).toBeGreaterThan(90);
      expect(workers[1]!.observed).toBeGreaterThan(95);
      const sources = view().events.filter(({ kind }) => kind === 'source');
      expect(sources).toMatchObject([{ worker: 0, reason: 'tracebacker' }]);
    },
  );

  it.each<[string, (line: StreamLine) => void]>([
    ['garbage', ({ sayRaw }) => sayRaw('{"tbprof":1,\n')],
    ['ticks that have not passed', ({ say }) => say(agentHeader(10), ...agentTables, agentGap(0, 1e6))],
    ['another rate', ({ say }) => say(agentHeader(11))],
  ])('asks the tracebacker where the stream is %s', async (_, lie) => {
    const peer: StreamPeer = {
      dump: 'dump',
      stream: (line) => {
        lie(line);
        return line.closed;
      },
    };
    const { workers, wrong, streams } = await run([peer], 10_000);
    expect({ wrong: wrong.length, streams: streams[0] }).toEqual({ wrong: 1, streams: 1 });
    expect(workers[0]).toMatchObject({ planned: 100, source: 'tracebacker' });
    expect(workers[0]!.observed).toBeGreaterThan(90);
  });

  it('asks the tracebacker meanwhile where nothing listens, and the agent again when both were gone', async () => {
    const peer = {
      dump: 'dump' as Verdict,
      stream: (line: StreamLine, connection: number) =>
        connection === 0 ? Promise.resolve<StreamFailure>('absent') : truthful.stream(line, connection),
    };
    const fleet = runStreams([peer], { durationMs: 20_000 });
    await fleet.clock.advance(5_000);
    expect(fleet.streams[0]).toBe(1);
    expect(fleet.coverage().workers[0]).toMatchObject({ source: 'tracebacker', fallbacks: 1 });
    peer.dump = 'gone';
    await fleet.clock.advance(16_000);
    await fleet.done;
    expect(fleet.streams[0]).toBe(2);
    expect(fleet.coverage().workers[0]).toMatchObject({ source: 'agent', planned: 200 });
  });

  it('asks no tracebacker at once where the agent has said goodbye and is gone: its process ends', async () => {
    const peer: StreamPeer = {
      dump: 'died', // that of a process which ends still takes connections, and answers none
      stream: async (line, connection) => {
        if (connection === 1) return 'absent';
        await sampleFor(line, connection === 0 ? 2_000 : 60_000);
        return 'ended';
      },
    };
    const { workers, streams, dumps } = await run([peer], 6_000);
    expect({ streams: streams[0], dumps: dumps[0] }).toEqual({ streams: 3, dumps: 0 });
    expect(workers[0]).toMatchObject({ source: 'agent', fallbacks: 0, left: null, planned: 60 });
    expect(workers[0]!.observed).toBeGreaterThan(55);
  });

  it('does not leave a worker that it has followed where the process ends between the agent and a dump', async () => {
    const peer = {
      dump: 'died' as Verdict,
      stream: async (line: StreamLine, connection: number): Promise<StreamFailure> => {
        if (connection > 0) return 'absent';
        await sampleFor(line, 2_000);
        return 'reset';
      },
    };
    const fleet = runStreams([peer], { durationMs: 10_000 });
    for (let ms = 0; fleet.dumps[0] === 0; ms += 50) {
      expect(ms).toBeLessThan(5_000);
      await fleet.clock.advance(50);
    }
    peer.dump = 'dump';
    await fleet.clock.advance(8_000);
    await fleet.done;
    expect(fleet.coverage().workers[0]).toMatchObject({ left: null, source: 'tracebacker', planned: 100 });
  });

  it('tries again where the connection breaks, and gives up a stream that says nothing thrice', async () => {
    const { streams, workers } = await run([ends('reset', { dump: 'dump' }), truthful], 10_000);
    expect(streams[0]).toBe(3);
    expect(workers[0]).toMatchObject({ planned: 100, source: 'tracebacker' });
  });

  it('spares the others of a server whose worker dies of its first stream', async () => {
    const { streams, workers } = await run(
      [ends('died', { server: 'a' }), { ...truthful, server: 'a' }, { ...truthful, server: 'b' }],
      3_000,
    );
    expect(streams).toEqual([1, 0, 1]);
    expect(workers[0]).toMatchObject({ left: 'died', planned: 30, observed: 0 });
    expect([...workers[1]!.gaps.keys()]).toContain('spared');
  });

  it('takes the death of a worker that was long followed for what it is: workers come and go', async () => {
    const mortal: StreamPeer = {
      server: 'a',
      stream: async (line) => {
        await sampleFor(line, 3_000);
        return 'died';
      },
    };
    const { streams, workers } = await run([mortal, { ...truthful, server: 'a' }], 60_000);
    expect(streams[0]).toBeGreaterThan(10);
    expect(workers[0]).toMatchObject({ left: null, planned: 600 });
    expect(streams[1]).toBe(1);
  });

  it('waits with the others of a server until the first has survived', async () => {
    const late: StreamPeer = {
      server: 'a',
      stream: async (line) => {
        await line.clock.sleep(450);
        return truthful.stream(line, 0);
      },
    };
    const fleet = runStreams([late, { ...truthful, server: 'a' }], { durationMs: 3_000 });
    await fleet.clock.advance(440);
    expect(fleet.streams).toEqual([1, 0]);
    await fleet.clock.advance(3_000);
    await fleet.done;
    expect(fleet.streams).toEqual([1, 1]);
    expect(fleet.coverage().workers[1]!.gaps.get('preflight')).toBeGreaterThan(3);
  });

  it('closes the streams for a pause, and opens them again', async () => {
    const fleet = runStreams([truthful], { durationMs: 3_000 });
    await fleet.clock.advance(1_050);
    let quiet = false;
    void fleet.sampler.pause().then(() => {
      quiet = true;
    });
    await fleet.clock.advance(1_000);
    expect(quiet).toBe(true);
    fleet.sampler.resume();
    await fleet.clock.advance(2_000);
    await fleet.done;
    const [worker] = fleet.coverage().workers;
    expect(fleet.streams[0]).toBe(2);
    expect(worker!.planned).toBe(30);
    expect(worker!.gaps.get('paused')).toBeGreaterThanOrEqual(9);
    expect(worker!.observed).toBeGreaterThanOrEqual(17);
  });

  it('takes the last batch after the end, and counts only what was planned', async () => {
    const slow: StreamPeer = {
      stream: async ({ say, clock, closed, elapsedMs }) => {
        say(agentHeader(10), ...agentTables);
        for (let tick = 0; elapsedMs() < 5_000; ) {
          await clock.sleep(130);
          const first = tick;
          while (tick * 100 < elapsedMs()) tick += 1;
          if (tick > first) {
            say(agentDumps(Array.from({ length: tick - first }, (_, i) => ({ timeMs: (first + i) * 100 }))));
          }
        }
        return closed;
      },
    };
    const { workers } = await run([slow], 1_000);
    expect(workers[0]).toMatchObject({ planned: 10, observed: 10, unobserved: 0 });
  });
});

describe('the law of ticks', () => {
  const lines = fc.oneof(
    { weight: 5, arbitrary: fc.record({ dump: fc.nat(40), weight: fc.integer({ min: 1, max: 5 }) }) },
    { weight: 3, arbitrary: fc.record({ gap: fc.nat(12) }) },
    { weight: 1, arbitrary: fc.constantFrom({ raw: 'x\n' }, { raw: '{"dumps":{}}\n' }, { raw: '{"end":{}}\n' }) },
  );
  const session = fc.record({
    greets: fc.boolean(),
    steps: fc.array(fc.record({ afterMs: fc.nat(400), line: lines }), { maxLength: 8 }),
    end: fc.constantFrom<StreamFailure | 'died' | 'stays'>(
      ...(['ended', 'reset', 'refused', 'no-stream', 'absent', 'died', 'too-large', 'denied', 'stays'] as const),
    ),
  });
  const peer = fc.record({
    sessions: fc.array(session, { minLength: 1, maxLength: 5 }),
    dump: fc.constantFrom<Verdict>('dump', 'gone', 'poisoned'),
    server: fc.constantFrom('a', 'b'),
    hasStream: fc.boolean(),
  });

  type Session = typeof session extends fc.Arbitrary<infer Value> ? Value : never;

  const scripted =
    (sessions: readonly Session[], rateHz: number): StreamPeer['stream'] =>
    async (line, connection) => {
      const { greets, steps, end } = sessions[Math.min(connection, sessions.length - 1)]!;
      if (greets) line.say(agentHeader(rateHz), ...agentTables);
      for (const { afterMs, line: said } of steps) {
        await line.clock.sleep(afterMs);
        if ('raw' in said) line.sayRaw(said.raw);
        else if ('gap' in said) line.say(agentGap(0, said.gap));
        else line.say(agentDumps([{ timeMs: said.dump * 25, weight: said.weight }]));
      }
      return end === 'stays' ? line.closed : end;
    };

  it('holds whatever agents do: planned = observed + unobserved', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(peer, { minLength: 1, maxLength: 4 }),
        fc.constantFrom(7, 10, 30),
        fc.option(fc.record({ pauseMs: fc.nat(2_000), resumeMs: fc.nat(2_000) })),
        async (peers, rateHz, pause) => {
          const durationMs = 5_000;
          const insisting = peers.map((one) => ({ ...one, stream: scripted(one.sessions, rateHz) }));
          // One who answers keeps the recording alive to its end.
          const fleet = runStreams([...insisting, { hasStream: false, dump: 'dump', stream: () => never }], {
            ...{ rateHz, durationMs, keepGoing: true },
          });
          if (pause) {
            await fleet.clock.advance(pause.pauseMs);
            void fleet.sampler.pause();
            await fleet.clock.advance(pause.resumeMs);
            fleet.sampler.resume();
          }
          await fleet.clock.advance(20_000);
          expect(await fleet.done).toBe(durationMs);
          const { workers } = fleet.coverage();
          for (const { worker, planned, observed, unobserved } of workers) {
            expect(planned).toBe(observed + unobserved);
            // Workers are staggered by less than a period.
            const due = (durationMs * rateHz) / 1_000;
            expect(Math.abs(planned - due), `worker ${worker}: ${planned} of ${due}`).toBeLessThan(1);
          }
          const { dumps, samples } = fleet.view();
          expect(samples.weight).toHaveLength(dumps.sampleEnd.at(-1) ?? 0);
        },
      ),
      { numRuns: 200 },
    );
  });
});

const never = new Promise<never>(() => {});
