// Choosing a stretch of time with the keyboard: two sliders, a step of which is a bucket of the timeline.
import type { Range } from './brush.ts';
import { element } from './dom.ts';

export interface RangeFields {
  readonly element: HTMLElement;
  draw(range: Range, bounds: { readonly endMs: number; readonly stepMs: number }): void;
}

/** `onChoose` is given null where all of the time is chosen. */
export function createRangeFields(onChoose: (range: Range | null) => void): RangeFields {
  let [endMs, stepMs] = [0, 1];
  const from = createSlider('from', () =>
    choose(Math.min(at(from), endMs - stepMs), Math.max(at(to), at(from) + stepMs)),
  );
  const to = createSlider('to', () => choose(Math.min(at(from), at(to) - stepMs), Math.max(at(to), stepMs)));
  const choose = (fromMs: number, toMs: number) => {
    const range = { fromMs: Math.max(0, fromMs), toMs: Math.min(endMs, toMs) };
    onChoose(range.fromMs === 0 && range.toMs === endMs ? null : range);
  };
  const box = element('div', 'range-fields', from.label, to.label);
  box.setAttribute('role', 'group');
  box.setAttribute('aria-label', 'stretch of time');
  return {
    element: box,
    draw({ fromMs, toMs }, bounds) {
      ({ endMs, stepMs } = bounds);
      for (const [slider, ms] of [[from, fromMs] as const, [to, toMs] as const]) {
        slider.input.max = String(endMs);
        slider.input.step = String(stepMs);
        slider.input.value = String(ms);
        slider.input.setAttribute('aria-valuetext', `${(ms / 1_000).toFixed(2)} seconds`);
        slider.shown.textContent = `${(ms / 1_000).toFixed(2)} s`;
      }
    },
  };
}

interface Slider {
  readonly input: HTMLInputElement;
  readonly shown: HTMLElement;
  readonly label: HTMLElement;
}

function createSlider(name: string, onChange: () => void): Slider {
  const input = element('input', '') as HTMLInputElement;
  input.type = 'range';
  input.min = '0';
  input.name = `brush-${name}`;
  input.addEventListener('change', onChange);
  const shown = element('span', '');
  return { input, shown, label: element('label', '', `${name} `, input, ' ', shown) };
}

function at({ input }: Slider): number {
  return Number(input.value);
}
