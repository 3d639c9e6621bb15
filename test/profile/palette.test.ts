import { describe, expect, it } from 'vitest';
import { type CodeKind, groupFrames, isApplication, kindOf } from '../../src/profile/labels.ts';
import {
  changeColour,
  changeSteps,
  colourGroups,
  colourOf,
  matchColours,
  type Theme,
} from '../../src/profile/palette.ts';
import { profileFrom } from '../helpers/profile-from.ts';

const themes: Theme[] = ['light', 'dark'];
const kinds: CodeKind[] = ['application', 'library', 'standard', 'other'];
const modules = Array.from({ length: 200 }, (_, number) => `module${number}`);
const standard = ['json', 'threading', 'socket', 'ssl', 'http', 'logging', 'asyncio', 're', 'pathlib', 'selectors'];
const fillsOf = (kind: CodeKind, theme: Theme, names = modules) =>
  names.map((module) => colourOf(kind, { module, label: module }, theme).fill);

type Triple = [number, number, number];

function linear(hex: string): Triple {
  const part = (at: number) => {
    const value = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  };
  return [part(1), part(3), part(5)];
}

/** https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio */
function contrast(a: string, b: string): number {
  const [dark, light] = [a, b]
    .map(linear)
    .map(([r, g, blue]) => 0.2126 * r + 0.7152 * g + 0.0722 * blue)
    .sort((x, y) => x - y);
  return (light! + 0.05) / (dark! + 0.05);
}

/** What one sees without green cones, without red and without blue ones: Machado, Oliveira and Fernandes 2009, severity 1. */
const blindness: Record<string, Triple[]> = {
  none: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  deutan: [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
  protan: [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  tritan: [
    [1.255528, -0.076749, -0.178779],
    [-0.078411, 0.930809, 0.147602],
    [0.004733, 0.691367, 0.3039],
  ],
};

function oklab([r, g, b]: Triple): Triple {
  const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
  const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
  const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
  return [
    0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
    1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s,
    0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s,
  ];
}

function distance(a: string, b: string, matrix: Triple[]): number {
  const [x, y] = [a, b].map((hex) => {
    const rgb = linear(hex);
    return oklab(matrix.map((row) => row[0] * rgb[0] + row[1] * rgb[1] + row[2] * rgb[2]) as Triple);
  });
  return Math.hypot(...x!.map((part, at) => part - y![at]!));
}

describe('the palette', () => {
  it.each(themes)('has text that can be read on every colour: %s', (theme) => {
    for (const kind of kinds) {
      for (const module of modules) {
        const { fill, text } = colourOf(kind, { module, label: module }, theme);
        expect(fill).toMatch(/^#[0-9a-f]{6}$/);
        expect(contrast(fill, text), fill).toBeGreaterThanOrEqual(4.5);
      }
    }
    expect(contrast(matchColours[theme].fill, matchColours[theme].text)).toBeGreaterThanOrEqual(4.5);
  });

  it.each(themes)('tells the modules of one kind apart, the standard library too: %s', (theme) => {
    expect(new Set(fillsOf('standard', theme, standard)).size).toBe(standard.length);
    for (const kind of kinds.slice(0, 3)) expect(new Set(fillsOf(kind, theme)).size).toBeGreaterThan(60);
    expect(new Set(fillsOf('other', theme)).size).toBeLessThan(10);
  });

  it.each(themes.flatMap((theme) => Object.keys(blindness).map((sight) => [theme, sight] as const)))(
    'keeps all kinds apart, and matches from all, whatever one sees: %s, %s',
    (theme, sight) => {
      const between = (a: string[], b: string[]) =>
        Math.min(...a.flatMap((one) => b.map((other) => distance(one, other, blindness[sight]!))));
      expect(between(fillsOf('application', theme), fillsOf('library', theme))).toBeGreaterThan(0.08);
      for (const [at, kind] of kinds.entries()) {
        expect(between(fillsOf(kind, theme), [matchColours[theme].fill])).toBeGreaterThan(0.25);
        for (const other of kinds.slice(at + 1)) {
          expect(between(fillsOf(kind, theme), fillsOf(other, theme)), `${kind}, ${other}`).toBeGreaterThan(0.05);
        }
      }
    },
  );

  /** Of pairs of 60 modules, how many have colours that are hard to tell apart, at most. */
  it.each(
    themes.flatMap((theme) => [
      [theme, 'application', { none: 0.1, other: 0.25 }] as const,
      [theme, 'library', { none: 0.12, other: 0.3 }] as const,
      [theme, 'standard', { none: 0.4, other: 0.55 }] as const,
    ]),
  )(
    'rarely gives two modules of a kind nearly the same colour, and hardly ever the same: %s, %s',
    (theme, kind, most) => {
      const fills = fillsOf(kind, theme, modules.slice(0, 60));
      expect(new Set(fills).size).toBeGreaterThanOrEqual(56);
      for (const [sight, matrix] of Object.entries(blindness)) {
        const distances = fills.flatMap((one, at) => fills.slice(0, at).map((other) => distance(one, other, matrix)));
        const near = distances.filter((apart) => apart < 0.02).length / distances.length;
        expect(near, sight).toBeLessThan(sight === 'none' ? most.none : most.other);
      }
    },
  );

  it('gives a module the same colour in every report', () => {
    const group = (lines: string[]) => {
      const profile = profileFrom(lines);
      const groups = groupFrames(profile, 'function');
      const colours = colourGroups(profile, groups, 'light');
      return (name: string) => colours[groups.labels.findIndex((label) => label.startsWith(name))];
    };
    const django = 'get@/usr/lib/python3/dist-packages/django/x.py:1';
    expect(group([`${django} 1`])('get')).toEqual(group([`main 3`, `other;${django} 1`])('get'));
    expect(group(['main 1'])('main')!.fill).toBe(
      colourOf('application', { module: '/app/main.py', label: 'main (/app/main.py)' }, 'light').fill,
    );
  });
});

describe('the scale of changes', () => {
  const fill = (change: number, theme: Theme) => changeColour(change, theme).fill;
  const both = themes.flatMap((theme) => Object.keys(blindness).map((sight) => [theme, sight] as const));

  it.each(themes)('has text that can be read on every step, and grey for what stayed: %s', (theme) => {
    for (const change of changeSteps.flatMap((step) => [step, -step])) {
      expect(contrast(fill(change, theme), changeColour(change, theme).text)).toBeGreaterThanOrEqual(4.5);
    }
    expect(fill(0, theme)).toMatch(/^#(..)\1\1$/);
    expect(fill(changeSteps[0] * 0.99, theme)).toBe(fill(0, theme));
    expect(fill(0.12 - 0.1, theme)).toBe(fill(0.02, theme));
    expect(fill(1, theme)).toBe(fill(changeSteps.at(-1)!, theme));
  });

  it.each(both)(
    'tells growth from shrinking, each step from the next, and matches from all: %s, %s',
    (theme, sight) => {
      const far = (a: string, b: string) => distance(a, b, blindness[sight]!);
      const steps = [0, ...changeSteps];
      for (const sign of [1, -1]) {
        for (const [at, step] of changeSteps.entries()) {
          expect(far(fill(sign * step, theme), fill(sign * steps[at]!, theme))).toBeGreaterThan(0.03);
          expect(far(fill(sign * step, theme), matchColours[theme].fill)).toBeGreaterThan(0.25);
        }
      }
      for (const step of changeSteps) expect(far(fill(step, theme), fill(-step, theme))).toBeGreaterThan(0.08);
    },
  );
});

describe('kindOf', () => {
  it.each<[string, CodeKind]>([
    ['/srv/app/views.py', 'application'],
    ['<string>', 'application'],
    ['/usr/lib/python3/dist-packages/django/http/request.py', 'library'],
    ['/srv/venv/lib/python3.12/site-packages/requests/api.py', 'library'],
    ['/usr/lib/x86_64-linux-gnu/libc.so.6', 'library'],
    ['[kernel.kallsyms]', 'library'],
    ['/usr/lib/python3.11/json/decoder.py', 'standard'],
    ['<frozen importlib._bootstrap>', 'standard'],
    ['', 'other'],
  ])('%s is %s', (file, kind) => {
    expect(kindOf(file)).toBe(kind);
    expect(isApplication(file)).toBe(kind === 'application');
  });
});
