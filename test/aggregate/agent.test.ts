// What is told of workers by who has answered for them.
import { describe, expect, it } from 'vitest';
import { measureIntrusion } from '../../src/aggregate/intrusion.ts';
import { findTroubles } from '../../src/aggregate/troubles.ts';
import { ProfileBuilder } from '../../src/profile/builder.ts';
import { weighByCpu } from '../../src/profile/weigh-by-cpu.ts';

interface Given {
  readonly source: string;
  readonly waitUs: number;
  /** The source that answers from now on. */
  readonly later?: string;
  readonly cut?: boolean;
}

/** Ten dumps of a stack of two frames. */
function record({ source, waitUs, later, cut }: Given) {
  const builder = new ProfileBuilder({ startedEpochMs: 0, rateHz: 10, host: 'h', source, recorder: 'r' });
  const worker = builder.addWorker({ number: 1, address: '/tmp/t.1' });
  const frame = (name: string) => ({ function: name, file: 'x', line: 1, source: '' });
  const stack = builder.stackOf([frame('f'), frame('g')]);
  for (let dump = 0; dump < 10; dump++) {
    builder.addSample(builder.thread(worker, 'T'), stack, 1, source === 'agent' ? 100 : -1);
    builder.endDump({ worker, timeMs: dump * 100, weight: 1, waitUs, sendUs: 10 });
  }
  if (later !== undefined) builder.addEvent({ timeMs: 500, worker, kind: 'source', count: 1, reason: later });
  if (cut) builder.addEvent({ timeMs: 500, worker, kind: 'cut', count: 1, reason: '' });
  builder.end(1_000);
  return builder.view();
}

const stories = (given: Given) => findTroubles(record(given)).map(({ story }) => story);

describe('measureIntrusion', () => {
  it('counts lines that leak only where a tracebacker answered last', () => {
    const lines = (given: Given) => measureIntrusion(record(given)).workers[0]!.printedLines;
    expect(lines({ source: 'tracebacker', waitUs: 0 })).toBe(20);
    expect(lines({ source: 'agent', waitUs: 0 })).toBe(0);
    expect(lines({ source: 'agent', waitUs: 0, later: 'tracebacker' })).toBe(20);
  });

  it.each([
    ['tracebacker', 3_000, false],
    ['tracebacker', 5_000, true],
    ['agent', 200, false],
    ['agent', 4_500, false],
    ['agent', 6_000, true],
  ])('judges %s with waits of %d us by its own measure', (source, waitUs, biased) => {
    expect(measureIntrusion(record({ source, waitUs })).biased).toBe(biased);
  });
});

describe('findTroubles', () => {
  it('finds nothing wrong with an agent that is well', () => {
    expect(stories({ source: 'agent', waitUs: 100 })).toEqual([]);
  });

  it('says where a tracebacker answered in the place of an agent', () => {
    expect(stories({ source: 'agent', waitUs: 100, later: 'tracebacker' })).toEqual([
      expect.stringMatching(/^its agent could not be used/),
    ]);
    expect(stories({ source: 'tracebacker', waitUs: 100, later: 'agent' })).toEqual([]);
  });

  it('names who waits for the GIL, and who cuts stacks', () => {
    expect(stories({ source: 'tracebacker', waitUs: 5_000 })[0]).toMatch(/dumps often waited.*\(tbprof agent\)/);
    expect(stories({ source: 'agent', waitUs: 6_000 })[0]).toMatch(/^the agent waited long/);
    expect(stories({ source: 'agent', waitUs: 0, cut: true })[0]).toMatch(/1,000 innermost frames/);
    expect(stories({ source: 'tracebacker', waitUs: 0, cut: true })[0]).toMatch(/by the tracebacker/);
  });

  it('says whose processor time is not known', () => {
    const mixed = weighByCpu(record({ source: 'agent', waitUs: 0, later: 'tracebacker' }));
    expect(findTroubles(mixed).map(({ story }) => story)).toContainEqual(
      expect.stringMatching(/cannot tell processor time/),
    );
    expect(findTroubles(weighByCpu(record({ source: 'agent', waitUs: 0 })))).toEqual([]);
  });
});
