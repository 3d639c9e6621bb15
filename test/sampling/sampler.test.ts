import { describe, expect, it } from 'vitest';
import type { SampledDump } from '../../src/sampling/sampled.ts';
import { probeMs } from '../../src/sampling/sampled-worker.ts';
import { drainGraceMs, Sampler } from '../../src/sampling/sampler.ts';
import type { Verdict } from '../../src/tracebacker/verdict.ts';
import { FakeClock } from '../helpers/fake-clock.ts';

interface Peer {
  readonly server?: string;
  /** What the nth connection does. */
  readonly answer: (connection: number, clock: FakeClock) => Promise<Verdict>;
}

const prompt: Peer = { answer: async () => 'dump' };
const slow = (ms: number): Peer => ({
  answer: async (_, clock) => {
    await clock.sleep(ms);
    return 'dump';
  },
});
const failing = (verdict: Verdict, server = 'a'): Peer => ({ server, answer: async () => verdict });

interface Options {
  readonly rateHz?: number;
  readonly durationMs?: number;
  readonly mayRead?: () => boolean;
  readonly stop?: AbortSignal;
  readonly keepGoing?: boolean;
}

/** Each peer is a target; without a name for its server it has a server of its own. */
function run(peers: readonly Peer[], options: Options = {}) {
  const clock = new FakeClock();
  const dumps: SampledDump<number>[] = [];
  const all = [...peers];
  const connections = peers.map(() => 0);
  const inFlight = peers.map(() => 0);
  const most = peers.map(() => 0);
  let abandoned = 0;
  const sampler = new Sampler<{ index: number; server: string; stream: null }, number>({
    rateHz: 10,
    dumpRates: { ofTracebackers: 10, insteadOfAgents: 10 },
    follow: () => {
      throw new Error('nobody has a stream');
    },
    judge: () => Promise.reject(new Error('nobody has a stream')),
    emitPiece: () => {},
    random: () => 0,
    stop: new AbortController().signal,
    mayRead: () => true,
    keepGoing: false,
    ...options,
    clock,
    abandon: () => {
      abandoned += 1;
    },
    emit: (dump) => dumps.push(dump),
    read: async ({ index }) => {
      inFlight[index]! += 1;
      most[index] = Math.max(most[index]!, inFlight[index]!);
      const verdict = await all[index]!.answer(connections[index]!++, clock);
      inFlight[index]! -= 1;
      return { verdict, reading: 0 };
    },
  });
  const targetOf = ({ server }: Peer, index: number) => ({ index, server: server ?? `server ${index}`, stream: null });
  sampler.add(peers.map(targetOf));
  const ticksOf = (worker: number) => {
    const spans = dumps.filter((dump) => dump.worker === worker).map(({ span }) => span);
    return {
      observed: spans.reduce((sum, { weight }) => sum + weight, 0),
      unobserved: spans.reduce((sum, { unobserved }) => sum + unobserved, 0),
    };
  };
  const join = (peer: Peer) => {
    const index = all.push(peer) - 1;
    for (const list of [connections, inFlight, most]) list.push(0);
    sampler.add([targetOf(peer, index)]);
  };
  const skips = (worker: number) =>
    dumps.filter((dump) => dump.worker === worker && dump.span.unobserved > 0).map(({ outcome }) => outcome);
  return {
    sampler,
    clock,
    dumps,
    done: sampler.done,
    ticksOf,
    connections,
    most,
    join,
    skips,
    abandoned: () => abandoned,
  };
}

describe('Sampler', () => {
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

  it('takes a reload, in which each worker dies once while it is asked, for no crash', async () => {
    const reloaded = (dumpsBefore: number): Peer => ({
      server: 'a',
      answer: async (connection) => (connection === dumpsBefore ? 'died' : 'dump'),
    });
    const { clock, done, skips, connections } = run([10, 12, 14, 16, 18, 20].map(reloaded), { durationMs: 10_000 });
    await clock.advance(10_000);
    await done;
    for (const worker of [0, 1, 2, 3, 4, 5]) {
      expect(skips(worker)).not.toContain('spared');
      expect(connections[worker]).toBeGreaterThan(80);
    }
  });

  it('takes it for a crash where one worker dies again and again', async () => {
    const dying: Peer = { server: 'a', answer: async (connection) => (connection % 5 === 4 ? 'died' : 'dump') };
    const { clock, done, connections } = run([dying, { ...prompt, server: 'a' }], { durationMs: 60_000 });
    await clock.advance(60_000);
    await done;
    expect(connections[0]).toBe(15);
    expect(connections[1]).toBeLessThan(60);
  });

  it('staggers the workers', async () => {
    const { clock, done, dumps } = run([prompt, prompt, prompt], { durationMs: 100 });
    await clock.advance(100);
    await done;
    const times = dumps.filter(({ outcome }) => outcome !== 'end').map(({ span }) => Math.round(span.timeMs));
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
    expect(dumps.map(({ outcome }) => outcome)).toEqual(['end']);
  });

  it.each<Verdict>(['poisoned', 'silent', 'reset', 'denied', 'not-a-tracebacker', 'too-large'])(
    'never connects again after %s, and keeps the others',
    async (verdict) => {
      const peer: Peer = { answer: async (connection) => (connection === 5 ? verdict : 'dump') };
      const { clock, done, ticksOf, connections } = run([peer, prompt], { durationMs: 3_000 });
      await clock.advance(3_000);
      await done;
      expect(connections).toEqual([6, 30]);
      expect(ticksOf(0)).toEqual({ observed: 5, unobserved: 25 });
      expect(ticksOf(1)).toEqual({ observed: 30, unobserved: 0 });
    },
  );

  it('tries again where nothing listens, with growing pauses', async () => {
    const { clock, done, connections, ticksOf } = run([failing('gone'), prompt], { durationMs: 60_000 });
    await clock.advance(60_000);
    await done;
    // 0, 0.25, 0.75, 1.75, 3.75, 7.75 s, and then every 5 s
    expect(connections[0]).toBe(16);
    expect(ticksOf(0)).toEqual({ observed: 0, unobserved: 600 });
  });

  it('goes on at the full rate when a worker is back after a reload', async () => {
    const peer: Peer = {
      answer: async (connection) => (connection >= 5 && connection < 8 ? 'gone' : 'dump'),
    };
    const { clock, done, ticksOf } = run([peer], { durationMs: 10_000 });
    await clock.advance(10_000);
    await done;
    const { observed, unobserved } = ticksOf(0);
    expect(observed + unobserved).toBe(100);
    expect(observed).toBeGreaterThan(75);
  });

  it.each<Verdict>(['gone', 'denied', 'poisoned'])('gives up at once where all workers are %s', async (verdict) => {
    const { clock, done } = run([failing(verdict), failing(verdict)], { durationMs: 60_000 });
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
    expect(dumps.filter(({ outcome }) => outcome === 'behind')).toHaveLength(10);
  });

  it('leaves the workers of a server alone when one dies at its first dump, and those of others not', async () => {
    const { clock, done, connections, skips } = run(
      [failing('died', 'a'), { ...prompt, server: 'a' }, { ...prompt, server: 'b' }],
      { durationMs: 3_000 },
    );
    await clock.advance(3_000);
    await done;
    expect(connections).toEqual([1, 0, 30]);
    expect(skips(1)).toEqual(['spared']);
  });

  it('asks one worker of a server first, and the others when it has survived', async () => {
    const peers = [slow(450), prompt, prompt].map((peer) => ({ ...peer, server: 'a' }));
    const { clock, done, connections, skips, ticksOf } = run(peers, { durationMs: 3_000 });
    await clock.advance(440);
    expect(connections).toEqual([1, 0, 0]);
    await clock.advance(2_560);
    await done;
    expect(skips(1)).toEqual(['preflight']);
    expect(ticksOf(1)).toEqual({ observed: 27, unobserved: 3 });
  });

  it.each<Verdict>(['gone', 'poisoned', 'denied'])('asks the next worker where the first is %s', async (verdict) => {
    const { clock, done, connections } = run([failing(verdict, 'a'), { ...prompt, server: 'a' }], {
      durationMs: 1_000,
    });
    await clock.advance(1_000);
    await done;
    expect(connections[1]).toBe(10);
  });

  it('does not wait for ever for the first worker to answer', async () => {
    const peers = [slow(10_000), prompt].map((peer) => ({ ...peer, server: 'a' }));
    const { clock, connections } = run(peers, { durationMs: 20_000 });
    await clock.advance(probeMs - 10);
    expect(connections).toEqual([1, 0]);
    await clock.advance(200);
    expect(connections[1]).toBeGreaterThan(0);
  });

  it('takes a death after good dumps for a reload, but not three of them', async () => {
    const mortal = (deaths: readonly number[]): Peer => ({
      server: 'a',
      answer: async (connection) => (deaths.includes(connection) ? 'died' : 'dump'),
    });
    const once = run([mortal([5])], { durationMs: 10_000 });
    await once.clock.advance(10_000);
    await once.done;
    expect(once.connections[0]).toBeGreaterThan(80);
    const thrice = run([mortal([5, 10, 15])], { durationMs: 10_000 });
    await thrice.clock.advance(10_000);
    await thrice.done;
    expect(thrice.connections[0]).toBe(16);
  });

  it('goes on after a crash where a person insists, with growing pauses', async () => {
    const { clock, done, connections } = run([failing('died', 'a'), { ...prompt, server: 'a' }], {
      durationMs: 60_000,
      keepGoing: true,
    });
    await clock.advance(60_000);
    await done;
    expect(connections).toEqual([16, 600]);
  });

  it('samples workers that join, from then on', async () => {
    const { clock, done, join, ticksOf } = run([prompt], { durationMs: 3_000 });
    await clock.advance(1_000);
    join(prompt);
    await clock.advance(2_000);
    await done;
    expect(ticksOf(1)).toEqual({ observed: 20, unobserved: 0 });
  });

  it('asks less often without distorting anything: each dump stands for several ticks', async () => {
    const { clock, done, sampler, ticksOf, connections } = run([prompt], { durationMs: 10_000 });
    await clock.advance(5_000);
    sampler.setStride(0, 5);
    await clock.advance(5_000);
    await done;
    expect(connections[0]).toBe(61); // the next one was under way when the stride changed
    expect(ticksOf(0)).toEqual({ observed: 97, unobserved: 3 });
  });

  it('asks nobody while it is paused, and says when no dump is in flight and all are accounted for', async () => {
    const { clock, done, sampler, dumps, ticksOf, connections, skips } = run([slow(150)], { durationMs: 3_000 });
    let accounted: number | null = null;
    await clock.advance(1_010);
    const before = connections[0];
    void sampler.pause().then(() => {
      accounted = dumps.length;
    });
    await clock.advance(50);
    expect(accounted).toBeNull();
    await clock.advance(950);
    expect({ accounted, connections: connections[0] }).toEqual({ accounted: before, connections: before });
    sampler.resume();
    await clock.advance(990);
    await done;
    expect(skips(0)[0]).toBe('paused');
    const { observed, unobserved } = ticksOf(0);
    expect(observed + unobserved).toBe(30);
    expect(unobserved).toBeGreaterThan(7);
  });
});
