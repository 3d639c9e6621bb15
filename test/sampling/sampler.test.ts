import { describe, expect, it } from 'vitest';
import { drainGraceMs, type SampledDump, sample } from '../../src/sampling/sampler.ts';
import { FakeClock } from '../helpers/fake-clock.ts';

interface FakeReading {
  readonly failure: string | null;
}

interface Peer {
  /** What the nth connection does. */
  readonly answer: (connection: number, clock: FakeClock) => Promise<FakeReading>;
}

const ok: FakeReading = { failure: null };
const prompt: Peer = { answer: async () => ok };
const slow = (ms: number): Peer => ({
  answer: async (_, clock) => {
    await clock.sleep(ms);
    return ok;
  },
});
const failing = (failure: string): Peer => ({ answer: async () => ({ failure }) });

interface Options {
  readonly rateHz?: number;
  readonly durationMs?: number;
  readonly mayRead?: () => boolean;
  readonly stop?: AbortSignal;
}

function run(peers: readonly Peer[], options: Options = {}) {
  const clock = new FakeClock();
  const dumps: SampledDump<FakeReading>[] = [];
  const connections = peers.map(() => 0);
  const inFlight = peers.map(() => 0);
  const most = peers.map(() => 0);
  let abandoned = 0;
  const done = sample<number, FakeReading>({
    targets: peers.map((_, index) => index),
    rateHz: 10,
    random: () => 0,
    stop: new AbortController().signal,
    mayRead: () => true,
    ...options,
    clock,
    abandon: () => {
      abandoned += 1;
    },
    emit: (dump) => dumps.push(dump),
    read: async (index) => {
      inFlight[index]! += 1;
      most[index] = Math.max(most[index]!, inFlight[index]!);
      const reading = await peers[index]!.answer(connections[index]!++, clock);
      inFlight[index]! -= 1;
      return reading;
    },
  });
  const ticksOf = (worker: number) => {
    const spans = dumps.filter((dump) => dump.worker === worker).map(({ span }) => span);
    return {
      observed: spans.reduce((sum, { weight }) => sum + weight, 0),
      unobserved: spans.reduce((sum, { unobserved }) => sum + unobserved, 0),
    };
  };
  return { clock, dumps, done, ticksOf, connections, most, abandoned: () => abandoned };
}

describe('sample', () => {
  it('dumps every worker once a tick', async () => {
    const { clock, done, ticksOf, connections } = run([prompt, prompt], { durationMs: 3_000 });
    await clock.advance(3_000);
    expect(await done).toBe(3_000);
    expect(connections).toEqual([30, 30]);
    expect([ticksOf(0), ticksOf(1)]).toEqual([
      { observed: 30, unobserved: 0 },
      { observed: 30, unobserved: 0 },
    ]);
  });

  it('has one dump in flight per worker, and weighs slow ones', async () => {
    const { clock, done, ticksOf, most, connections } = run([slow(250), prompt], { durationMs: 3_000 });
    await clock.advance(4_000);
    await done;
    expect(most).toEqual([1, 1]);
    expect(connections).toEqual([10, 30]);
    expect(ticksOf(0)).toEqual({ observed: 30, unobserved: 0 });
  });

  it('staggers the workers', async () => {
    const { clock, done, dumps } = run([prompt, prompt, prompt], { durationMs: 100 });
    await clock.advance(100);
    await done;
    const times = dumps.filter(({ reading }) => reading !== 'end').map(({ span }) => Math.round(span.timeMs));
    expect(times).toEqual([0, 24, 62]);
  });

  it('waits at the end for a dump in flight, and counts only what was planned', async () => {
    const { clock, done, ticksOf } = run([slow(700)], { durationMs: 1_000 });
    await clock.advance(2_000);
    expect(await done).toBe(1_000);
    expect(ticksOf(0)).toEqual({ observed: 10, unobserved: 0 });
  });

  it('closes a connection that does not end a while after the recording has', async () => {
    const { clock, abandoned } = run([slow(60_000)], { durationMs: 1_000 });
    await clock.advance(1_000 + drainGraceMs - 1);
    expect(abandoned()).toBe(0);
    await clock.advance(2);
    expect(abandoned()).toBe(1);
  });

  it('closes nothing where all dumps came in', async () => {
    const { clock, done, abandoned } = run([prompt], { durationMs: 1_000 });
    await clock.advance(1_000);
    await done;
    await clock.advance(drainGraceMs * 2);
    expect(abandoned()).toBe(0);
  });

  it('ends early when it is told to', async () => {
    const stop = new AbortController();
    const { clock, done, ticksOf } = run([prompt], { stop: stop.signal });
    await clock.advance(1_040);
    stop.abort();
    expect(await done).toBe(1_040);
    expect(ticksOf(0)).toEqual({ observed: 11, unobserved: 0 });
  });

  it('records nothing when it is told to end before it begins', async () => {
    const { done, dumps } = run([prompt], { stop: AbortSignal.abort() });
    expect(await done).toBe(0);
    expect(dumps.map(({ reading }) => reading)).toEqual(['end']);
  });

  it.each(['empty', 'reset', 'denied', 'not-a-tracebacker'])(
    'never connects again after %s, and keeps the others',
    async (failure) => {
      const peer: Peer = { answer: async (connection) => (connection === 5 ? { failure } : ok) };
      const { clock, done, ticksOf, connections } = run([peer, prompt], { durationMs: 3_000 });
      await clock.advance(3_000);
      await done;
      expect(connections).toEqual([6, 30]);
      expect(ticksOf(0)).toEqual({ observed: 5, unobserved: 25 });
      expect(ticksOf(1)).toEqual({ observed: 30, unobserved: 0 });
    },
  );

  it.each(['refused', 'absent'])('tries again after %s, with growing pauses', async (failure) => {
    const { clock, done, connections, ticksOf } = run([failing(failure), prompt], { durationMs: 60_000 });
    await clock.advance(60_000);
    await done;
    // 0, 0.25, 0.75, 1.75, 3.75, 7.75 s, and then every 5 s
    expect(connections[0]).toBe(16);
    expect(ticksOf(0)).toEqual({ observed: 0, unobserved: 600 });
  });

  it('goes on at the full rate when a worker is back after a reload', async () => {
    const peer: Peer = {
      answer: async (connection) => (connection >= 5 && connection < 8 ? { failure: 'refused' } : ok),
    };
    const { clock, done, ticksOf } = run([peer], { durationMs: 10_000 });
    await clock.advance(10_000);
    await done;
    const { observed, unobserved } = ticksOf(0);
    expect(observed + unobserved).toBe(100);
    expect(observed).toBeGreaterThan(75);
  });

  it.each(['refused', 'absent', 'denied', 'empty'])('gives up at once where all workers are %s', async (failure) => {
    const { clock, done } = run([failing(failure), failing(failure)], { durationMs: 60_000 });
    await clock.advance(100);
    expect(await done).toBeLessThan(100);
  });

  it('leaves ticks unobserved while its consumer is behind, and connects to nobody', async () => {
    let behind = false;
    const { clock, done, ticksOf, connections, dumps } = run([prompt], { durationMs: 3_000, mayRead: () => !behind });
    await clock.advance(950);
    behind = true;
    await clock.advance(1_000);
    behind = false;
    await clock.advance(1_050);
    await done;
    expect(connections).toEqual([20]);
    expect(ticksOf(0)).toEqual({ observed: 20, unobserved: 10 });
    expect(dumps.filter(({ reading }) => reading === 'behind')).toHaveLength(10);
  });
});
