// The slots of the page -> the two recordings that it carries, and how the command line wanted them compared.
import type { Per } from '../../aggregate/blocks.ts';
import { type Coverage, measureCoverage } from '../../aggregate/coverage.ts';
import type { DiffOptions } from '../../aggregate/diff.ts';
import { groupings } from '../../profile/labels.ts';
import type { Profile } from '../../profile/profile.ts';
import { decompress } from '../../stream/compress.ts';
import { decodeStream } from '../../stream/decode.ts';
import { byId } from '../dom.ts';

/** One of the two. */
export interface Recording {
  /** As the command line named it. */
  readonly name: string;
  readonly profile: Profile;
  /** False where the recording was cut off. */
  readonly whole: boolean;
  readonly coverage: Coverage;
}

/** What the page carries; none of it ever changes. */
export interface Comparison {
  readonly before: Recording;
  readonly after: Recording;
  readonly initial: DiffOptions;
  /** Counts have no time: they cannot be compared per second. */
  readonly hasTime: boolean;
}

export async function loadComparison(): Promise<Comparison> {
  const asked = JSON.parse(byId('comparison').textContent) as Record<keyof DiffOptions | 'before' | 'after', unknown>;
  const before = await loadSide('before', asked.before);
  const after = await loadSide('after', asked.after);
  const per: Per = asked.per === 'second' ? 'second' : 'share';
  const by = groupings.find((grouping) => grouping === asked.by) ?? 'function';
  const hasTime = [before, after].every(({ profile }) => profile.meta.measure !== 'count');
  return { before, after, initial: { by, per, stacks: asked.stacks === true }, hasTime };
}

async function loadSide(side: 'before' | 'after', name: unknown): Promise<Recording> {
  const stream = await decompress(byId(`stream-${side}`).textContent.trim()).catch(() => {
    throw new Error(`the recording of ${side} in it is damaged`);
  });
  const { profile, whole } = decodeStream(stream, 'this page');
  return { name: String(name), profile, whole, coverage: measureCoverage(profile) };
}
