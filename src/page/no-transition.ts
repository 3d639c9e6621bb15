// Stands in for d3-transition in the bundle: changes are shown at once. d3-flame-graph animates every frame otherwise,
// and waits for that before it writes a label.
import { selection } from 'd3-selection';

const same = function <This>(this: This): This {
  return this;
};

Object.assign(selection.prototype, { transition: same, duration: same, ease: same, delay: same });
