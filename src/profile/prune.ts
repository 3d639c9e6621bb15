// A profile without what no sample of it needs: after filters and before it leaves, so that nothing goes along unseen.
import { ProfileBuilder } from './builder.ts';
import type { Profile } from './profile.ts';

/** The same samples, dumps and events, with only the workers, threads, stacks, frames and strings that they name. */
export function pruneProfile(profile: Profile): Profile {
  const { dumps, samples, processes, events } = profile;
  const builder = new ProfileBuilder(profile.meta);
  const workerIds = new Int32Array(profile.workers.length).fill(-1);
  const isUsed = new Set([...dumps.worker, ...processes.worker, ...events.map(({ worker }) => worker)]);
  profile.workers.forEach((worker, row) => {
    if (isUsed.has(row)) workerIds[row] = builder.addWorker(worker);
  });
  const threads = mapUsed(samples.thread, profile.threads.length);
  profile.threads.forEach(({ worker, name }, row) => {
    if (threads[row] === 1) threads[row] = builder.thread(workerIds[worker]!, name);
  });
  const stacks = copyUsedStacks(profile, builder);
  const view = builder.view();
  const workerOf = (column: Int32Array) => column.map((worker) => workerIds[worker]!);
  return {
    ...view,
    meta: profile.meta,
    dumps: { ...dumps, worker: workerOf(dumps.worker) },
    samples: {
      ...samples,
      thread: samples.thread.map((thread) => threads[thread]!),
      stack: samples.stack.map((stack) => stacks[stack]!),
    },
    processes: { ...processes, worker: workerOf(processes.worker) },
    events: events.map((event) => ({ ...event, worker: workerIds[event.worker]! })),
  };
}

/** 1 for each row that the column names. */
function mapUsed(column: Int32Array, rows: number): Int32Array {
  const used = new Int32Array(rows);
  for (const row of column) used[row] = 1;
  return used;
}

/** The new number of each stack that a sample stands on. */
function copyUsedStacks({ strings, frames, stacks, samples }: Profile, builder: ProfileBuilder): Int32Array {
  const used = mapUsed(samples.stack, stacks.frame.length);
  for (let stack = used.length - 1; stack >= 0; stack--) {
    const parent = stacks.parent[stack]!;
    if (used[stack] === 1 && parent !== -1) used[parent] = 1;
  }
  const frameIds = new Map<number, number>();
  const copyFrame = (frame: number): number => {
    const text = (column: Int32Array) => builder.string(strings[column[frame]!]!);
    return builder.frame(text(frames.function), text(frames.file), frames.line[frame]!, text(frames.source));
  };
  for (let stack = 0; stack < used.length; stack++) {
    if (used[stack] === 0) continue;
    const parent = stacks.parent[stack]!;
    const frame = stacks.frame[stack]!;
    const id = frameIds.get(frame) ?? copyFrame(frame);
    frameIds.set(frame, id);
    used[stack] = builder.stack(parent === -1 ? -1 : used[parent]!, id);
  }
  return used;
}
