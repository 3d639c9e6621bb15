// A report for machines. Its keys are a contract: they are described in the README, and new ones may be added.
import { measureCoverage } from '../aggregate/coverage.ts';
import { hostOf } from '../profile/labels.ts';
import type { Profile } from '../profile/profile.ts';
import type { HotFrame, Hottest } from './hottest.ts';
import type { LoadedFile } from './inputs.ts';

export function reportAsData(profile: Profile, files: readonly LoadedFile[], hottest: Hottest) {
  const { meta, workers } = profile;
  const coverage = measureCoverage(profile);
  return {
    files: files.map(({ file, kind, whole, skipped }) => ({ file, kind, whole, skipped })),
    host: meta.host,
    startedEpochMs: meta.startedEpochMs,
    durationMs: meta.durationMs,
    measure: meta.measure,
    rateHz: meta.rateHz,
    source: meta.source,
    recorder: meta.recorder,
    ticks: {
      sampled: hottest.total,
      planned: coverage.planned,
      observed: coverage.observed,
      unobserved: coverage.unobserved,
    },
    dumps: coverage.dumps,
    incomplete: coverage.incomplete,
    workers: coverage.workers.map(({ worker, planned, observed, unobserved, cores, utilisation, gaps }) => ({
      number: workers[worker]!.number,
      address: workers[worker]!.address,
      pid: workers[worker]!.pid,
      host: hostOf(profile, worker),
      ticks: { planned, observed, unobserved },
      gaps: Object.fromEntries(gaps),
      cores,
      utilisation,
    })),
    functions: hottest.functions.map((row) => describeFrame(hottest, row)),
    tree: hottest.tree.map((node) => ({ depth: node.depth, ...describeFrame(hottest, node) })),
  };
}

function describeFrame({ profile, total: whole }: Hottest, { label, frame, self, total }: HotFrame) {
  const { frames, strings } = profile;
  return {
    label,
    function: strings[frames.function[frame]!]!,
    file: strings[frames.file[frame]!]!,
    line: frames.line[frame]!,
    self,
    total,
    selfShare: share(self, whole),
    totalShare: share(total, whole),
  };
}

/** Six digits: the same on every machine. */
function share(part: number, whole: number): number {
  return whole === 0 ? 0 : Math.round((part / whole) * 1e6) / 1e6;
}
