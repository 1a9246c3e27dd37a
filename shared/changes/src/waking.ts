/** Lets many wait for the next time that something happens. */
export class Waking {
  /** Made when the first waits: mostly nobody does. */
  #next: PromiseWithResolvers<void> | undefined;
  #generation = 0;
  #isClosed = false;

  /** Changes whenever something happens; to be taken before looking at what there is. */
  get generation(): number {
    return this.#generation;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  wake(): void {
    this.#generation++;
    const next = this.#next;
    this.#next = undefined;
    next?.resolve();
  }

  /** Nobody waits any more from now on. */
  close(): void {
    this.#isClosed = true;
    this.wake();
  }

  /** Resolves when something has happened since that generation, after `timeoutMs`, or when the signal aborts. */
  async after(generation: number, timeoutMs: number, signal: AbortSignal): Promise<void> {
    if (this.#isClosed || this.#generation !== generation || signal.aborted) return;
    this.#next ??= Promise.withResolvers<void>();
    const waited = Promise.withResolvers<void>();
    const end = () => waited.resolve();
    const timer = setTimeout(end, timeoutMs);
    signal.addEventListener("abort", end, { once: true });
    await Promise.race([this.#next.promise, waited.promise]);
    signal.removeEventListener("abort", end);
    clearTimeout(timer);
  }
}
