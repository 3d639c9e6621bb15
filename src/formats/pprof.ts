// pprof's protocol buffer, gzipped: https://github.com/google/pprof/blob/main/proto/profile.proto
// A message may be written in parts, one after another: repeated fields add up, whatever their order.
import { emptyTableToken, Profile as Message, type ProfileInput, type SampleInput, StringTable } from 'pprof-format';
import { groupFrames, labelWorker } from '../profile/labels.ts';
import { PairTable } from '../profile/pairs.ts';
import { forEachSample, type Profile } from '../profile/profile.ts';
import { knowsCpu } from '../profile/weigh-by-cpu.ts';
import { gzip } from '../stream/compress.ts';
import { applyView, type Format, type View } from './format.ts';
import { placesOf } from './places.ts';

export const pprof: Format = {
  name: 'pprof',
  description: 'pprof, gzipped: for go tool pprof, Grafana Pyroscope, Parca',
  extensions: ['.pb.gz', '.pprof'],
  isBinary: true,
  render: (profile, view) => gzip(encodePprof(applyView(profile, view), view)),
};

const samplesPerPart = 1_000;

function* encodePprof(profile: Profile, view: View): Generator<Uint8Array, void> {
  const strings = new StringTable();
  const groups = groupFrames(profile, view.by);
  const types = sampleTypes(profile);
  const labels = profile.threads.map((_, thread) => labelsOf(profile, thread, strings));
  const { stacks } = profile;
  let part: SampleInput[] = [];
  for (const { thread, stack, ...sums } of foldByThread(profile)) {
    const locationId: number[] = []; // leaf first
    for (let at = stack; at !== -1; at = stacks.parent[at]!) locationId.push(1 + groups.groupOf[stacks.frame[at]!]!);
    part.push({ locationId, value: types.map(({ next }) => next(sums)), label: labels[thread]! });
    if (part.length < samplesPerPart) continue;
    yield encodePart({ sample: part });
    part = [];
  }
  yield encodePart({ sample: part });
  const typeOf = ({ type, unit }: SampleType) => ({ type: strings.dedup(type), unit: strings.dedup(unit) });
  const main = types[1] ?? types[0]!; // time, where there is one
  yield encodePart({
    sampleType: types.map(typeOf),
    defaultSampleType: strings.dedup(main.type),
    periodType: typeOf(main),
    period: main.unit === 'count' ? 1 : Math.round(1e9 / profile.meta.rateHz),
    timeNanos: BigInt(Math.round(profile.meta.startedEpochMs)) * 1_000_000n,
    durationNanos: (profile.meta.durationMs ?? 0) * 1e6,
    comment: [strings.dedup(profile.meta.recorder)],
  });
  yield encodePart(tablesOf(placesOf(profile, groups, view.by), strings));
  yield encodePart({ stringTable: strings });
}

function encodePart(part: ProfileInput): Uint8Array {
  return new Message({ stringTable: new StringTable(emptyTableToken), ...part }).encode();
}

/** One location for each frame of the view; functions are told apart by name and file. */
function tablesOf(places: ReturnType<typeof placesOf>, strings: StringTable): ProfileInput {
  const functions = new Map<string, { id: number; name: number; systemName: number; filename: number }>();
  const location = places.map(({ name: text, file, line }, group) => {
    const name = strings.dedup(text);
    const filename = strings.dedup(file);
    const key = `${name} ${filename}`;
    const known = functions.get(key) ?? { id: functions.size + 1, name, systemName: name, filename };
    functions.set(key, known);
    return { id: group + 1, line: [{ functionId: known.id, line }] };
  });
  return { location, function: [...functions.values()] };
}

interface Sums {
  readonly ticks: number;
  readonly cpuUs: number;
}

interface SampleType {
  readonly type: 'samples' | 'wall' | 'cpu';
  readonly unit: 'count' | 'nanoseconds';
  /** The value of the next sample. */
  readonly next: (sums: Sums) => number;
}

function sampleTypes(profile: Profile): SampleType[] {
  const { measure, rateHz } = profile.meta;
  const count: SampleType = { type: 'samples', unit: 'count', next: ({ ticks }) => ticks };
  const nsOfTicks = wholeSteps(1e9 / rateHz);
  const timed: SampleType = {
    type: measure === 'cpu' ? 'cpu' : 'wall',
    unit: 'nanoseconds',
    next: ({ ticks }) => nsOfTicks(ticks),
  };
  if (measure === 'count') return [count];
  if (measure === 'cpu') return [timed]; // its ticks may be microseconds: no number of samples
  if (!knowsCpu(profile)) return [count, timed];
  return [count, timed, { type: 'cpu', unit: 'nanoseconds', next: ({ cpuUs }) => cpuUs * 1_000 }];
}

/** Whole numbers whose running sum is never off by more than a half. */
function wholeSteps(scale: number): (ticks: number) => number {
  let total = 0;
  let given = 0;
  return (ticks) => {
    total += ticks;
    const step = Math.min(Math.round(total * scale) - given, Number.MAX_SAFE_INTEGER);
    given += step;
    return step;
  };
}

function labelsOf(profile: Profile, thread: number, strings: StringTable): NonNullable<SampleInput['label']> {
  const { name, worker } = profile.threads[thread]!;
  const host = profile.workers[worker]!.host ?? profile.meta.host;
  // Not the bare number of the worker: `-tagfocus=worker=2` would ask for a label that is no text.
  const labels = { thread: name, worker: labelWorker(profile, worker), host };
  return Object.entries(labels)
    .filter(([, text]) => text !== '')
    .map(([key, text]) => ({ key: strings.dedup(key), str: strings.dedup(text) }));
}

/** One row for each stack of each thread, in the order of first appearance. */
function* foldByThread(profile: Profile): Generator<Sums & { readonly thread: number; readonly stack: number }, void> {
  const { samples } = profile;
  const pairs = new PairTable();
  const pairOf = samples.stack.map((stack, sample) => pairs.number(samples.thread[sample]!, stack));
  const ticks = new Float64Array(pairs.size);
  const cpuUs = new Float64Array(pairs.size);
  forEachSample(profile, (sample, weight) => {
    ticks[pairOf[sample]!]! += weight;
    cpuUs[pairOf[sample]!]! += Math.max(0, samples.cpuUs[sample]!);
  });
  const thread = pairs.first();
  const stack = pairs.second();
  for (let row = 0; row < ticks.length; row++) {
    yield { thread: thread[row]!, stack: stack[row]!, ticks: ticks[row]!, cpuUs: cpuUs[row]! };
  }
}
