// speedscope's own JSON: https://www.speedscope.app/file-format-schema.json
// Its importer wants more than the schema says: indexes in range, as many weights as samples, no negative weight.

import { foldStacks, foldThreads } from '../aggregate/fold.ts';
import { type FrameGroups, groupFrames, labelThread } from '../profile/labels.ts';
import { forEachSample, framesOf, type Profile } from '../profile/profile.ts';
import { startOf } from './amounts.ts';
import { applyView, type Format, type View } from './format.ts';
import { type FramePlace, placesOf } from './places.ts';

export const speedscope: Format = {
  name: 'speedscope',
  description: 'JSON for speedscope.app: all workers, then each thread in order of time',
  extensions: ['.speedscope.json'],
  render: (profile, view) => printSpeedscope(buildSpeedscope(profile, view)),
};

interface SampledProfile {
  readonly type: 'sampled';
  readonly name: string;
  readonly unit: 'microseconds' | 'none';
  readonly startValue: 0;
  readonly endValue: number;
  /** Frame indexes, root first. */
  readonly samples: readonly (readonly number[])[];
  /** Microseconds, whose sum is ticks / rate; the ticks themselves where they count things without a time. */
  readonly weights: readonly number[];
}

interface SpeedscopeFrame {
  readonly name: string;
  readonly file?: string;
  readonly line?: number;
}

export interface SpeedscopeFile {
  readonly $schema: 'https://www.speedscope.app/file-format-schema.json';
  readonly name: string;
  readonly exporter: string;
  readonly activeProfileIndex: 0;
  readonly shared: { readonly frames: readonly SpeedscopeFrame[] };
  readonly profiles: readonly SampledProfile[];
}

/** Profile 0 is everything together, heaviest stack first; then one profile per thread, heaviest thread first. */
export function buildSpeedscope(recorded: Profile, view: View): SpeedscopeFile {
  const profile = applyView(recorded, view);
  const groups = groupFrames(profile, view.by);
  const { meta } = profile;
  const draft = new SampledDrafts(profile, groups);
  return {
    $schema: 'https://www.speedscope.app/file-format-schema.json',
    name: ['tbprof', meta.host, startOf(meta)].filter(Boolean).join(' '),
    exporter: meta.recorder,
    activeProfileIndex: 0,
    shared: { frames: placesOf(profile, groups, view.by).map(describeFrame) },
    profiles: [draft.all(), ...draft.threads()],
  };
}

/** The same as JSON, in pieces: stacks are spelled out, which is long. */
export function* printSpeedscope({ shared, profiles, ...head }: SpeedscopeFile): Generator<string, void> {
  yield `${JSON.stringify(head).slice(0, -1)},"shared":{"frames":`;
  yield* printArray(shared.frames);
  yield '},"profiles":[';
  for (const [at, { samples, ...profile }] of profiles.entries()) {
    yield `${at === 0 ? '' : ','}${JSON.stringify(profile).slice(0, -1)},"samples":`;
    yield* printArray(samples);
    yield '}';
  }
  yield ']}\n';
}

const itemsPerPiece = 200;

function* printArray(items: readonly unknown[]): Generator<string, void> {
  yield '[';
  for (let at = 0; at < items.length; at += itemsPerPiece) {
    yield `${at === 0 ? '' : ','}${JSON.stringify(items.slice(at, at + itemsPerPiece)).slice(1, -1)}`;
  }
  yield ']';
}

function describeFrame({ name, file, line }: FramePlace): SpeedscopeFrame {
  return { name, ...(file !== '' && { file }), ...(line > 0 && { line }) };
}

/** What a thread did, one after another. */
interface Runs {
  readonly stacks: number[];
  readonly ticks: number[];
}

/** The format spells out the stack of each run: beyond so many of them its files are too large for its own app. */
const maxRuns = 200_000;

class SampledDrafts {
  readonly #profile: Profile;
  readonly #groups: FrameGroups;
  readonly #stacks = new Map<number, readonly number[]>();

  constructor(profile: Profile, groups: FrameGroups) {
    this.#profile = profile;
    this.#groups = groups;
  }

  all(): SampledProfile {
    const weights = foldStacks(this.#profile);
    const stacks = [...weights.keys()].filter((stack) => weights[stack]! > 0);
    stacks.sort((a, b) => weights[b]! - weights[a]! || a - b);
    return this.#finish(
      'all workers',
      stacks,
      stacks.map((stack) => weights[stack]!),
    );
  }

  /** In order of time; beyond {@link maxRuns} heaviest stack first, and the names say so. */
  threads(): SampledProfile[] {
    const totals = foldThreads(this.#profile);
    const inTime = this.#runs();
    const tooMany = inTime.reduce((sum, { stacks }) => sum + stacks.length, 0) > maxRuns;
    return [...totals.keys()]
      .filter((thread) => totals[thread]! > 0)
      .sort((a, b) => totals[b]! - totals[a]! || a - b)
      .map((thread) => {
        const { stacks, ticks } = tooMany ? foldRuns(inTime[thread]!) : inTime[thread]!;
        const label = labelThread(this.#profile, thread);
        return this.#finish(tooMany ? `${label} (not in order of time)` : label, stacks, ticks);
      });
  }

  #runs(): Runs[] {
    const { samples, threads } = this.#profile;
    const runs = threads.map((): Runs => ({ stacks: [], ticks: [] }));
    forEachSample(this.#profile, (sample, weight) => {
      const { stacks, ticks } = runs[samples.thread[sample]!]!;
      const stack = samples.stack[sample]!;
      // speedscope joins equal neighbours at import; joining them here keeps the file small.
      if (stacks.at(-1) === stack) {
        ticks[ticks.length - 1]! += weight;
      } else {
        stacks.push(stack);
        ticks.push(weight);
      }
    });
    return runs;
  }

  #finish(name: string, stacks: readonly number[], ticks: readonly number[]): SampledProfile {
    const { measure, rateHz } = this.#profile.meta;
    const weights = measure === 'count' ? ticks : toMicroseconds(ticks, rateHz);
    return {
      type: 'sampled',
      name,
      unit: measure === 'count' ? 'none' : 'microseconds',
      startValue: 0,
      endValue: weights.reduce((sum, weight) => sum + weight, 0),
      samples: stacks.map((stack) => this.#groupsOf(stack)),
      weights,
    };
  }

  #groupsOf(stack: number): readonly number[] {
    let groups = this.#stacks.get(stack);
    if (groups === undefined) {
      groups = framesOf(this.#profile, stack).map((frame) => this.#groups.groupOf[frame]!);
      this.#stacks.set(stack, groups);
    }
    return groups;
  }
}

function foldRuns({ stacks, ticks }: Runs): Runs {
  const weights = new Map<number, number>();
  for (const [run, stack] of stacks.entries()) weights.set(stack, (weights.get(stack) ?? 0) + ticks[run]!);
  const heaviest = [...weights].sort((a, b) => b[1] - a[1] || a[0] - b[0]);
  return { stacks: heaviest.map(([stack]) => stack), ticks: heaviest.map(([, weight]) => weight) };
}

/** Whole microseconds whose running sum is never off by more than a half: fractions would come back as 0.06000001. */
function toMicroseconds(ticks: readonly number[], rateHz: number): number[] {
  let total = 0;
  let given = 0;
  return ticks.map((tick) => {
    total += tick;
    const weight = Math.round((total * 1e6) / rateHz) - given;
    given += weight;
    return weight;
  });
}
