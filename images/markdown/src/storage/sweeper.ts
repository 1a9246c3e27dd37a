import type { Logger } from "@weftkit/observe";
import type { Store } from "@weftkit/store";
import { deletedCollections } from "./collections.ts";
import { purgeExpired, removeContents } from "./trash.ts";

/** One transaction removes so many documents, so that others wait a few milliseconds only. */
const batch = 50;
const intervalMs = 3_600_000;

/** Removes in the background what nobody can reach any more: deleted collections, and what was in the trash too long. */
export class Sweeper {
  readonly #store: Store;
  readonly #log: Logger;
  readonly #retentionMs: number;
  readonly #timer: NodeJS.Timeout;
  #running: Promise<void> | undefined;
  #isWanted = false;
  #isStopped = false;

  /** `retentionMs` 0 keeps the trash for ever. */
  constructor(store: Store, log: Logger, retentionMs: number) {
    this.#store = store;
    this.#log = log;
    this.#retentionMs = retentionMs;
    this.#timer = setInterval(() => this.sweep(), intervalMs).unref();
    this.sweep();
  }

  /** Begins to sweep, or lets a sweep that is under way look once more. */
  sweep(): void {
    if (this.#isStopped) return;
    this.#isWanted = true;
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
    });
  }

  /** Ends after the transaction that is under way. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    clearInterval(this.#timer);
    await this.#running;
  }

  async #run(): Promise<void> {
    try {
      while (this.#isWanted && !this.#isStopped) {
        this.#isWanted = false;
        await this.#removeCollections();
        await this.#purgeExpired();
      }
    } catch (error) {
      // The next sweep goes on where this one stopped.
      this.#log.warn({ err: error }, "what was deleted could not be removed for good");
    }
  }

  async #removeCollections(): Promise<void> {
    for (const row of await this.#store.read(deletedCollections)) {
      let isEmpty = false;
      while (!isEmpty && !this.#isStopped)
        isEmpty = await this.#store.write((db) => removeContents(db, row, batch));
    }
  }

  async #purgeExpired(): Promise<void> {
    if (this.#retentionMs === 0) return;
    let purged = batch;
    while (purged === batch && !this.#isStopped) {
      const now = Date.now();
      purged = await this.#store.write((db) => purgeExpired(db, now - this.#retentionMs, batch, now));
    }
  }
}
