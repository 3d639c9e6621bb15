// One function between all that called it, above, and all that it called, below.
import type { CallTree } from '../aggregate/call-tree.ts';
import { listFunctions } from '../aggregate/functions.ts';
import { buildSandwich } from '../aggregate/sandwich.ts';
import { matchColours } from '../profile/palette.ts';
import { createChart } from './chart.ts';
import { element } from './dom.ts';
import { copyName, copyPath } from './frame-bar.ts';
import { groupColours, labelNode, titleNode } from './labels.ts';
import { share, ticksText, time } from './numbers.ts';
import type { Picture } from './pictures.ts';
import { cutMiddle } from './shorten.ts';
import { remember, type Shown } from './shown.ts';
import { describeNode, hideTooltip, showTooltip } from './tooltip.ts';
import { aboveRoot, describeLeftOut, leastTicks } from './trees.ts';
import type { Page, Scene, View } from './view.ts';
import { pressInGraph } from './walk.ts';
import { pathTo } from './zoom.ts';

/** Functions to choose from; the table has them all. */
const mostChoices = 60;

export function createSandwich(page: Page): View {
  const choice = element('select', '') as HTMLSelectElement;
  choice.addEventListener('change', () => page.apply({ subject: choice.value }));
  const weight = element('span', 'soft');
  const head = element('div', 'frame-bar', element('label', '', 'function ', choice), weight);
  const note = element('p', 'note');
  const callers = createHalf(page, 'callers of the function', false);
  const callees = createHalf(page, 'what the function called', true);
  const both = [callers.box, callees.box];
  const list = remember(
    (shown: Shown) => listFunctions(shown.tree),
    ({ tree }) => [tree],
  );
  const build = remember((tree: CallTree, group: number) => {
    const sandwich = buildSandwich(tree, group, leastTicks(tree));
    return { callers: aboveRoot(sandwich.callers), callees: aboveRoot(sandwich.callees) };
  });
  return {
    pictures: () => [...callers.picture(), ...callees.picture()],
    press: (key) => callers.press(key) || callees.press(key),
    element: element('section', 'sandwich', head, note, ...both),
    draw(scene) {
      const { shown } = scene.functions();
      const rows = list(shown);
      const { labels } = shown.groups;
      const group = scene.state.subject === null ? (rows[0]?.group ?? -1) : labels.indexOf(scene.state.subject);
      const names = rows.slice(0, mostChoices).map((row) => labels[row.group]!);
      fillChoice(choice, names, group === -1 ? (scene.state.subject ?? '') : labels[group]!);
      const halves = group === -1 ? null : build(shown.tree, group);
      const isSeen = halves?.callees != null && halves.callers !== null;
      for (const box of both) box.hidden = !isSeen;
      const missing = rows.length === 0 ? 'There is no function to show.' : 'This function is not in what is shown.';
      note.textContent = isSeen ? describeLeftOut(shown.tree) : missing;
      note.hidden = note.textContent === '';
      weight.textContent = isSeen ? describe(shown, halves.callees!) : '';
      if (!isSeen) return;
      callers.draw(scene, halves.callers!);
      callees.draw(scene, halves.callees!);
    },
  };
}

function fillChoice(choice: HTMLSelectElement, names: readonly string[], chosen: string): void {
  const all = names.includes(chosen) || chosen === '' ? names : [chosen, ...names];
  choice.replaceChildren(
    ...all.map((name) => {
      const option = element('option', '', cutMiddle(name, 90)) as HTMLOptionElement;
      option.value = name;
      return option;
    }),
  );
  choice.value = chosen;
}

function describe({ profile, tree }: Shown, callees: CallTree): string {
  const weigh = (ticks: number) =>
    `${time(ticks, profile.meta)}, ${share(ticks, tree.total[0]!)} (${ticksText(ticks, profile.meta)})`;
  return `total ${weigh(callees.total[0]!)}; callers above, callees below; a click or Enter on a frame puts it into the middle`;
}

function createHalf(page: Page, name: string, rootOnTop: boolean) {
  let drawn: { scene: Scene; shown: Shown; tree: CallTree } | null = null;
  /** The frame that the keyboard is on: of this half and this function, so that no link keeps it. */
  let cursor: number | null = null;
  const pick = (node: number) => {
    const subject = drawn!.shown.groups.labels[drawn!.tree.group[node]!]!;
    page.apply({ subject });
    page.say(`${subject} is in the middle`);
  };
  const chart = createChart(name, {
    onPick: pick,
    onPoint: (node, at) => {
      if (node === null || drawn === null) hideTooltip();
      else showTooltip(describeNode(drawn.shown, drawn.tree, node), at);
    },
  });
  chart.element.setAttribute(
    'aria-label',
    `${name}; arrow keys walk the frames, Enter puts one into the middle, the functions view has the same as a table`,
  );
  const labelsOf = remember(
    (tree: CallTree, labels: readonly string[]) => (node: number) => labelNode(tree, labels, node),
  );
  const draw = (scene: Scene, tree: CallTree) => {
    const { shown, found } = scene.functions();
    if (tree !== drawn?.tree) cursor = null;
    drawn = { scene, shown, tree };
    hideTooltip();
    const colours = groupColours(shown.profile, shown.groups, scene.theme);
    chart.draw({
      tree,
      zoom: 0,
      rootOnTop,
      labelOf: labelsOf(tree, shown.groups.labels),
      colourOf: (node) => colours[tree.group[node]!]!,
      isMatch: (node) => found.groups[tree.group[node]!] === 1,
      matchColour: matchColours[scene.theme],
      cursor,
    });
  };
  return {
    box: chart.element,
    picture(): Picture[] {
      const painted = chart.painted();
      if (drawn === null || painted === null || chart.element.hidden) return [];
      const { shown, tree } = drawn;
      return [{ painted, widthPx: chart.element.clientWidth, title: (node) => titleNode(shown, tree, node) }];
    },
    draw,
    press(key: string): boolean {
      if (drawn === null || chart.element.hidden) return false;
      const { scene, shown, tree } = drawn;
      const { labels } = shown.groups;
      const at = cursor ?? 0;
      const walkTo = (node: number | null) => {
        cursor = node;
        draw(scene, tree);
      };
      const copyCalls = () => {
        const path = [tree.group[0]!, ...pathTo(tree, at)];
        copyPath(page, labels, rootOnTop ? path : path.reverse());
      };
      return pressInGraph(key, {
        chart,
        tree,
        at,
        rootOnTop,
        moveTo: (next) => {
          walkTo(next);
          page.say(`${labelNode(tree, labels, next)}, ${share(tree.total[next]!, shown.tree.total[0]!)}`);
        },
        actions: new Map([
          ['Enter', () => pick(at)],
          ['c', () => copyName(page, shown, tree.group[at]!)],
          ['C', copyCalls],
          ...(cursor === null ? [] : [['Escape', () => walkTo(null)] as const]),
        ]),
      });
    },
  };
}
