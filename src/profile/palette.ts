// A colour for each frame: the kind of code gives the family, the module its hue and lightness, the same in every report.
// Colours are made in OKLCH (https://bottosson.github.io/posts/oklab/), where equal steps look equal, and leave as sRGB, so
// that SVG, canvas and style sheets take them alike.
//
// Who lacks one of three cones still tells two things apart: yellow from blue or red from green, and light from dark. So
// kinds differ in both, or in lightness alone: the application is strong and red to yellow, libraries strong and blue, the
// standard library pale in both senses, what is no code grey. By how much is in the tests.
import { type CodeKind, type FrameGroups, kindOf, moduleOf, ofFile } from './labels.ts';
import type { Profile } from './profile.ts';

export type Theme = 'light' | 'dark';

/** `#rrggbb` both; text on the fill has a contrast of at least 4.5 to 1. */
export interface Colour {
  readonly fill: string;
  readonly text: string;
}

/** From, and to. */
type Stretch = readonly [from: number, to: number];

interface Family {
  readonly chroma: number;
  /** Degrees. */
  readonly hue: Stretch;
  /** OKLab lightness, 0 to 1, of modules; functions go a little beyond. */
  readonly lightness: Record<Theme, Stretch>;
}

const families: Record<CodeKind, Family> = {
  application: { chroma: 0.135, hue: [35, 75], lightness: { light: [0.83, 0.67], dark: [0.33, 0.5] } },
  library: { chroma: 0.12, hue: [230, 268], lightness: { light: [0.78, 0.68], dark: [0.315, 0.405] } },
  standard: { chroma: 0.041, hue: [175, 225], lightness: { light: [0.92, 0.855], dark: [0.47, 0.52] } },
  other: { chroma: 0, hue: [0, 0], lightness: { light: [0.73, 0.73], dark: [0.28, 0.28] } },
};

/** From one function of a module to the next. */
const functionSteps: Record<Theme, number> = { light: -0.01, dark: 0.01 };

const inks: Record<Theme, string> = { light: '#14171e', dark: '#f4f5f8' };

/** What a search has found: dark among light frames, light among dark ones. */
export const matchColours: Record<Theme, Colour> = {
  light: { fill: toHex(oklch(0.4, 0.2, 320)), text: '#ffffff' },
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

/** `module` is what hue and lightness are for, `label` tells the functions of a module apart, a little. */
export function colourOf(kind: CodeKind, { module, label }: { module: string; label: string }, theme: Theme): Colour {
  const seed = hash(module);
  const place = (seed % hueSteps) + hueSteps * ((seed >>> 10) % lightSteps);
  const shade = 3 * place + (hash(label) % 3);
  const known = shades[theme][kind];
  const colour = known.get(shade) ?? shadeOf(kind, shade, theme);
  known.set(shade, colour);
  return colour;
}

/** A family's hues and lightnesses are cut into so many. */
const hueSteps = 256;
const lightSteps = 64;

/** Made when they are first needed: thousands of functions share them. */
const noShades = (): Record<CodeKind, Map<number, Colour>> => ({
  application: new Map(),
  library: new Map(),
  standard: new Map(),
  other: new Map(),
});
const shades: Record<Theme, Record<CodeKind, Map<number, Colour>>> = { light: noShades(), dark: noShades() };

function shadeOf(kind: CodeKind, shade: number, theme: Theme): Colour {
  const { chroma, hue, lightness } = families[kind];
  const place = Math.floor(shade / 3);
  const light =
    along(lightness[theme], Math.floor(place / hueSteps) / (lightSteps - 1)) + functionSteps[theme] * (shade % 3);
  return { fill: toHex(oklch(light, chroma, along(hue, (place % hueSteps) / (hueSteps - 1)))), text: inks[theme] };
}

function along([from, to]: Stretch, part: number): number {
  return from + (to - from) * part;
}

/** By group; a group without a file, such as a thread as root frame, is grey. */
export function colourGroups(profile: Profile, { labels, example }: FrameGroups, theme: Theme): Colour[] {
  const codeOf = ofFile(profile, (file) => ({ kind: kindOf(file), module: moduleOf(file) }));
  return labels.map((label, group) => {
    const { kind, module } = codeOf(example[group]!);
    return colourOf(kind, { module, label }, theme);
  });
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
