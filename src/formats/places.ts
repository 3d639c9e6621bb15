// Frames of a view as formats write them that keep name, file and line apart.
import type { FrameGroups, Grouping } from '../profile/labels.ts';
import type { Profile } from '../profile/profile.ts';

export interface FramePlace {
  /** Never empty. */
  readonly name: string;
  /** Empty where the frame is in no file, or where the view does not say. */
  readonly file: string;
  /** 0 where unknown, or where the view does not say. */
  readonly line: number;
}

/** The place of each group. */
export function placesOf({ frames, strings }: Profile, groups: FrameGroups, by: Grouping): FramePlace[] {
  return groups.example.map((frame, group) => {
    const label = groups.labels[group] || '<unknown>';
    const file = strings[frames.file[frame]!]!;
    if (by === 'module') return { name: label, file: '', line: 0 };
    if (by === 'file') return { name: label, file, line: 0 };
    const line = by === 'line' ? frames.line[frame]! : 0;
    return { name: strings[frames.function[frame]!]! || label, file, line };
  });
}
