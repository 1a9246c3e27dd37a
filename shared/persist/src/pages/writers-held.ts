import type { Deadline } from "@weftkit/core";
import { WeftkitError } from "@weftkit/core";
import type { Store } from "@weftkit/store";

/** Not longer than this are writers waited for: the log can be started over at the next capture just as well. */
const WAIT_MAX_MS = 5000;

/** The store's writers, held back until `release`: the event loop and the readers go on. */
export class WritersHeld {
  readonly #letGo: () => void;
  readonly #ended: Promise<void>;

  private constructor(letGo: () => void, ended: Promise<void>) {
    this.#letGo = letGo;
    this.#ended = ended;
  }

  /** Undefined when the lock could not be had in time. */
  static async of(store: Store, deadline: Deadline | undefined): Promise<WritersHeld | undefined> {
    const held = Promise.withResolvers<void>();
    const letGo = Promise.withResolvers<void>();
    const budgetMs = Math.min(WAIT_MAX_MS, deadline?.remainingMs() ?? WAIT_MAX_MS);
    const signal = AbortSignal.timeout(budgetMs);
    const ended = store.exclusively(
      () => {
        held.resolve();
        return letGo.promise;
      },
      { signal },
    );
    try {
      await Promise.race([held.promise, ended]);
      return new WritersHeld(letGo.resolve, ended);
    } catch (error) {
      letGo.resolve();
      if (error instanceof WeftkitError) return undefined;
      throw error;
    }
  }

  async release(): Promise<void> {
    this.#letGo();
    await this.#ended;
  }
}
