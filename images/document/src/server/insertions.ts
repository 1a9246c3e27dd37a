/** Wakes who waits for documents to be added to a collection. */
export class Insertions {
  readonly #waiting = new Map<string, Set<() => void>>();

  /** Resolves when something is added, when the time is over, or when the signal is aborted. */
  wait(namespace: string, ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const waiting = this.#waiting.get(namespace) ?? new Set();
      this.#waiting.set(namespace, waiting);
      const wake = () => {
        clearTimeout(timer);
        signal.removeEventListener("abort", wake);
        waiting.delete(wake);
        if (waiting.size === 0) this.#waiting.delete(namespace);
        resolve();
      };
      const timer = setTimeout(wake, ms);
      signal.addEventListener("abort", wake);
      waiting.add(wake);
    });
  }

  tell(namespace: string): void {
    for (const wake of [...(this.#waiting.get(namespace) ?? [])]) wake();
  }
}
