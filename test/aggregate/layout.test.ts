import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildCallTree, type CallTree } from '../../src/aggregate/call-tree.ts';
import { foldStacks } from '../../src/aggregate/fold.ts';
import { type Layout, layOut, type Rectangles } from '../../src/aggregate/layout.ts';
import { groupFrames } from '../../src/profile/labels.ts';
import type { Profile } from '../../src/profile/profile.ts';
import { anyProfile } from '../helpers/any-profile.ts';
import { profileFrom } from '../helpers/profile-from.ts';

const treeOf = (profile: Profile) =>
  buildCallTree(profile.stacks, groupFrames(profile, 'function'), foldStacks(profile));

const rowsOf = ({ node, depth, x, width }: Rectangles) =>
  Array.from(node, (_, row) => ({ node: node[row]!, depth: depth[row]!, x: x[row]!, width: width[row]! }));

/** Where each node begins when everything is drawn: the slow way. */
function places(tree: CallTree, zoom: number, widthPx: number): Map<number, { x: number; width: number }> {
  const found = new Map<number, { x: number; width: number }>([[zoom, { x: 0, width: widthPx }]]);
  const used = new Map<number, number>();
  for (let node = zoom + 1; node < tree.end[zoom]!; node++) {
    const parent = tree.parent[node]!;
    const before = used.get(parent) ?? 0;
    used.set(parent, before + tree.total[node]!);
    const scale = widthPx / tree.total[zoom]!;
    found.set(node, { x: found.get(parent)!.x + before * scale, width: tree.total[node]! * scale });
  }
  return found;
}

describe('layOut', () => {
  const tree = treeOf(profileFrom(['a;b 90', 'a;c 9', 'a;d 1', 'e 100']));
  const draw = (part: Partial<Parameters<typeof layOut>[1]>) =>
    layOut(tree, { zoom: 0, widthPx: 200, minFramePx: 8, minDustPx: 2, ...part });

  it('draws wide frames, gathers narrow ones, and leaves out what is too small', () => {
    const { frames, parent, dust, dustStart, depths } = draw({ minFramePx: 50 });
    expect(rowsOf(frames).map(({ x, width }) => [x, width])).toEqual([
      [0, 200],
      [0, 100],
      [0, 90],
      [100, 100],
    ]);
    expect([...parent]).toEqual([-1, 0, 1, 0]);
    expect(rowsOf(dust).map(({ x, width }) => [x, width])).toEqual([[90, 9]]);
    expect([...dustStart]).toEqual([0, 0, 0, 1]);
    expect(depths).toBe(3);
  });

  it('draws the ancestors of the zoomed frame over the whole width', () => {
    const c = tree.total.indexOf(9);
    const { frames, ancestors } = draw({ zoom: c });
    expect(ancestors).toBe(2);
    expect(rowsOf(frames).map(({ depth, x, width }) => [depth, x, width])).toEqual([
      [0, 0, 200],
      [1, 0, 200],
      [2, 0, 200],
    ]);
  });

  it('draws a root alone where nothing was seen', () => {
    const { frames, dust, depths } = layOut(treeOf(profileFrom([])), {
      zoom: 0,
      widthPx: 100,
      minFramePx: 8,
      minDustPx: 0.3,
    });
    expect(rowsOf(frames)).toEqual([{ node: 0, depth: 0, x: 0, width: 100 }]);
    expect([dust.node.length, depths]).toEqual([0, 1]);
  });

  it('makes the deepest frames dust where there are too many, 20,000 deep', () => {
    const deep = treeOf(profileFrom([`${Array.from({ length: 20_000 }, (_, i) => `f${i % 7}`).join(';')} 3`]));
    const options = { widthPx: 100, minFramePx: 8, minDustPx: 0.3, maxFrames: 500 };
    const { frames, dust, depths } = layOut(deep, { zoom: 0, ...options });
    expect([frames.node.length, dust.node.length, depths]).toEqual([500, 19_501, 20_001]);
    const zoomed = layOut(deep, { zoom: 10_000, ...options });
    expect(zoomed.ancestors).toBe(10_000);
    expect(zoomed.frames.node.length).toBe(10_001);
    expect(zoomed.dust.node[0]).toBe(10_001);
  });

  it('holds its laws for any profile, zoom and size', () => {
    const sizes = fc.record({ minFramePx: fc.nat(30), minDustPx: fc.double({ min: 0.1, max: 5, noNaN: true }) });
    const limits = fc.option(fc.integer({ min: 1, max: 12 }), { nil: Number.POSITIVE_INFINITY });
    fc.assert(
      fc.property(anyProfile, fc.nat(1_000), sizes, limits, (profile, pick, { minFramePx, minDustPx }, maxFrames) => {
        const any = treeOf(profile);
        const zoom = pick % any.total.length;
        const widthPx = 100;
        const layout = layOut(any, { zoom, widthPx, minFramePx, minDustPx, maxFrames });
        const drawn = checkPlaces(any, layout, { zoom, widthPx });
        // Whatever is wide enough is there, once.
        for (let node = zoom + 1; node < any.end[zoom]!; node++) {
          const width = (any.total[node]! * widthPx) / any.total[zoom]!;
          if (Math.abs(width - minDustPx) > 1e-9) expect(drawn.has(node)).toBe(width > minDustPx);
        }
        if (maxFrames > layout.ancestors + 1) expect(layout.frames.node.length).toBeLessThanOrEqual(maxFrames);
      }),
    );
  });

  function checkPlaces(any: CallTree, layout: Layout, { zoom, widthPx }: { zoom: number; widthPx: number }) {
    const expected = places(any, zoom, widthPx);
    const { frames, parent, dust, dustStart, ancestors, depths } = layout;
    const drawn = new Set<number>();
    const rows = rowsOf(frames);
    for (const [row, { node, depth, x, width }] of [...rows, ...rowsOf(dust)].entries()) {
      expect(drawn.has(node)).toBe(false);
      drawn.add(node);
      expect(depth).toBe(any.depth[node]);
      expect(depth).toBeLessThan(depths);
      if (row < ancestors) continue;
      expect(x).toBeCloseTo(expected.get(node)!.x, 6);
      expect(width).toBeCloseTo(expected.get(node)!.width, 6);
    }
    for (const [row, { node }] of rows.entries()) {
      expect(parent[row] === -1 ? -1 : rows[parent[row]!]!.node).toBe(any.parent[node]);
    }
    for (let depth = 0; depth < depths; depth++) {
      const row = rowsOf(dust).slice(dustStart[depth], dustStart[depth + 1]);
      expect(row.every((one) => one.depth === depth)).toBe(true);
      for (const [at, one] of row.slice(1).entries()) expect(one.x).toBeGreaterThanOrEqual(row[at]!.x);
    }
    expect(dustStart[depths]).toBe(dust.node.length);
    return drawn;
  }
});
