import type { LargeValue } from "./keyspace.ts";

/** Values of up to this many elements are freed at once. */
const AT_ONCE_MAX = 64;
const SLICE = 512;

/** Frees large values a slice at a time, so that deleting a million elements holds nobody up. */
export class LazyFree {
  #waiting: { clearSome(steps: number): boolean }[] = [];
  freedObjects = 0;

  add(value: LargeValue): void {
    if (value.size <= AT_ONCE_MAX) {
      while (!value.clearSome(SLICE));
      return;
    }
    this.#waiting.push(value);
  }

  /** Adds something that is always freed later. */
  later(value: { clearSome(steps: number): boolean }): void {
    this.#waiting.push(value);
  }

  get pending(): number {
    return this.#waiting.length;
  }

  /** Works for about so many ms; true when something is left. */
  step(budgetMs: number): boolean {
    if (this.#waiting.length === 0) return false;
    const end = performance.now() + budgetMs;
    while (this.#waiting.length > 0) {
      if (this.#waiting[0]!.clearSome(SLICE)) {
        this.#waiting.shift();
        this.freedObjects++;
      }
      if (performance.now() > end) return this.#waiting.length > 0;
    }
    return false;
  }
}
