// Is what is marked more than chance, and is what is more than chance marked? Tried with recordings of made-up workloads.
import { describe, expect, it } from 'vitest';
import type { Per } from '../../src/aggregate/blocks.ts';
import { diffProfiles, framesOfRow, grownBeyond, isMarked, type ProfileDiff } from '../../src/aggregate/diff.ts';
import { type Simulation, simulateRecording, type Work } from '../helpers/simulated-recording.ts';

const seeds = Array.from({ length: 100 }, (_, seed) => seed);

type Workload = (shift: number) => Work[];

/** Ten functions; each visit lasts `seconds` in the middle, those of three of them far longer. `grows` is moved by a shift. */
const workload =
  (seconds: number, longSeconds: number, loaded = 1): Workload =>
  (shift) => {
    const work = (name: string, share: number, stretch: number) => ({
      share,
      seconds: stretch,
      path: ['app'],
      leaves: [name],
    });
    return [
      { ...work('query', 0.3, seconds), loaded },
      work('shrinks', 0.2 - shift, seconds),
      work('render', 0.1, seconds / 2),
      { ...work('grows', 0.05 + shift, seconds), loaded },
      work('parse', 0.05, 3 * seconds),
      work('export', 0.05, longSeconds / 3),
      work('backup', 0.1, longSeconds),
      work('import', 0.05, 2 * longSeconds),
      work('hash', 0.06, 0.02),
      work('log', 0.04, seconds),
    ];
  };

/** Long requests made of short calls: what is called varies from tick to tick, but belongs to its request. */
const requests: Workload = () => [
  { share: 0.3, seconds: 0.1, path: ['app', 'home'], leaves: ['query', 'render', 'hash'] },
  { share: 0.2, seconds: 0.1, path: ['app', 'list'], leaves: ['query', 'sort', 'escape'] },
  { share: 0.15, seconds: 0.1, path: ['app'], leaves: ['log'] },
  { share: 0.15, seconds: 1.5, path: ['app', 'export'], leaves: ['query', 'pack', 'write'] },
  { share: 0.1, seconds: 1.5, path: ['app', 'import'], leaves: ['read', 'check'] },
  { share: 0.1, seconds: 3, path: ['app', 'report'], leaves: ['sum', 'draw'] },
];

type Fleet = Pick<Simulation, 'rateHz' | 'workers' | 'threads'>;

const fleets: readonly Fleet[] = [
  { workers: 1, threads: 8, rateHz: 20 },
  { workers: 8, threads: 1, rateHz: 20 },
  { workers: 1, threads: 8, rateHz: 100 },
  { workers: 8, threads: 1, rateHz: 100 },
];

interface Trial {
  readonly fleet: Fleet;
  readonly make: Workload;
  readonly shift?: number;
  readonly per?: Per;
}

function compareSimulated({ fleet, make, shift = 0, per = 'share' }: Trial, seed: number): ProfileDiff {
  const before = simulateRecording({ ...fleet, seed: 2 * seed, work: make(0) });
  const after = simulateRecording({ ...fleet, seed: 2 * seed + 1, work: make(shift) });
  return diffProfiles(before, after, { by: 'function', per, stacks: false });
}

function countSeeds(trial: Trial, holds: (diff: ProfileDiff) => boolean): number {
  return seeds.filter((seed) => holds(compareSimulated(trial, seed))).length;
}

const marksNothing = ({ rows, unjudged }: ProfileDiff) => unjudged === null && !rows.some(isMarked);

/** Marked, and with the right sign. */
const findsGrowth = (diff: ProfileDiff) =>
  diff.rows.some((row) => isMarked(row) && row.self.change > 0 && framesOfRow(diff, row)[0]!.startsWith('grows '));

describe('two recordings of 30 s of the same workload', () => {
  it.each(fleets)('have no marked change in 95 of 100 seeds, visits from a tick to seconds: %o', (fleet) => {
    expect(countSeeds({ fleet, make: workload(0.1, 1.5) }, marksNothing)).toBeGreaterThanOrEqual(95);
  });

  it('nor where a load that all workers share comes and goes', () => {
    expect(countSeeds({ fleet: fleets[1]!, make: workload(0.05, 0.3, 4) }, marksNothing)).toBeGreaterThanOrEqual(95);
  });

  it('nor where long requests are made of short calls', () => {
    expect(countSeeds({ fleet: fleets[1]!, make: requests }, marksNothing)).toBeGreaterThanOrEqual(95);
  });

  it('nor by time instead of share', () => {
    const trial: Trial = { fleet: fleets[1]!, make: workload(0.1, 1.5), per: 'second' };
    expect(countSeeds(trial, marksNothing)).toBeGreaterThanOrEqual(95);
  });

  it('nor pass for growth beyond nothing', () => {
    const grows = (diff: ProfileDiff) => grownBeyond(diff, 0).length > 0;
    expect(countSeeds({ fleet: fleets[1]!, make: workload(0.1, 1.5) }, grows)).toBeLessThanOrEqual(5);
  });
});

describe('a change of 5 points', () => {
  it.each(fleets)('is found in 95 of 100 seeds: %o', (fleet) => {
    const trial: Trial = { fleet, make: workload(0.05, 0.2), shift: 0.05 };
    expect(countSeeds(trial, findsGrowth)).toBeGreaterThanOrEqual(95);
  });

  it('is growth beyond one point, and not beyond five', () => {
    const trial: Trial = { fleet: { workers: 8, threads: 2, rateHz: 20 }, make: workload(0.05, 0.2), shift: 0.05 };
    expect(countSeeds(trial, (diff) => grownBeyond(diff, 0.01).length > 0)).toBeGreaterThanOrEqual(95);
    expect(countSeeds(trial, (diff) => grownBeyond(diff, 0.05).length > 0)).toBeLessThanOrEqual(5);
  });
});
