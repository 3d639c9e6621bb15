// A colour for each frame: the kind of code gives the family, the module its hue and step of lightness, the same in every
// report. Colours are made in OKLCH (https://bottosson.github.io/posts/oklab/), where equal steps look equal, and leave
// as sRGB, so that SVG, canvas and style sheets take them alike.
//
// Who cannot tell red from green still tells yellow from blue, pale from strong, and light from dark: the application is
// strong and yellow to orange, libraries strong and blue, the standard library pale, what is no code grey.
import { type CodeKind, type FrameGroups, kindOf, moduleOf, ofFile } from './labels.ts';
import type { Profile } from './profile.ts';

export type Theme = 'light' | 'dark';

/** `#rrggbb` both; text on the fill has a contrast of at least 4.5 to 1. */
export interface Colour {
  readonly fill: string;
  readonly text: string;
}

interface Family {
  readonly chroma: number;
  /** Degrees: from, and how far; a second stretch where one is not enough. */
  readonly hues: readonly (readonly [from: number, span: number])[];
}

const families: Record<CodeKind, Family> = {
  application: { chroma: 0.13, hues: [[40, 72]] },
  library: { chroma: 0.1, hues: [[225, 60]] },
  standard: {
    chroma: 0.045,
    hues: [
      [125, 70],
      [310, 45],
    ],
  },
  other: { chroma: 0, hues: [[0, 0]] },
};

/** The lightest shade, and how far the steps go down from there: OKLab lightness, 0 to 1. */
const lightness: Record<Theme, { readonly from: number; readonly modules: number; readonly functions: number }> = {
  light: { from: 0.88, modules: -0.045, functions: -0.012 },
  dark: { from: 0.36, modules: 0.04, functions: 0.01 },
};

const inks: Record<Theme, string> = { light: '#14171e', dark: '#f4f5f8' };

/** What a search has found: dark among light frames, light among dark ones. */
export const matchColours: Record<Theme, Colour> = {
  light: { fill: toHex(oklch(0.42, 0.2, 320)), text: '#ffffff' },
  dark: { fill: toHex(oklch(0.88, 0.13, 325)), text: inks.light },
};

/** From each of these on a change gets the next stronger colour: shares, or seconds per second. The same in every page. */
export const changeSteps = [0.005, 0.01, 0.02, 0.05, 0.1] as const;

/** What grew is orange, what shrank blue, what stayed grey: lightness falls (by night: rises) with the change, too. */
const changes: Record<Theme, { readonly still: number; readonly from: number; readonly step: number }> = {
  light: { still: 0.91, from: 0.87, step: -0.045 },
  dark: { still: 0.3, from: 0.345, step: 0.038 },
};
const changeHues = { grew: 50, shrank: 255 };

/** Of a change so large; {@link changeSteps} are the limits. */
export function changeColour(change: number, theme: Theme): Colour {
  // A change of 2 points, computed from two shares, may miss its limit by the last bit.
  const step = changeSteps.filter((least) => Math.abs(change) >= least - 1e-9).length;
  const { still, from, step: down } = changes[theme];
  const light = step === 0 ? still : from + down * (step - 1);
  const chroma = step === 0 ? 0 : 0.055 + 0.024 * (step - 1);
  return { fill: toHex(oklch(light, chroma, change > 0 ? changeHues.grew : changeHues.shrank)), text: inks[theme] };
}

/** `module` is what the hue is for, `label` tells the functions of a module apart, a little. */
export function colourOf(kind: CodeKind, { module, label }: { module: string; label: string }, theme: Theme): Colour {
  const seed = hash(module);
  const shade = 3 * ((seed >>> 12) % 3) + (hash(label) % 3);
  const known = shades[theme][kind];
  const at = places * shade + (seed % places);
  known[at] ??= shadeOf(kind, { place: seed % places, shade }, theme);
  return known[at];
}

/** A family's stretches of hues are cut into so many. */
const places = 32;

/** There are a few hundred colours, for thousands of functions. */
const noShades = (): Record<CodeKind, Colour[]> => ({ application: [], library: [], standard: [], other: [] });
const shades: Record<Theme, Record<CodeKind, Colour[]>> = { light: noShades(), dark: noShades() };

function shadeOf(kind: CodeKind, { place, shade }: { place: number; shade: number }, theme: Theme): Colour {
  const { chroma, hues } = families[kind];
  const { from, modules, functions } = lightness[theme];
  const light = from + modules * Math.floor(shade / 3) + functions * (shade % 3);
  return { fill: toHex(oklch(light, chroma, hueAt(hues, place))), text: inks[theme] };
}

/** By group; a group without a file, such as a thread as root frame, is grey. */
export function colourGroups(profile: Profile, { labels, example }: FrameGroups, theme: Theme): Colour[] {
  const codeOf = ofFile(profile, (file) => ({ kind: kindOf(file), module: moduleOf(file) }));
  return labels.map((label, group) => {
    const { kind, module } = codeOf(example[group]!);
    return colourOf(kind, { module, label }, theme);
  });
}

/** Of a place along the family's stretches. */
function hueAt(hues: Family['hues'], place: number): number {
  const spans = hues.reduce((sum, [, span]) => sum + span, 0);
  let along = (place / places) * spans;
  for (const [from, span] of hues) {
    if (along <= span) return from + along;
    along -= span;
  }
  return 0;
}

/** FNV-1a, 32 bits (http://www.isthe.com/chongo/tech/comp/fnv/), stirred, since its low bits alone repeat. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) value = Math.imul(value ^ text.charCodeAt(at), 0x01000193);
  value = Math.imul(value ^ (value >>> 15), 0x85ebca6b);
  return (value ^ (value >>> 13)) >>> 0;
}

type Rgb = readonly [number, number, number];

/** Linear sRGB; chroma is taken back until the screen can show it. */
function oklch(light: number, chroma: number, hue: number): Rgb {
  const angle = (hue * Math.PI) / 180;
  for (let strength = chroma; ; strength = Math.max(0, strength - 0.005)) {
    const rgb = oklabToLinear(light, strength * Math.cos(angle), strength * Math.sin(angle));
    if (strength === 0 || rgb.every((part) => part >= 0 && part <= 1)) return rgb;
  }
}

function oklabToLinear(light: number, a: number, b: number): Rgb {
  const l = (light + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (light - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (light - 0.0894841775 * a - 1.291485548 * b) ** 3;
  return [
    4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
    -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
    -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s,
  ];
}

function toHex(linear: Rgb): string {
  const bytes = linear.map((part) => {
    const value = Math.min(1, Math.max(0, part));
    return Math.round(255 * (value <= 0.0031308 ? 12.92 * value : 1.055 * value ** (1 / 2.4) - 0.055));
  });
  return `#${bytes.map((byte) => byte.toString(16).padStart(2, '0')).join('')}`;
}
