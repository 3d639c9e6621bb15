// The gate that all connections pass: closed while sampling is paused, and knows when nobody is inside any more.
import { setImmediate } from 'node:timers/promises';

export class PauseGate {
  #closed: { readonly promise: Promise<void>; readonly open: () => void } | null = null;
  #inside = 0;
  #onIdle: (() => void) | null = null;
  readonly #onClose = new Set<() => void>();

  /** Resolves when it opens; null where it is open. */
  get closed(): Promise<void> | null {
    return this.#closed?.promise ?? null;
  }

  /** Resolves as {@link whenIdle} does. */
  close(): Promise<void> {
    if (this.#closed === null) {
      let open = () => {};
      const promise = new Promise<void>((resolve) => {
        open = resolve;
      });
      this.#closed = { promise, open };
      for (const leave of this.#onClose) leave();
    }
    return this.whenIdle();
  }

  /** Resolves when nobody is inside, and who has left has gone on to where it waits for something else. */
  async whenIdle(): Promise<void> {
    await new Promise<void>((resolve) => {
      if (this.#inside === 0) resolve();
      else this.#onIdle = resolve;
    });
    // The last one has yet to look at the clock: were the process stopped now, what it brought would stand for all of the
    // time until the process goes on.
    await setImmediate();
  }

  open(): void {
    this.#closed?.open();
    this.#closed = null;
  }

  /** `leave` asks one who would stay for long to go: it is called when the gate closes. */
  async pass<Value>(visit: () => Promise<Value>, leave?: () => void): Promise<Value> {
    this.#inside += 1;
    if (leave) this.#onClose.add(leave);
    const value = await visit();
    this.#inside -= 1;
    if (leave) this.#onClose.delete(leave);
    if (this.#inside === 0) this.#onIdle?.();
    return value;
  }
}
