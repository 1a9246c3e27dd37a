const firstMs = 100;
const waitMsMax = 5_000;

/** How long to wait before trying again: longer each time, and never as long as others do. */
export class Backoff {
  #failures = 0;

  next(): number {
    return Math.random() * Math.min(waitMsMax, firstMs * 2 ** Math.min(this.#failures++, 20));
  }

  reset(): void {
    this.#failures = 0;
  }
}
