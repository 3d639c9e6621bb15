// How much may wait for a consumer that is behind. What is beyond it is not taken in, rather than kept.

export class Room {
  readonly #most: number;
  #taken = 0;
  #waiting: { readonly promise: Promise<void>; readonly resolve: () => void } | null = null;

  constructor(most: number) {
    this.#most = most;
  }

  get isThere(): boolean {
    return this.#taken < this.#most;
  }

  take(size: number): void {
    this.#taken += size;
  }

  give(size: number): void {
    this.#taken -= size;
    if (!this.isThere) return;
    this.#waiting?.resolve();
    this.#waiting = null;
  }

  /** Resolves when there is room; null where there is. */
  wait(): Promise<void> | null {
    if (this.isThere) return null;
    if (this.#waiting === null) {
      let resolve = () => {};
      const promise = new Promise<void>((done) => {
        resolve = done;
      });
      this.#waiting = { promise, resolve };
    }
    return this.#waiting.promise;
  }
}
