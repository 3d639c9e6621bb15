import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { layOut } from '../../src/aggregate/layout.ts';
import { ChartShape, maxElements } from '../../src/page/chart-shape.ts';
import { drawSvg } from '../../src/page/svg.ts';
import { anyProfile } from '../helpers/any-profile.ts';
import { profileFrom } from '../helpers/profile-from.ts';
import { treeOf } from '../helpers/tree-of.ts';

const shapeOf = (profile: Parameters<typeof treeOf>[0], widthPx = 100) =>
  new ChartShape(layOut(treeOf(profile).tree, { zoom: 0, widthPx, minFramePx: 8, minDustPx: 0.3 }));

describe('ChartShape', () => {
  it('finds every frame where it is drawn', () => {
    fc.assert(
      fc.property(anyProfile, (profile) => {
        const shape = shapeOf(profile);
        for (const box of shape.boxes()) {
          expect(shape.at(box.row, box.x + box.width / 2)).toEqual(box);
          expect(shape.find(box.node)).toEqual(box);
        }
      }),
    );
  });

  it('finds nothing where nothing is drawn', () => {
    const shape = shapeOf(profileFrom(['a;b 1', 'a 1']));
    expect(shape.at(2, 60)).toBeNull();
    expect(shape.at(3, 10)).toBeNull();
    expect(shape.at(-1, 10)).toBeNull();
    expect(shape.find(99)).toBeNull();
  });

  it('makes elements of so many frames only, whole rows, and paints the others', () => {
    const lines = Array.from(
      { length: 50 },
      (_, i) => `${Array.from({ length: 60 }, (_, depth) => `f${i}_${depth}`).join(';')} 1`,
    );
    const shape = shapeOf(profileFrom(lines), 1_000);
    const { depth } = shape.layout.frames;
    const elements = depth.filter((row) => row < shape.elementRows).length;
    expect(elements).toBeLessThanOrEqual(maxElements);
    expect(elements).toBeGreaterThan(maxElements - 51);
    expect([...shape.boxes()]).toHaveLength(depth.length + shape.layout.dust.node.length);
  });
});

describe('drawSvg', () => {
  it('draws what is drawn, and nothing that a name says', () => {
    const shape = shapeOf(profileFrom(['a<script>;b 3', 'a<script> 1']), 800);
    const labels = ['all', 'a<script>"', 'b'];
    const chart = {
      shape,
      rootOnTop: true,
      colours: { fill: () => '#abcdef', text: () => '#000000', isMatch: () => false },
      label: (node: number) => labels[node]!,
      title: (node: number) => `${labels[node]}: 1 tick`,
    };
    const options = { widthPx: 800, title: '<host>', paper: '#ffffff', ink: '#000000' };
    const svg = [...drawSvg([chart], options)].join('');
    expect(svg.match(/<g>/g)).toHaveLength(3);
    expect(svg).not.toContain('<script');
    expect(svg).not.toContain('<host>');
    expect(svg).toContain('<title>a&#60;script&#62;&#34;: 1 tick</title>');
    expect(svg).toContain('width="599.4"'); // three quarters, without the gap
  });
});
