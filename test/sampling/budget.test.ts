import { describe, expect, it } from 'vitest';
import { Budget, leakBytesPerLine } from '../../src/sampling/budget.ts';

const lavish = { maxOverhead: 1, maxLeakBytes: 1e12 };

function spend(budget: Budget, dumps: number, cost: { sendMs: number; lines: number }, worker = 0): void {
  for (let dump = 0; dump < dumps; dump++) budget.noteDump(worker, cost);
}

describe('Budget', () => {
  it('asks for every tick while dumps are cheap', () => {
    const budget = new Budget({ ...lavish, maxOverhead: 0.1 }, 20);
    spend(budget, 100, { sendMs: 1, lines: 100 });
    expect(budget.advise(0, null)).toMatchObject({ stride: 1, spent: false });
  });

  it('becomes rarer until the dumps take no more than their share', () => {
    const budget = new Budget({ ...lavish, maxOverhead: 0.1 }, 100);
    spend(budget, 100, { sendMs: 5, lines: 100 }); // half a core
    expect(budget.advise(0, null)).toEqual({ stride: 5, spent: false, reason: 'overhead' });
  });

  it('goes by the least that a line has cost: the rest is waiting', () => {
    const budget = new Budget({ ...lavish, maxOverhead: 0.1 }, 100);
    spend(budget, 1, { sendMs: 0.5, lines: 100 });
    spend(budget, 100, { sendMs: 500, lines: 100 });
    expect(budget.advise(0, null).stride).toBe(1);
  });

  it('recovers when dumps become smaller', () => {
    const budget = new Budget({ ...lavish, maxOverhead: 0.1 }, 100);
    spend(budget, 100, { sendMs: 5, lines: 100 });
    spend(budget, 200, { sendMs: 0.5, lines: 10 });
    expect(budget.advise(0, null).stride).toBe(1);
  });

  it('is never slower than a dump a second', () => {
    const budget = new Budget({ ...lavish, maxOverhead: 0.001 }, 20);
    spend(budget, 100, { sendMs: 900, lines: 100 });
    expect(budget.advise(0, null).stride).toBe(20);
  });

  it('spreads the leak that is allowed over what is left of the recording', () => {
    const budget = new Budget({ ...lavish, maxLeakBytes: 100 * 1_000 * leakBytesPerLine }, 20);
    spend(budget, 20, { sendMs: 1, lines: 100 });
    // 980 dumps of 100 lines are left to spend; 196 s at 20 a second would be 3,920
    expect(budget.advise(0, 196_000)).toEqual({ stride: 4, spent: false, reason: 'leak' });
    expect(budget.advise(0, 49_000).stride).toBe(1);
  });

  it('ends where the leak has reached its limit', () => {
    const budget = new Budget({ ...lavish, maxLeakBytes: 100 * 10 * leakBytesPerLine }, 20);
    spend(budget, 9, { sendMs: 1, lines: 100 });
    expect(budget.advise(0, null).spent).toBe(false);
    spend(budget, 1, { sendMs: 1, lines: 100 });
    expect(budget.advise(0, null)).toMatchObject({ spent: true, reason: 'leak' });
  });

  it('believes the process where it has grown less than the estimate', () => {
    const budget = new Budget({ ...lavish, maxLeakBytes: 1_000 }, 20);
    spend(budget, 10, { sendMs: 1, lines: 100 });
    budget.noteGrowth(0, 999);
    expect(budget.advise(0, null).spent).toBe(false);
    budget.noteGrowth(0, 1_000_000_000);
    expect(budget.advise(0, null).spent).toBe(true);
  });

  it('goes by each worker itself: one that is dear slows down no other one', () => {
    const budget = new Budget({ ...lavish, maxOverhead: 0.1 }, 100);
    spend(budget, 100, { sendMs: 0.1, lines: 100 }, 0);
    spend(budget, 100, { sendMs: 3, lines: 100 }, 1);
    expect(budget.advise(0, null).stride).toBe(1);
    expect(budget.advise(1, null).stride).toBe(3);
  });
});
