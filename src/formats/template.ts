// Pages of templates/ with what is put into them. Templates open by themselves: the demo in them is replaced.
import { labelWorker } from '../profile/labels.ts';
import type { Profile } from '../profile/profile.ts';
import { startOf } from './amounts.ts';

/** With a function, since a replacement string would give `$&` in the text a meaning. */
export function fill(page: string, slot: RegExp, text: string): string {
  if (!slot.test(page)) throw new Error(`the template has no place for ${slot}`);
  return page.replace(slot, () => text);
}

export function fillTitle(page: string, profile: Profile): string {
  return fill(page, /<title>[^<]*<\/title>/, `<title>${escapeMarkup(titleOf(profile))}</title>`);
}

/** What comes before and after the content of the element that carries data; what was in it is gone. */
export function openSlot(page: string, slot: RegExp): { readonly before: string; readonly after: string } {
  const found = slot.exec(page);
  if (!found) throw new Error(`the template has no place for ${slot}`);
  const start = found.index + found[0].indexOf('>') + 1;
  const end = found.index + found[0].lastIndexOf('<');
  return { before: page.slice(0, start), after: page.slice(end) };
}

/** Where and when it was recorded, as far as that is known, and of whom. */
export function titleOf(profile: Profile): string {
  const { meta, workers } = profile;
  const names =
    workers.length <= 2 ? workers.map((_, worker) => labelWorker(profile, worker)) : [`${workers.length} workers`];
  const start = startOf(meta);
  const parts = [meta.host, ...names, ...(start === null ? [] : [`${start.slice(0, 16)}Z`])];
  return `tbprof: ${parts.filter((part) => part !== '').join(', ')}`;
}

/** Text for HTML and XML, in elements and in attributes. XML has no place for control characters, and none for halves of pairs. */
export function escapeMarkup(text: string): string {
  return text
    .replace(/\p{Surrogate}|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffe\uffff]/gu, '\ufffd')
    .replace(/[&<>"'\t\r\n]/g, (char) => `&#${char.charCodeAt(0)};`);
}
