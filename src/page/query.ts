// What a reader types -> which frames are meant: plain text, whatever the case, or a regular expression on request.
import { type FrameGroups, type Grouping, moduleOf, ofFile } from '../profile/labels.ts';
import type { Profile } from '../profile/profile.ts';

/** Names may be of any length; an expression is tried on so much of one. */
const longestTried = 10_000;

export interface Query {
  /** Null where the expression is wrong, and then {@link problem} says why. */
  readonly test: ((text: string) => boolean) | null;
  readonly problem: string;
}

export function parseQuery(text: string, regex: boolean): Query {
  if (text === '') return { test: () => false, problem: '' };
  if (!regex) {
    const wanted = text.toLowerCase();
    return { test: (candidate) => candidate.toLowerCase().includes(wanted), problem: '' };
  }
  try {
    const pattern = new RegExp(text, 'im');
    return { test: (candidate) => pattern.test(candidate.slice(0, longestTried)), problem: '' };
  } catch (error) {
    return { test: null, problem: error instanceof Error ? error.message : String(error) };
  }
}

/** The pattern of a filter: `/.../` is a regular expression, all else plain text. */
export function parsePattern(text: string): Query {
  const between = /^\/(.+)\/$/s.exec(text);
  return between ? parseQuery(between[1]!, true) : parseQuery(text, false);
}

/** 1 for each group that the query finds, by function, file or module. */
export function matchGroups(texts: readonly string[], { test }: Query): Uint8Array {
  return Uint8Array.from(texts, (text) => (test?.(text) ? 1 : 0));
}

/** What a search looks at, a line each: the label, and what of function, file and module holds for the whole group. */
export function searchTexts(profile: Profile, groups: FrameGroups, by: Grouping): string[] {
  const placeOf = places(profile);
  return groups.labels.map((label, group) => {
    const { name, file, module } = placeOf(groups.example[group]!);
    const wholeGroup = by === 'line' || by === 'function';
    return [label, ...(wholeGroup ? [name] : []), ...(by === 'module' ? [] : [file]), module].join('\n');
  });
}

/** 1 for each frame that the pattern finds, by function, file or module. */
export function matchFrames(profile: Profile, { test }: Query): Uint8Array {
  const count = profile.frames.line.length;
  const found = new Uint8Array(count);
  const placeOf = places(profile);
  for (let frame = 0; test && frame < count; frame++) {
    const { name, file, module } = placeOf(frame);
    if (test(`${name}\n${file}\n${module}`)) found[frame] = 1;
  }
  return found;
}

function places(profile: Profile): (frame: number) => { name: string; file: string; module: string } {
  const { frames, strings } = profile;
  const moduleOfFrame = ofFile(profile, moduleOf);
  return (frame) => ({
    name: strings[frames.function[frame]!]!,
    file: strings[frames.file[frame]!]!,
    module: moduleOfFrame(frame),
  });
}
