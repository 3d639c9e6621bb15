import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { placeAmong, stepFrom } from '../../src/page/steps.ts';

const matches = fc.uniqueArray(fc.nat(50), { minLength: 1 }).map((nodes) => nodes.sort((a, b) => a - b));

describe('stepping from match to match', () => {
  it('comes to each once on the way around, and back the same way', () => {
    fc.assert(
      fc.property(matches, (nodes) => {
        const walk = (from: number, direction: 1 | -1) => {
          const seen = [from];
          while (seen.length < nodes.length) seen.push(stepFrom(nodes, seen.at(-1)!, direction)!);
          return seen;
        };
        expect(walk(nodes[0]!, 1)).toEqual(nodes);
        expect(walk(nodes.at(-1)!, -1)).toEqual(nodes.toReversed());
        expect(stepFrom(nodes, nodes.at(-1)!, 1)).toBe(nodes[0]);
        expect(stepFrom(nodes, nodes[0]!, -1)).toBe(nodes.at(-1));
      }),
    );
  });

  it('begins anywhere', () => {
    fc.assert(
      fc.property(matches, fc.nat(60), (nodes, node) => {
        expect(stepFrom(nodes, node, 1)).toBe(nodes.find((match) => match > node) ?? nodes[0]);
        expect(stepFrom(nodes, node, -1)).toBe(nodes.findLast((match) => match < node) ?? nodes.at(-1));
        const at = nodes.includes(node) ? 1 + nodes.indexOf(node) : null;
        expect(placeAmong(nodes, node)).toEqual({ at, of: nodes.length });
      }),
    );
  });

  it('leads nowhere where nothing is found', () => {
    expect([stepFrom([], 3, 1), stepFrom([], 3, -1), placeAmong([], 3)]).toEqual([null, null, null]);
  });
});
