// State and recording -> what is looked at: the samples that pass the filters, and their call tree. Each step is kept
// until its own part of the state changes.
import { type CallTree, mergeStacks, weighTree } from '../aggregate/call-tree.ts';
import { foldStacks } from '../aggregate/fold.ts';
import { filterProfile, type ProfileFilter } from '../profile/filter.ts';
import { type FrameGroups, type Grouping, groupFrames, isApplication, moduleOf, ofFile } from '../profile/labels.ts';
import type { Profile } from '../profile/profile.ts';
import { rewriteStacks } from '../profile/rewrite.ts';
import { weighByCpu } from '../profile/weigh-by-cpu.ts';
import { matchFrames, parsePattern, searchTexts } from './query.ts';
import { splitStacks } from './split.ts';
import { type Filters, isUnfiltered, type PageState, type ShownMeasure } from './state.ts';

export interface Shown {
  /** What passes the filters, with stacks as they are shown. */
  readonly profile: Profile;
  readonly by: Grouping;
  readonly groups: FrameGroups;
  readonly tree: CallTree;
  /** Ticks of the whole recording, by the same measure; those shown are the total of the tree's root. */
  readonly wholeTicks: number;
  readonly isFiltered: boolean;
  /** What is wrong with the patterns of the filters; these are passed by. */
  readonly problems: readonly string[];
  /** What a search looks at, by group. */
  readonly texts: readonly string[];
}

/** Remembers the last of each step. */
export class ShownCache {
  readonly #recorded: Profile;
  readonly #weigh = remember(weigh);
  readonly #sum = remember(sumWeights);
  readonly #filter = remember(applyFilters, byContent);
  readonly #split = remember(splitStacks);
  readonly #fold = remember(foldFrames());
  readonly #foldFunctions = remember(foldFrames());
  readonly #overTime = remember(applyFilters, byContent);

  constructor(recorded: Profile) {
    this.#recorded = recorded;
  }

  get(state: PageState): Shown {
    return this.#fold(...this.#steps(state), state.by);
  }

  /** The same by function where the frames are lines: what is asked of a function is asked of all its lines. */
  functions(state: PageState): Shown {
    return state.by === 'line' ? this.#foldFunctions(...this.#steps(state), 'function') : this.get(state);
  }

  /** All of the recording's time, whatever stretch of it is looked at: for pictures of time. */
  overTime({ measure, filters }: PageState): Profile {
    return this.#overTime(this.#weigh(this.#recorded, measure), { ...filters, fromMs: null, toMs: null }).profile;
  }

  #steps({ measure, filters, split }: PageState): [Profile, Scope] {
    const weighed = this.#weigh(this.#recorded, measure);
    const filtered = this.#filter(weighed, filters);
    return [
      this.#split(filtered.profile, split),
      this.#scope(this.#sum(weighed), !isUnfiltered(filters), filtered.problems),
    ];
  }

  readonly #scope = remember(
    (wholeTicks: number, isFiltered: boolean, problems: readonly string[]): Scope => ({
      wholeTicks,
      isFiltered,
      problems,
    }),
  );
}

const folded = new WeakMap<Profile, Float64Array>();

/** Ticks by stack, counted once for all that asks for them. */
export function weightsOf(profile: Profile): Float64Array {
  const weights = folded.get(profile) ?? foldStacks(profile);
  folded.set(profile, weights);
  return weights;
}

/** Filters that say the same are the same. */
const byContent = (profile: Profile, filters: Filters) => [profile, JSON.stringify(filters)];

/** What is left of what. */
type Scope = Pick<Shown, 'wholeTicks' | 'isFiltered' | 'problems'>;

/** Filters that rewrite no stack leave frames and stacks as they were: only the weights are counted again. */
function foldFrames() {
  const group = remember(groupFrames, ({ frames, strings }, by) => [frames, strings, by]);
  const merge = remember(mergeStacks);
  const search = remember(searchTexts, (_, groups, by) => [groups, by]);
  return (profile: Profile, scope: Scope, by: Grouping): Shown => {
    const groups = group(profile, by);
    const tree = weighTree(merge(profile.stacks, groups), weightsOf(profile));
    return {
      ...scope,
      profile,
      by,
      groups,
      tree,
      get texts() {
        return search(profile, groups, by);
      },
    };
  };
}

/**
 * The function, which does not compute again what it has computed last. `keys` are what the result depends on, where
 * that is not just what is given.
 */
export function remember<Given extends readonly unknown[], Result>(
  compute: (...given: Given) => Result,
  keys: (...given: Given) => readonly unknown[] = (...given) => given,
) {
  let last: { key: readonly unknown[]; result: Result } | null = null;
  return (...given: Given): Result => {
    const key = keys(...given);
    if (!last?.key.every((one, at) => one === key[at])) last = { key, result: compute(...given) };
    return last.result;
  };
}

function weigh(profile: Profile, measure: ShownMeasure): Profile {
  return measure === 'cpu' ? weighByCpu(profile) : profile;
}

function sumWeights({ samples }: Profile): number {
  return samples.weight.reduce((sum, weight) => sum + weight, 0);
}

export function applyFilters(profile: Profile, filters: Filters): { profile: Profile; problems: string[] } {
  const { workers, threads, fromMs, toMs, hide, appOnly } = filters;
  const problems: string[] = [];
  const frames = (name: 'focus' | 'include' | 'exclude') => {
    if (filters[name] === '') return {};
    const query = parsePattern(filters[name]);
    if (query.test === null) problems.push(`${name}: ${query.problem}`);
    return query.test === null ? {} : { [name]: matchFrames(profile, query) };
  };
  const filter: ProfileFilter = {
    ...(workers.length > 0 && { workers: new Set(workers) }),
    ...(threads.length > 0 && { threads: new Set(threads) }),
    ...(fromMs !== null && { fromMs }),
    ...(toMs !== null && { toMs }),
    ...frames('include'),
    ...frames('exclude'),
    ...frames('focus'),
    ...(hide.length > 0 && { collapse: collapsedNames(profile, new Set(hide)) }),
  };
  const filtered = filterProfile(profile, filter);
  return { profile: appOnly ? keepApplication(filtered) : filtered, problems };
}

function collapsedNames(profile: Profile, hidden: ReadonlySet<string>): (string | null)[] {
  const nameOf = ofFile(profile, (file) => {
    const module = moduleOf(file);
    return hidden.has(module) ? module : null;
  });
  return Array.from(profile.frames.file, (_, frame) => nameOf(frame));
}

/** Frames that are no code, such as collapsed ones, are libraries too. */
function keepApplication(profile: Profile): Profile {
  const isKept = ofFile(profile, isApplication);
  return rewriteStacks(profile, () => (_leaf, frame) => (isKept(frame) ? frame : -1));
}
