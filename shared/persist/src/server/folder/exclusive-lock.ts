import { DatabaseSync } from "node:sqlite";
import { setTimeout as delay } from "node:timers/promises";
import { WeftkitError } from "@weftkit/core";

/** SQLITE_BUSY: another process has it. */
const busy = 5;
const waitMsMax = 20;
const patienceMs = 10_000;

/**
 * A lock that one holder has at a time, in this process and among all that use the same file. Underneath is a record
 * lock of the kernel (fcntl) by way of an SQLite file that is never written to: it ends with its process, however that
 * ends, and holds between containers that share a volume.
 */
export class ExclusiveLock {
  readonly #database: DatabaseSync;
  #last: Promise<unknown> = Promise.resolve();

  constructor(path: string) {
    this.#database = new DatabaseSync(path, { timeout: 0 });
  }

  /** Runs `work` alone; settles as it does. In this process those who wait are served in order. */
  hold<Result>(work: () => Promise<Result>): Promise<Result> {
    const held = this.#last.then(async () => {
      await this.#begin();
      try {
        return await work();
      } finally {
        this.#database.exec("ROLLBACK");
      }
    });
    this.#last = held.catch(() => {});
    return held;
  }

  /** Call it when nothing is held any more. */
  close(): void {
    this.#database.close();
  }

  async #begin(): Promise<void> {
    const endsAt = performance.now() + patienceMs;
    for (;;) {
      try {
        // In memory, because a transaction prepares its journal before there is anything to write.
        this.#database.exec("PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE");
        return;
      } catch (error) {
        if ((error as { errcode?: number }).errcode !== busy) throw error;
        if (performance.now() > endsAt) {
          const message = `another process has held the store's lock for ${patienceMs} ms`;
          throw new WeftkitError("store_locked", message, { cause: error });
        }
        await delay(Math.random() * waitMsMax);
      }
    }
  }
}
