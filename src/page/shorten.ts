// Labels for narrow frames: what tells frames apart stays, what they share goes first.

/**
 * At most `most` characters. `get_response (django/core/base.py:9)` loses the folders, then the place, then the middle
 * of the name.
 */
export function shorten(label: string, most: number): string {
  if (label.length <= most) return label;
  const placed = /^(.{1,400}) \(([^()]{1,400})\)$/s.exec(label);
  const name = placed?.[1] ?? label;
  if (placed) {
    const place = placed[2]!;
    const base = place.slice(place.lastIndexOf('/') + 1);
    const parent = place.split('/').slice(-2).join('/');
    for (const short of [`${name} (…/${parent})`, `${name} (${base})`, name]) {
      if (short.length <= most) return short;
    }
  } else if (name.includes('/')) {
    const base = name.slice(name.lastIndexOf('/') + 1);
    if (base.length > 0 && base.length + 2 <= most) return `…${name.slice(-(most - 1))}`;
  }
  return cutMiddle(name, most);
}

export function cutMiddle(text: string, most: number): string {
  if (text.length <= most) return text;
  if (most < 2) return most < 1 ? '' : '…';
  const tail = Math.floor((most - 1) / 2);
  return `${text.slice(0, most - 1 - tail)}…${tail === 0 ? '' : text.slice(-tail)}`;
}
