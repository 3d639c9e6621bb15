// The script of an SVG flame graph (src/formats/svg.ts): a click zooms, `/` or Ctrl-F searches, Escape takes both back.
// All that it knows is in the picture: places of rectangles, and the text of titles.

interface Frame {
  readonly group: Element;
  readonly rect: Element;
  readonly label: string;
  readonly fill: string;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  text: Element | null;
}

const charPx = 6.7;
/** Places are rounded to hundredths. */
const slackPx = 0.02;

const byId = (id: string) => document.getElementById(id)!;
const all = byId('frames');
const matchFill = all.getAttribute('data-match')!;
const frames = Array.from(all.children, (group): Frame => {
  const [title, rect, text] = Array.from(group.children);
  const number = (name: string) => Number(rect!.getAttribute(name));
  const label = title!.textContent!.slice(0, title!.textContent!.lastIndexOf('\n'));
  const fill = rect!.getAttribute('fill')!;
  return {
    group,
    rect: rect!,
    label,
    fill,
    x: number('x'),
    y: number('y'),
    width: number('width'),
    text: text ?? null,
  };
});
const root = frames[0]!;

let zoomed = root;
let wanted = '';

/** Where a frame is now; null: nowhere. */
function placeOf({ x, y, width }: Frame): { x: number; width: number } | null {
  const end = zoomed.x + zoomed.width;
  if (y < zoomed.y) return x <= zoomed.x + slackPx && x + width >= end - slackPx ? { x: 0, width: root.width } : null;
  if (x < zoomed.x - slackPx || x + width > end + slackPx) return null;
  const scale = root.width / zoomed.width;
  return { x: (x - zoomed.x) * scale, width: width * scale };
}

function draw(): void {
  let matched = 0;
  let matchedTo = 0;
  for (const frame of frames) {
    const place = placeOf(frame);
    frame.group.setAttribute('display', place === null ? 'none' : '');
    if (place === null) continue;
    frame.group.setAttribute('class', frame.y < zoomed.y ? 'above' : '');
    frame.rect.setAttribute('x', String(place.x));
    frame.rect.setAttribute('width', String(place.width));
    drawText(frame, place);
    const isMatch = wanted !== '' && frame.label.toLowerCase().includes(wanted);
    frame.rect.setAttribute('fill', isMatch ? matchFill : frame.fill);
    frame.text?.setAttribute('style', isMatch ? 'fill: #fff' : '');
    // In pre-order what is on top of a match lies within it, and counts once.
    if (!isMatch || frame.y < zoomed.y || place.x < matchedTo - slackPx) continue;
    matched += place.width;
    matchedTo = place.x + place.width;
  }
  byId('matched').textContent = wanted === '' ? '' : `matched: ${((100 * matched) / root.width).toFixed(1)}%`;
}

function drawText(frame: Frame, { x, width }: { x: number; width: number }): void {
  const length = Math.floor((width - 6) / charPx);
  const { label } = frame;
  const text = label.length <= length ? label : length < 3 ? '' : `${label.slice(0, length - 1)}…`;
  if (frame.text === null) {
    if (text === '') return;
    frame.text = document.createElementNS('http://www.w3.org/2000/svg', 'text');
    frame.text.setAttribute('y', String(frame.y + 13));
    frame.group.append(frame.text);
  }
  frame.text.setAttribute('x', String(x + 3));
  frame.text.textContent = text;
}

function search(): void {
  const answer = prompt('Search functions and files', wanted);
  if (answer === null) return;
  wanted = answer.toLowerCase();
  draw();
}

function reset(): void {
  zoomed = root;
  wanted = '';
  draw();
}

all.addEventListener('click', (event) => {
  const group = (event.target as Element).closest('#frames > g');
  zoomed = frames.find((frame) => frame.group === group) ?? zoomed;
  draw();
});
addEventListener('keydown', (event) => {
  const asks = event.key === '/' || (event.key === 'f' && (event.ctrlKey || event.metaKey));
  if (asks) {
    event.preventDefault();
    search();
  } else if (event.key === 'Escape') {
    reset();
  }
});
for (const [id, action] of [['search', search] as const, ['reset', reset] as const]) {
  byId(id).style.display = 'inline';
  byId(id).addEventListener('click', action);
}
