// The writers of tbprof by name: what other programs read is written by the formats that users have.
import { formats } from '../../dist/formats/index.js';

export function formatNamed(name) {
  return formats.find((format) => format.name === name);
}
