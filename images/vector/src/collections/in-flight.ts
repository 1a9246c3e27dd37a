/** What is running, so that something can wait for all that had begun before it. */
export class InFlight {
  #next = 0;
  readonly #running = new Set<number>();

  /** The number of whoever begins next. */
  get next(): number {
    return this.#next;
  }

  async run<T>(work: () => Promise<T>): Promise<T> {
    const ticket = this.#next++;
    this.#running.add(ticket);
    try {
      return await work();
    } finally {
      this.#running.delete(ticket);
    }
  }

  /** Whether everybody has ended who began before that number was next. */
  haveEnded(before: number): boolean {
    // A set keeps the order in which its members came.
    const [oldest] = this.#running;
    return oldest === undefined || oldest >= before;
  }
}
