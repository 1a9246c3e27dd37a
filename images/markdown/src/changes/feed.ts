/** Wakes those who follow the changes. What changed they read from the store, so nothing is held for them here. */
export class ChangeFeed {
  #generation = 0;
  #isClosed = false;
  #next = Promise.withResolvers<void>();
  #followers = 0;

  /** Changes with every commit; to be taken before reading what there is. */
  get generation(): number {
    return this.#generation;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** How many follow now. */
  get followers(): number {
    return this.#followers;
  }

  /** A commit has changed something. */
  changed(): void {
    this.#generation++;
    const { resolve } = this.#next;
    this.#next = Promise.withResolvers<void>();
    resolve();
  }

  /** Counts a follower until what it returns is called. */
  follow(): () => void {
    this.#followers++;
    let counted = true;
    return () => {
      if (counted) this.#followers--;
      counted = false;
    };
  }

  /** Resolves when something has changed since that generation, after `timeoutMs`, or when the signal aborts. */
  async changedSince(generation: number, timeoutMs: number, signal: AbortSignal): Promise<void> {
    if (this.#isClosed || this.#generation !== generation || signal.aborted) return;
    const waited = Promise.withResolvers<void>();
    const end = () => waited.resolve();
    const timer = setTimeout(end, timeoutMs);
    signal.addEventListener("abort", end);
    await Promise.race([this.#next.promise, waited.promise]);
    signal.removeEventListener("abort", end);
    clearTimeout(timer);
  }

  /** Lets every follower end. */
  close(): void {
    this.#isClosed = true;
    this.changed();
  }
}
