// The address of the page: what is seen can be linked to, and the way back leads through what was seen. Browsers take
// only so many changes of it in a while (Safari and Firefox refuse more), so what is typed is written when it is done.

const typingMs = 300;

interface Searching {
  readonly search: string;
  readonly regex: boolean;
}

interface AddressOptions<State> {
  /** The state as the part after `#`. */
  readonly print: (state: State) => string;
  /** The reader went back, or somewhere else. */
  readonly onLeave: () => void;
}

export interface Address<State> {
  write(before: State, after: State): void;
}

export function createAddress<State extends Searching>({ print, onLeave }: AddressOptions<State>): Address<State> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const put = (hash: string, how: 'pushState' | 'replaceState') => {
    if (hash === location.hash) return;
    try {
      history[how](null, '', hash === '' ? location.pathname + location.search : hash);
    } catch {
      // too many in a while: the page goes on without
    }
  };
  const withoutSearch = (state: State) => print({ ...state, search: '', regex: false });
  window.addEventListener('popstate', () => {
    clearTimeout(timer);
    onLeave();
  });
  return {
    write(before, after) {
      clearTimeout(timer);
      // What is typed letter by letter makes no step to go back to.
      if (withoutSearch(after) !== withoutSearch(before)) put(print(after), 'pushState');
      else timer = setTimeout(() => put(print(after), 'replaceState'), typingMs);
    },
  };
}
