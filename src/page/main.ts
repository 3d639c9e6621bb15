// The report page: loads the recording that it carries and keeps the views in step with one state.
import { matchLabels, sumMatches } from '../aggregate/match.ts';
import { byId, element } from './dom.ts';
import { createFlame, type FlameState } from './flame.ts';
import { showFunctions } from './functions.ts';
import { showHeader } from './header.ts';
import { loadReport, type Report } from './load.ts';
import { share, ticksText } from './numbers.ts';

function run(report: Report): void {
  const { groups, tree } = report;
  const search = byId<HTMLInputElement>('search');
  let state: FlameState = { zoom: 0, matches: matchLabels(groups.labels, ''), rootOnTop: true };

  const flame = createFlame(byId('flame'), report, (zoom) => change({ zoom }));
  const change = (part: Partial<FlameState>) => {
    state = { ...state, ...part };
    flame.draw(state);
    byId('matched').textContent = describeMatches();
    byId<HTMLButtonElement>('reset').disabled = state.zoom === 0;
  };
  const describeMatches = () => {
    if (search.value === '') return '';
    const all = sumMatches(tree, state.matches, 0);
    const ofAll = `matched ${share(all, tree.total[0]!)} (${ticksText(all)})`;
    if (state.zoom === 0) return ofAll;
    return `${ofAll}, ${share(sumMatches(tree, state.matches, state.zoom), tree.total[state.zoom]!)} of the zoomed`;
  };
  const searchFor = (text: string) => {
    search.value = text;
    change({ matches: matchLabels(groups.labels, text) });
  };

  showHeader(report);
  showFunctions(report, searchFor);
  search.addEventListener('input', () => searchFor(search.value));
  byId('reset').addEventListener('click', () => change({ zoom: 0 }));
  byId('flip').addEventListener('click', () => change({ rootOnTop: !state.rootOnTop }));
  window.addEventListener('resize', () => change({}));
  window.addEventListener('keydown', (event) => {
    if (event.key === '/' && event.target !== search) {
      event.preventDefault();
      search.select();
    } else if (event.key === 'Escape') {
      if (event.target === search) searchFor('');
      else change({ zoom: 0 });
    }
  });
  change({});
  document.body.dataset.ready = 'yes';
}

loadReport()
  .then(run)
  .catch((error: unknown) => {
    const why = error instanceof Error ? error.message : String(error);
    byId('warnings').replaceChildren(element('p', '', `This report cannot be shown: ${why}`));
  });
