// Labels for narrow frames: what tells frames apart stays, what they share goes first.

/** `name (place)`; names without a place are of modules, files, threads. */
const placed = /^(.{1,400}) \(([^()]{1,400})\)$/s;

/**
 * At most `most` characters. `get_response (django/core/base.py:9)` loses the folders, then the place, then the middle
 * of the name. Where `twins` have the same name, it is the end of the place that tells it from them.
 */
export function shorten(label: string, most: number, twins: readonly string[] = []): string {
  if (label.length <= most) return label;
  const [, name = label, place = null] = placed.exec(label) ?? [];
  if (place !== null) {
    const own = twins.length === 0 ? '' : ownEnd(place, twins);
    for (const end of [`…/${endOf(place, 2)}`, endOf(place, 1)]) {
      const one = `${name} (${end})`;
      if (one.length <= most && end.endsWith(own)) return one;
    }
    if (own !== '') return shortenPlaced(name, own, most);
  } else if (name.includes('/')) {
    const base = endOf(name, 1);
    if (base.length > 0 && base.length + 2 <= most) return `…${name.slice(-(most - 1))}`;
  }
  return cutMiddle(name, most);
}

/** The name goes first. */
function shortenPlaced(name: string, end: string, most: number): string {
  const whole = `${name} ${end}`;
  if (whole.length <= most) return whole;
  const left = most - end.length - 1;
  if (left >= 2) return `${cutMiddle(name, left)} ${end}`;
  if (end.startsWith(':')) return cutMiddle(end, most);
  return end.length + 2 <= most ? `…/${end}` : cutMiddle(end, most);
}

/** As much of a place as no twin has: its line, where they are in one file. */
function ownEnd(place: string, twins: readonly string[]): string {
  const others = twins.map((twin) => placed.exec(twin)?.[2] ?? '');
  const line = /:\d+$/.exec(place)?.[0];
  const file = place.slice(0, -(line?.length ?? 0));
  if (line && others.every((other) => other.startsWith(`${file}:`) && other !== place)) return line;
  const parts = place.split('/').length;
  let count = 1;
  while (count < parts && others.some((other) => endOf(other, count) === endOf(place, count))) count++;
  return endOf(place, count);
}

function endOf(path: string, parts: number): string {
  return path.split('/').slice(-parts).join('/');
}

/** Those of the labels, but of this one itself, that have its name. */
export function twinsOf(label: string, labels: Iterable<string>): string[] {
  const name = placed.exec(label)?.[1];
  if (name === undefined) return [];
  return [...labels].filter(
    (other) => other !== label && other.startsWith(`${name} (`) && placed.exec(other)?.[1] === name,
  );
}

export function cutMiddle(text: string, most: number): string {
  if (text.length <= most) return text;
  if (most < 2) return most < 1 ? '' : '…';
  const tail = Math.floor((most - 1) / 2);
  return `${text.slice(0, most - 1 - tail)}…${tail === 0 ? '' : text.slice(-tail)}`;
}
