// The views to choose from.
import { button, byId } from './dom.ts';

export interface Tabs<Name extends string> {
  draw(chosen: Name): void;
}

/** `titles` by name, in their order. */
export function createTabs<Name extends string>(
  titles: Readonly<Record<Name, string>>,
  onChoose: (name: Name) => void,
): Tabs<Name> {
  const tabs = Object.entries<string>(titles).map(([name, title]) => ({
    name,
    tab: button(title, () => onChoose(name as Name)),
  }));
  byId('views').append(...tabs.map(({ tab }) => tab));
  return {
    draw(chosen) {
      for (const { name, tab } of tabs) {
        if (name === chosen) tab.setAttribute('aria-current', 'page');
        else tab.removeAttribute('aria-current');
      }
    },
  };
}
