// A colour for each frame: the hue says the module and is the same in every report, the shade tells functions apart.

/** FNV-1a, 32 bits: http://www.isthe.com/chongo/tech/comp/fnv/ */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) value = Math.imul(value ^ text.charCodeAt(at), 0x01000193);
  return value >>> 0;
}

export const rootColour = 'hsl(0 0% 78%)';
export const matchColour = 'hsl(305 90% 60%)';

/** Hues go from 345 over 0 to 255: none near that of a match. */
export function frameColour(module: string, label: string): string {
  const hue = (345 + (hash(module) % 19) * 15) % 360;
  const light = 68 + (hash(label) % 5) * 3;
  return `hsl(${hue} 62% ${light}%)`;
}
