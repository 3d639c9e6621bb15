// The slots of the page -> everything that is shown, computed once.
import { buildCallTree, type CallTree } from '../aggregate/call-tree.ts';
import { type Coverage, measureCoverage } from '../aggregate/coverage.ts';
import { foldStacks } from '../aggregate/fold.ts';
import { type FrameGroups, type Grouping, groupFrames, groupings } from '../profile/labels.ts';
import type { Profile } from '../profile/profile.ts';
import { rootThreads } from '../profile/thread-roots.ts';
import { decompress } from '../stream/compress.ts';
import { decodeStream } from '../stream/decode.ts';
import { byId } from './dom.ts';

export interface Report {
  readonly profile: Profile;
  /** False where the recording was cut off. */
  readonly whole: boolean;
  readonly by: Grouping;
  readonly groups: FrameGroups;
  readonly tree: CallTree;
  readonly coverage: Coverage;
}

export async function loadReport(): Promise<Report> {
  const stream = await decompress(byId('stream').textContent.trim()).catch(() => {
    throw new Error('the recording in it is damaged');
  });
  const { profile: recorded, whole } = decodeStream(stream, 'this page');
  const { by, threads } = chosenView();
  const profile = threads ? rootThreads(recorded) : recorded;
  const groups = groupFrames(profile, by);
  const tree = buildCallTree(profile.stacks, groups, foldStacks(profile));
  return { profile, whole, by, groups, tree, coverage: measureCoverage(profile) };
}

function chosenView(): { by: Grouping; threads: boolean } {
  const { by, threads } = JSON.parse(byId('view').textContent) as { by: unknown; threads: unknown };
  return { by: groupings.find((grouping) => grouping === by) ?? 'line', threads: threads === true };
}
