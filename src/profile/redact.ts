// A profile that may leave the company: source text goes, and what a rule names becomes a placeholder, the same one
// wherever it stands. Every text of a profile passes through here: strings, threads, workers, hosts, events.
import { ProfileBuilder } from './builder.ts';
import { copyStacks } from './merge.ts';
import type { Profile, ProfileEvent } from './profile.ts';

export interface Redaction {
  /** True for a name, path, host or address that nobody may see. */
  readonly isSecret: (text: string) => boolean;
}

/** Placeholders are numbered in the order of the texts' first appearance: they tell nothing of what they stand for. */
export function redactProfile(profile: Profile, { isSecret }: Redaction): Profile {
  const placeholders = new Map<string, string>();
  const redact = (text: string): string => {
    if (text === '' || !isSecret(text)) return text;
    const known = placeholders.get(text) ?? `redacted-${placeholders.size + 1}`;
    placeholders.set(text, known);
    return known;
  };
  const { meta, frames, samples, workers, threads, events } = profile;
  const builder = new ProfileBuilder(meta);
  for (const { number, address, pid, host } of workers) {
    builder.addWorker({ number, address: redact(address), pid, host: host === null ? null : redact(host) });
  }
  // Two threads whose names are redacted stay two: no two texts have one placeholder.
  const threadIds = threads.map(({ worker, name }) => builder.thread(worker, redact(name)));
  const isName = new Uint8Array(profile.strings.length);
  for (const column of [frames.function, frames.file]) for (const string of column) isName[string] = 1;
  const strings = [...profile.strings.map((text, string) => (isName[string] === 1 ? redact(text) : '')), ''];
  const noSource = new Int32Array(frames.source.length).fill(strings.length - 1);
  const stackIds = copyStacks({ ...profile, strings, frames: { ...frames, source: noSource } }, builder);
  const view = builder.view();
  return {
    ...profile,
    meta: { ...meta, host: redact(meta.host), source: redact(meta.source), recorder: redact(meta.recorder) },
    strings: view.strings,
    frames: view.frames,
    stacks: view.stacks,
    workers: view.workers,
    threads: view.threads,
    samples: {
      ...samples,
      thread: samples.thread.map((thread) => threadIds[thread]!),
      stack: samples.stack.map((stack) => stackIds[stack]!),
    },
    events: events.map((event) => redactEvent(event, redact)),
  };
}

/** A line that was not understood may be source, or hold it. */
function redactEvent(event: ProfileEvent, redact: (text: string) => string): ProfileEvent {
  return { ...event, reason: event.kind === 'unreadable' ? '' : redact(event.reason) };
}
