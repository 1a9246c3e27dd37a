/** So many a second, and at once no more than come in a second. Time is given. */
export class Rate {
  #left: number;
  #seenMs = Number.NEGATIVE_INFINITY;

  constructor() {
    this.#left = 0;
  }

  /** Whether there is room for one more at this time; 0 is no limit. */
  take(perSecondMax: number, nowMs: number): boolean {
    if (perSecondMax === 0) return true;
    const gained = ((nowMs - this.#seenMs) * perSecondMax) / 1000;
    this.#left = Math.min(perSecondMax, this.#left + gained);
    this.#seenMs = nowMs;
    if (this.#left < 1) return false;
    this.#left--;
    return true;
  }
}
