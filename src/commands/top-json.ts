// A refresh of `tbprof top` for machines. Its keys are a contract: they are described in the README, and new ones may be
// added.
import type { Heat, Refresh, TopRow } from './top-refresh.ts';

export interface TopDataOptions {
  readonly rateHz: number;
  readonly top: number;
  /** The last one, of a recording that has ended. */
  readonly isEnd: boolean;
}

export function refreshAsData(refresh: Refresh, { rateHz, top, isEnd }: TopDataOptions) {
  const { profile, elapsedMs, recentMs, workers, ticks, rows, troubles } = refresh;
  return {
    elapsedMs: Math.round(elapsedMs),
    recentMs: Math.round(recentMs),
    ended: isEnd,
    rateHz,
    ticks,
    workers: workers.map(({ label, busyCores, threads, ...worker }, row) => ({
      label,
      number: profile.workers[row]!.number,
      address: profile.workers[row]!.address,
      ...worker,
      busyCores: busyCores === null ? null : round(busyCores),
      threads: threads === null ? null : round(threads),
    })),
    functions: rows.slice(0, top).map((row) => describeRow(refresh, row)),
    troubles: troubles.map(({ workers: whose, story }) => ({ workers: whose.map((at) => workers[at]!.label), story })),
  };
}

function describeRow({ profile: { frames, strings } }: Refresh, { label, frame, recent, whole }: TopRow) {
  return {
    label,
    function: strings[frames.function[frame]!]!,
    file: strings[frames.file[frame]!]!,
    line: frames.line[frame]!,
    recent: roundAll(recent),
    whole: roundAll(whole),
  };
}

function roundAll({ selfShare, totalShare, selfSeconds, totalSeconds }: Heat): Heat {
  return {
    selfShare: round(selfShare),
    totalShare: round(totalShare),
    selfSeconds: round(selfSeconds),
    totalSeconds: round(totalSeconds),
  };
}

/** Six digits: the same on every machine. */
function round(number: number): number {
  return Math.round(number * 1e6) / 1e6;
}
