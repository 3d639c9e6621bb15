import { describe, expect, it } from 'vitest';
import { printDump } from '../../src/tracebacker/dump.ts';
import { groupThreads } from '../../src/tracebacker/group.ts';
import { DumpParser } from '../../src/tracebacker/parse.ts';
import { PlayedWorker } from '../../src/tracebacker/play.ts';

/** A small generator with a fixed seed (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

describe('PlayedWorker', () => {
  it('plays all its threads, busy and idle, in stacks that the parser gives back', () => {
    const worker = new PlayedWorker(1, 4, seeded(7));
    const threads = new Set<string>();
    const leaves = new Set<string>();
    let idle = 0;
    for (let nowMs = 0; nowMs < 20_000; nowMs += 10) {
      const stacks = worker.stacksAt(nowMs);
      const parsed = new DumpParser().parse(Buffer.from(printDump(stacks)));
      expect(parsed.threads).toEqual(stacks);
      for (const { thread, frames } of stacks) {
        threads.add(thread);
        leaves.add(frames.at(-1)!.function);
      }
      idle += 4 - stacks.length;
    }
    expect([...threads].sort()).toEqual([0, 1, 2, 3].map((core) => `uWSGIWorker1Core${core}`));
    expect(leaves.size).toBeGreaterThan(6);
    expect(idle).toBeGreaterThan(100);
  });
});

describe('groupThreads', () => {
  it('shows threads at the same place once, the largest group first', () => {
    const frames = (line: number) => [{ function: 'f', file: 'x', line, source: '' }];
    const stack = (line: number, cut = false) => ({ thread: '', frames: frames(line), cut });
    const groups = groupThreads([
      ['a', stack(1)],
      ['b', stack(2)],
      ['c', stack(2)],
      ['d', stack(2, true)],
    ]);
    expect(groups.map(({ threads, cut }) => [...threads, cut])).toEqual([
      ['b', 'c', false],
      ['a', false],
      ['d', true],
    ]);
  });
});
