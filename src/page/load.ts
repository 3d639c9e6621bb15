// The slots of the page -> the recording that it carries, and how it is to be shown first.
import { type Coverage, measureCoverage } from '../aggregate/coverage.ts';
import { groupings } from '../profile/labels.ts';
import type { Profile } from '../profile/profile.ts';
import { knowsCpu } from '../profile/weigh-by-cpu.ts';
import { decompress } from '../stream/compress.ts';
import { decodeStream } from '../stream/decode.ts';
import { byId } from './dom.ts';
import { initialState, type PageState } from './state.ts';

/** What the page carries; none of it ever changes. */
export interface Report {
  readonly profile: Profile;
  /** False where the recording was cut off. */
  readonly whole: boolean;
  readonly coverage: Coverage;
  readonly knowsCpu: boolean;
  /** As the command line asked for it. */
  readonly initial: PageState;
}

export async function loadReport(): Promise<Report> {
  const stream = await decompress(byId('stream').textContent.trim()).catch(() => {
    throw new Error('the recording in it is damaged');
  });
  const { profile, whole } = decodeStream(stream, 'this page');
  return { profile, whole, coverage: measureCoverage(profile), knowsCpu: knowsCpu(profile), initial: askedFor() };
}

function askedFor(): PageState {
  const { by, threads } = JSON.parse(byId('options').textContent) as { by: unknown; threads: unknown };
  return {
    ...initialState,
    by: groupings.find((grouping) => grouping === by) ?? initialState.by,
    split: threads === true ? 'thread' : 'none',
  };
}
