// Dumps and pieces of streams on their way to the main thread, which is in no hurry.
import { bytesOf, type Sampled, sizeOf } from './messages.ts';

/** A batch is handed over when it is so old, or so large. */
const batchMs = 50;
const maxBatchBytes = 1024 * 1024;

export class Batch {
  readonly #hand: (sampled: readonly Sampled[], buffers: ArrayBuffer[]) => void;
  #sampled: Sampled[] = [];
  #bytes = 0;
  #timer: NodeJS.Timeout | null = null;

  constructor(hand: (sampled: readonly Sampled[], buffers: ArrayBuffer[]) => void) {
    this.#hand = hand;
  }

  add(sampled: Sampled): void {
    this.#sampled.push(sampled);
    this.#bytes += sizeOf(sampled);
    if (this.#bytes > maxBatchBytes) this.flush();
    else this.#timer ??= setTimeout(() => this.flush(), batchMs);
  }

  flush(): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#sampled.length === 0) return;
    // Handed over, not copied.
    const buffers = this.#sampled.map((sampled) => bytesOf(sampled)?.buffer as ArrayBuffer | undefined);
    this.#hand(
      this.#sampled,
      buffers.filter((buffer) => buffer !== undefined),
    );
    this.#sampled = [];
    this.#bytes = 0;
  }
}
