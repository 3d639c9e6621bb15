// The form of the filters, and the line that says which of them hold and how much is left.
import { foldThreads } from '../aggregate/fold.ts';
import { kindOf, labelThread, labelWorker, moduleOf } from '../profile/labels.ts';
import type { Profile } from '../profile/profile.ts';
import { button, byId, element } from './dom.ts';
import { share, ticksText } from './numbers.ts';
import { cutMiddle } from './shorten.ts';
import { type Change, type Filters, isUnfiltered, noFilters } from './state.ts';
import type { Page, Scene } from './view.ts';

/** Boxes to tick, per kind; there may be thousands of threads. */
const mostBoxes = 60;

export interface FilterPanel {
  draw(scene: Scene): void;
  toggle(): void;
}

export function createFilterPanel(page: Page): FilterPanel {
  const form = byId<HTMLFormElement>('filters');
  const open = byId<HTMLButtonElement>('filter-open');
  const change = (filters: Partial<Filters>) => page.apply({ filters, cursor: null });
  const lists = listChoices(page.report.profile);
  const fields = createFields(change);
  const boxes = [
    createBoxes('workers', lists.workers, (workers) => change({ workers: workers.map(Number) })),
    createBoxes('threads', lists.threads, (threads) => change({ threads: threads.map(Number) })),
    createBoxes('hide modules', lists.modules, (hide) => change({ hide })),
  ] as const;
  form.append(fields.element, ...boxes.map(({ element: box }) => box));
  form.addEventListener('submit', (event) => event.preventDefault());
  const toggle = () => {
    form.hidden = !form.hidden;
    open.setAttribute('aria-expanded', String(!form.hidden));
    if (!form.hidden) form.querySelector('input')!.focus();
  };
  open.addEventListener('click', toggle);
  return {
    toggle,
    draw(scene) {
      const { filters } = scene.state;
      fields.draw(filters);
      boxes[0].draw(filters.workers.map(String));
      boxes[1].draw(filters.threads.map(String));
      boxes[2].draw(filters.hide);
      drawScope(page, scene);
    },
  };
}

interface Choice {
  readonly value: string;
  readonly text: string;
}

interface Choices {
  readonly shown: readonly Choice[];
  readonly all: number;
}

/** The busiest first. */
function listChoices(profile: Profile): { workers: Choices; threads: Choices; modules: Choices } {
  const byThread = foldThreads(profile);
  const byWorker = new Float64Array(profile.workers.length);
  for (const [thread, ticks] of byThread.entries()) byWorker[profile.threads[thread]!.worker]! += ticks;
  const busiest = (weights: Float64Array, label: (row: number) => string): Choices => ({
    all: weights.length,
    shown: [...weights.keys()]
      .sort((a, b) => weights[b]! - weights[a]! || a - b)
      .slice(0, mostBoxes)
      .map((row) => ({ value: String(row), text: label(row) })),
  });
  return {
    workers: busiest(byWorker, (worker) => labelWorker(profile, worker)),
    threads: busiest(byThread, (thread) => labelThread(profile, thread)),
    modules: listModules(profile),
  };
}

/** Modules of libraries, those with the most frames first. */
function listModules({ frames, strings }: Profile): Choices {
  const counts = new Map<string, number>();
  for (const file of frames.file) {
    const text = strings[file]!;
    if (kindOf(text) !== 'library' && kindOf(text) !== 'standard') continue;
    const module = moduleOf(text);
    counts.set(module, (counts.get(module) ?? 0) + 1);
  }
  const names = [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)).map(([name]) => name);
  return { all: names.length, shown: names.slice(0, mostBoxes).map((name) => ({ value: name, text: name })) };
}

function createBoxes(title: string, { shown, all }: Choices, onChange: (values: string[]) => void) {
  const boxes = shown.map(({ value, text }) => {
    const box = element('input', '') as HTMLInputElement;
    box.type = 'checkbox';
    box.value = value;
    return { box, label: element('label', '', box, element('bdi', '', cutMiddle(text, 60))) };
  });
  const note = all > shown.length ? [element('p', 'note', `the first ${shown.length} of ${all}`)] : [];
  const made = element('fieldset', '', element('legend', '', title), ...boxes.map(({ label }) => label), ...note);
  made.hidden = all === 0;
  made.addEventListener('change', () => onChange(boxes.filter(({ box }) => box.checked).map(({ box }) => box.value)));
  return {
    element: made,
    draw(values: readonly string[]) {
      for (const { box } of boxes) box.checked = values.includes(box.value);
    },
  };
}

const patternFields = {
  focus: 'only what is called by',
  include: 'only stacks with',
  exclude: 'no stacks with',
} as const;

function createFields(change: (filters: Partial<Filters>) => void) {
  const text = (
    name: 'focus' | 'include' | 'exclude' | 'from' | 'to',
    label: string,
    onChange: (value: string) => void,
  ) => {
    const input = element('input', '') as HTMLInputElement;
    input.name = name;
    input.type = name === 'from' || name === 'to' ? 'number' : 'text';
    if (input.type === 'number') {
      input.min = '0';
      input.step = 'any';
    } else {
      input.placeholder = 'text or /regex/';
      input.spellcheck = false;
    }
    input.addEventListener('change', () => onChange(input.value));
    return { input, label: element('label', '', label, ' ', input) };
  };
  const ms = (value: string) => (value === '' || !(Number(value) >= 0) ? null : Math.round(1_000 * Number(value)));
  const patterns = Object.entries(patternFields).map(([name, label]) => ({
    name: name as keyof typeof patternFields,
    ...text(name as keyof typeof patternFields, label, (value) => change({ [name]: value })),
  }));
  const from = text('from', 'from second', (value) => change({ fromMs: ms(value) }));
  const to = text('to', 'to second', (value) => change({ toMs: ms(value) }));
  const appOnly = element('input', '') as HTMLInputElement;
  appOnly.type = 'checkbox';
  appOnly.name = 'app';
  appOnly.addEventListener('change', () => change({ appOnly: appOnly.checked }));
  const made = element(
    'fieldset',
    'patterns',
    element('legend', '', 'stacks and time'),
    ...patterns.map(({ label }) => label),
    from.label,
    to.label,
    element('label', '', appOnly, 'only application code'),
  );
  return {
    element: made,
    draw(filters: Filters) {
      for (const { name, input } of patterns) input.value = filters[name];
      from.input.value = filters.fromMs === null ? '' : String(filters.fromMs / 1_000);
      to.input.value = filters.toMs === null ? '' : String(filters.toMs / 1_000);
      appOnly.checked = filters.appOnly;
    },
  };
}

/** A chip per filter, each of which takes it away, and the share that is left. */
function drawScope(page: Page, { state, shown }: Scene): void {
  const { filters } = state;
  const scope = byId('scope');
  scope.hidden = isUnfiltered(filters);
  if (scope.hidden) {
    scope.replaceChildren();
    return;
  }
  const ticks = shown.tree.total[0]!;
  const { meta } = shown.profile;
  const whole = meta.measure === 'wall' ? shown.wholeTicks : ticksText(shown.wholeTicks, meta);
  const left = `shown ${share(ticks, shown.wholeTicks)} of the whole (${ticksText(ticks, meta)} of ${whole})`;
  const empty = ticks === 0 ? [element('span', 'empty', 'Nothing passes the filters.')] : [];
  scope.replaceChildren(
    ...listChips(page, filters).map(({ text, without }) => {
      const chip = button(`${cutMiddle(text, 80)} ×`, () => page.apply({ filters: without, cursor: null } as Change));
      chip.className = 'chip';
      chip.title = 'take this filter away';
      return chip;
    }),
    element('span', 'left', left),
    ...empty,
    ...shown.problems.map((problem) => element('span', 'problem', problem)),
    button('Clear filters', () => page.apply({ filters: noFilters, cursor: null })),
  );
}

function listChips({ report: { profile } }: Page, filters: Filters): { text: string; without: Partial<Filters> }[] {
  const chips: { text: string; without: Partial<Filters> }[] = [];
  const some = (rows: readonly number[], thing: string, label: (row: number) => string) =>
    rows.length > 2 ? `${rows.length} ${thing}s` : rows.map(label).join(', ');
  const workerName = (row: number) => (profile.workers[row] ? labelWorker(profile, row) : `no worker ${row}`);
  const threadName = (row: number) => (profile.threads[row] ? labelThread(profile, row) : `no thread ${row}`);
  if (filters.workers.length > 0)
    chips.push({ text: some(filters.workers, 'worker', workerName), without: { workers: [] } });
  if (filters.threads.length > 0)
    chips.push({ text: some(filters.threads, 'thread', threadName), without: { threads: [] } });
  if (filters.fromMs !== null || filters.toMs !== null) {
    const end = filters.toMs === null ? 'the end' : `${(filters.toMs / 1_000).toFixed(2)} s`;
    chips.push({
      text: `${((filters.fromMs ?? 0) / 1_000).toFixed(2)} s to ${end}`,
      without: { fromMs: null, toMs: null },
    });
  }
  for (const [name, label] of Object.entries(patternFields) as [keyof typeof patternFields, string][]) {
    if (filters[name] !== '') chips.push({ text: `${label} ${filters[name]}`, without: { [name]: '' } });
  }
  for (const module of filters.hide) {
    chips.push({ text: `hidden: ${module}`, without: { hide: filters.hide.filter((other) => other !== module) } });
  }
  if (filters.appOnly) chips.push({ text: 'only application code', without: { appOnly: false } });
  return chips;
}
