// The files that a command is given -> one profile, and a word to people on what is not in it.
import { usageError } from '../errors.ts';
import { count } from '../formats/summary.ts';
import { readInput } from '../output/files.ts';
import type { Terminal } from '../output/terminal.ts';
import { type LoadedProfile, loadProfile } from '../pipeline.ts';
import { commonMeasure, mergeProfiles } from '../profile/merge.ts';
import type { Profile } from '../profile/profile.ts';
import { visible } from '../visible.ts';

/** What a file was: for those who look at the result. */
export interface LoadedFile extends Omit<LoadedProfile, 'profile'> {
  readonly file: string;
}

export interface Inputs {
  readonly profile: Profile;
  readonly files: readonly LoadedFile[];
}

/** One after another: two large files would need twice the memory. `prepare` is done to each before they are merged. */
export async function loadInputs(
  files: readonly string[],
  prepare: (profile: Profile, file: string) => Profile,
  { say }: Pick<Terminal, 'say'>,
): Promise<Inputs> {
  if (files.filter((file) => file === '-').length > 1) throw usageError('- is given twice', 'there is one stdin');
  const loaded: LoadedFile[] = [];
  const profiles: Profile[] = [];
  for (const file of files) {
    const { profile, ...rest } = await loadProfile(readInput(file), file);
    profiles.push(prepare(profile, file));
    loaded.push({ file, ...rest });
    for (const line of describeLosses(loaded.at(-1)!)) say(visible(line));
  }
  if (profiles.length > 1 && commonMeasure(profiles) === null) throw cannotMerge(loaded, profiles);
  return { profile: mergeProfiles(profiles), files: loaded };
}

function describeLosses({ file, whole, skipped }: LoadedFile): string[] {
  const cut = whole ? [] : [`${file} stops before its end: what is whole of it is shown`];
  const losses = skipped.map(({ what, count: number, first }) => {
    const things = number === 1 ? what.replace(/s\b/, '') : what;
    const place = number === 1 ? first : `from ${first} on`;
    return `${number} ${things}${first === null ? '' : ` (${place})`}`;
  });
  return losses.length === 0 ? cut : [...cut, `${file}: skipped ${losses.join('; ')}`];
}

function cannotMerge(files: readonly LoadedFile[], profiles: readonly Profile[]) {
  const told = { wall: 'time', cpu: 'processor time', count: 'counts without a time' };
  const parts = files.map(({ file }, index) => `${file} has ${told[profiles[index]!.meta.measure]}`);
  const shown = parts.slice(0, 4).join(', ');
  const more = parts.length > 4 ? `, and ${count(parts.length - 4, 'more file')}` : '';
  return usageError(`these cannot be added up: ${shown}${more}`, 'report them one by one');
}
