import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { listFunctions } from '../../src/aggregate/functions.ts';
import { markGroup, markSubtree, ShareIntervals } from '../../src/aggregate/interval.ts';
import { ProfileBuilder } from '../../src/profile/builder.ts';
import type { Profile } from '../../src/profile/profile.ts';
import { anyProfile } from '../helpers/any-profile.ts';
import { treeOf } from '../helpers/tree-of.ts';

/** Numbers from 0 to 1 that are the same in every run (mulberry32). */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A minute of two workers; whatever runs, runs on for `stayTicks` on average: that makes samples dependent. */
function simulate(seed: number, share: number, stayTicks: number): Profile {
  const chance = random(seed);
  const builder = new ProfileBuilder({ startedEpochMs: 0, rateHz: 20, host: 'h', source: 's', recorder: 'r' });
  const [hot, cold] = ['hot', 'cold'].map((name) =>
    builder.stackOf([{ function: name, file: 'x', line: 1, source: '' }]),
  );
  const workers = [1, 2].map((number) => builder.addWorker({ number, address: `/s.${number}` }));
  const isHot = workers.map(() => chance() < share);
  for (let tick = 0; tick < 1_200; tick++) {
    for (const worker of workers) {
      if (chance() < 1 / stayTicks) isHot[worker] = chance() < share;
      builder.addSample(builder.thread(worker, 't'), isHot[worker] ? hot! : cold!, 1);
      builder.endDump({ worker, timeMs: tick * 50, weight: 1, waitUs: -1 });
    }
  }
  builder.end(60_000);
  return builder.view();
}

/** In how many of 200 simulations the interval holds the true share. */
function countHits(share: number, stayTicks: number): number {
  let hits = 0;
  for (let seed = 1; seed <= 200; seed++) {
    const profile = simulate(seed, share, stayTicks);
    const { low, high } = new ShareIntervals(profile).of(markHot(profile))!;
    if (low <= share && share <= high) hits += 1;
  }
  return hits;
}

const markHot = ({ strings, frames, stacks }: Profile) =>
  Uint8Array.from(stacks.frame, (frame) => (strings[frames.function[frame]!] === 'hot' ? 1 : 0));

describe('ShareIntervals', () => {
  it.each([
    [0.3, 1],
    [0.3, 10],
    [0.5, 20],
    [0.02, 1],
    [0.05, 5],
  ])('hold a true share of %d in about 95 of 100 recordings where code stays for %d ticks', (share, stayTicks) => {
    const hits = countHits(share, stayTicks);
    expect(hits).toBeGreaterThanOrEqual(180);
    expect(hits).toBeLessThan(200); // they are not just wide
  });

  it('are wider where samples depend on each other, and wide where there are few', () => {
    const width = (profile: Profile) => {
      const { low, high } = new ShareIntervals(profile).of(markHot(profile))!;
      return high - low;
    };
    expect(width(simulate(7, 0.3, 20))).toBeGreaterThan(2 * width(simulate(7, 0.3, 1)));
    const few = new ProfileBuilder({ startedEpochMs: 0, rateHz: 20, host: 'h', source: 's', recorder: 'r' });
    const worker = few.addWorker({ number: 1, address: '/s' });
    few.addSample(few.thread(worker, 't'), few.stackOf([{ function: 'hot', file: 'x', line: 1, source: '' }]), 20);
    few.endDump({ worker, timeMs: 0, weight: 20, waitUs: -1 });
    const { share, low, high } = new ShareIntervals(few.view()).of(markHot(few.view()))!;
    expect([share, high]).toEqual([1, 1]);
    expect(low).toBeLessThan(0.25); // Wilson's interval of one sample of one
  });

  it('are there for every frame of any profile, and hold its share', () => {
    fc.assert(
      fc.property(anyProfile, (profile) => {
        const { tree } = treeOf(profile, 'function');
        const intervals = new ShareIntervals(profile);
        if (tree.total[0] === 0) {
          expect(intervals.of(new Uint8Array(profile.stacks.frame.length))).toBeNull();
          return;
        }
        const check = (marks: Uint8Array, ticks: number) => {
          const { share, low, high } = intervals.of(marks)!;
          expect(share).toBeCloseTo(ticks / tree.total[0]!, 9);
          expect(low).toBeGreaterThanOrEqual(0);
          expect(low).toBeLessThanOrEqual(share);
          expect(high).toBeGreaterThanOrEqual(share);
          expect(high).toBeLessThanOrEqual(1);
        };
        for (let node = 0; node < tree.group.length; node++) check(markSubtree(tree, node), tree.total[node]!);
        for (const { group, total } of listFunctions(tree)) check(markGroup(tree, group), total);
      }),
    );
  });
});
