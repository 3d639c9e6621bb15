// What the report page can be saved as: what passes the filters, for other programs.
import { startOf } from '../formats/amounts.ts';
import { renderCollapsed } from '../formats/collapsed.ts';
import { buildSpeedscope } from '../formats/speedscope.ts';
import type { Profile } from '../profile/profile.ts';
import { type FileOffer, nameFiles } from './downloads.ts';
import type { Shown } from './shown.ts';

export function offerFiles(shown: () => Shown): FileOffer[] {
  const view = () => ({ by: shown().by, threads: false });
  return [
    { text: 'Collapsed stacks', ending: '.collapsed', make: () => [renderCollapsed(shown().profile, view())] },
    {
      text: 'speedscope',
      ending: '.speedscope.json',
      make: () => [JSON.stringify(buildSpeedscope(shown().profile, view())), '\n'],
    },
  ];
}

/** Where and when it was recorded, as far as that is known. */
export function nameOf({ meta }: Profile): string {
  return nameFiles(meta.host, startOf(meta)?.slice(0, 19).replace(/[:T]/g, '-') ?? null);
}
