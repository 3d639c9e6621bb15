// Two profiles in one set of tables, so that a frame and a stack have one number in both. Their samples stay apart.
import { ProfileBuilder } from '../profile/builder.ts';
import type { Profile } from '../profile/profile.ts';
import { matchFiles } from './diff-files.ts';
import { foldStacks } from './fold.ts';

/** One of the two profiles, in terms of the tables that they share. */
export interface Side {
  readonly profile: Profile;
  /** The shared number of each of its stacks. */
  readonly stackOf: Int32Array;
  /** Ticks by shared stack number. */
  readonly weights: Float64Array;
  /** Ticks of all samples. */
  readonly sampled: number;
  /** Ticks of all dumps, of all workers. */
  readonly observed: number;
}

export interface ProfilePair {
  /** Strings, frames and stacks of both; no dumps and no samples. Files go by their names in `after`. */
  readonly tables: Profile;
  readonly before: Side;
  readonly after: Side;
}

export function pairProfiles(before: Profile, after: Profile): ProfilePair {
  const builder = new ProfileBuilder(after.meta);
  const stackOfAfter = addStacks(builder, after, new Map());
  const stackOfBefore = addStacks(builder, before, matchFiles(filesOf(before), filesOf(after)));
  const tables = builder.view();
  const count = tables.stacks.parent.length;
  return {
    tables,
    before: sideOf(before, stackOfBefore, count),
    after: sideOf(after, stackOfAfter, count),
  };
}

function filesOf({ frames, strings }: Profile): ReadonlySet<string> {
  return new Set([...new Set(frames.file)].map((file) => strings[file]!));
}

function addStacks(builder: ProfileBuilder, profile: Profile, renamed: ReadonlyMap<string, string>): Int32Array {
  const { strings, frames, stacks } = profile;
  const text = strings.map((string) => builder.string(string));
  const fileText = (file: number) => {
    const name = renamed.get(strings[file]!);
    return name === undefined ? text[file]! : builder.string(name);
  };
  const frameOf = frames.line.map((line, frame) =>
    builder.frame(text[frames.function[frame]!]!, fileText(frames.file[frame]!), line, text[frames.source[frame]!]!),
  );
  const stackOf = new Int32Array(stacks.frame.length);
  for (let stack = 0; stack < stackOf.length; stack++) {
    const parent = stacks.parent[stack]!;
    stackOf[stack] = builder.stack(parent === -1 ? -1 : stackOf[parent]!, frameOf[stacks.frame[stack]!]!);
  }
  return stackOf;
}

function sideOf(profile: Profile, stackOf: Int32Array, count: number): Side {
  const weights = new Float64Array(count);
  foldStacks(profile).forEach((weight, stack) => {
    weights[stackOf[stack]!]! += weight;
  });
  return {
    profile,
    stackOf,
    weights,
    sampled: weights.reduce((sum, weight) => sum + weight, 0),
    observed: profile.dumps.weight.reduce((sum, weight) => sum + weight, 0),
  };
}
