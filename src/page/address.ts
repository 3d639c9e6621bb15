// The address of the page: what is seen can be linked to, and the way back leads through what was seen. Browsers take
// only so many changes of it in a while (Safari and Firefox refuse more), so what is typed is written when it is done.

const typingMs = 300;

export interface Address {
  /** `isStep`: there is a way back to what was before. */
  write(hash: string, isStep: boolean): void;
  /** The reader went somewhere else: what was still to be written is not. */
  forget(): void;
}

export function createAddress(): Address {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const put = (hash: string, how: 'pushState' | 'replaceState') => {
    if (hash === location.hash) return;
    try {
      history[how](null, '', hash === '' ? location.pathname + location.search : hash);
    } catch {
      // too many in a while: the page goes on without
    }
  };
  return {
    write(hash, isStep) {
      clearTimeout(timer);
      if (isStep) put(hash, 'pushState');
      else timer = setTimeout(() => put(hash, 'replaceState'), typingMs);
    },
    forget: () => clearTimeout(timer),
  };
}
