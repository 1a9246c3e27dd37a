import type { InstanceRecord } from "./instance.ts";

/** What happened to one instance: what is known of it now, and what was before. `now` is undefined when it was forgotten. */
export interface InstanceChange {
  readonly index: number;
  readonly now: InstanceRecord | undefined;
  readonly before: InstanceRecord | undefined;
}

/** The last changes, numbered from 1, so that whoever watches needs nothing but the number of the last one that it has seen. */
export class ChangeRing {
  readonly #size: number;
  readonly #changes: InstanceChange[] = [];
  readonly #waiting = new Set<() => void>();
  #index = 0;

  constructor(size: number) {
    this.#size = size;
  }

  /** The number of the last change. */
  get index(): number {
    return this.#index;
  }

  push(now: InstanceRecord | undefined, before: InstanceRecord | undefined): void {
    this.#index++;
    this.#changes[this.#index % this.#size] = { index: this.#index, now, before };
    this.wake();
  }

  /** Lets those who wait look again. */
  wake(): void {
    for (const waiting of this.#waiting) waiting();
    this.#waiting.clear();
  }

  /** The changes after one of them; undefined when some of them are forgotten. */
  after(index: number): InstanceChange[] | undefined {
    if (index > this.#index || this.#index - index > this.#size) return undefined;
    const found: InstanceChange[] = [];
    for (let at = index + 1; at <= this.#index; at++) found.push(this.#changes[at % this.#size]!);
    return found;
  }

  /** Resolves after the next change or `wake`, or when `signal` is aborted, or `timeoutMs` are over. */
  async next(signal: AbortSignal, timeoutMs: number): Promise<void> {
    if (signal.aborted) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, timeoutMs);
    this.#waiting.add(resolve);
    const abort = () => resolve();
    signal.addEventListener("abort", abort);
    await promise;
    signal.removeEventListener("abort", abort);
    clearTimeout(timer);
    this.#waiting.delete(resolve);
  }
}
