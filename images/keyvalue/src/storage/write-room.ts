import { WeftkitError } from "@weftkit/core";
import type { Store } from "@weftkit/store";
import type { DiskReserve } from "@weftkit/store/wal";

/** An item's most, with what its indexes and its stream record add. */
const writeBytes = 2 * 1024 * 1024;

/** Which writes there is room for: on a full volume those that free space, by the reserve, and what fits into what they freed. */
export class WriteRoom {
  readonly #store: Store;
  readonly #reserve: DiskReserve;

  constructor(store: Store, reserve: DiskReserve) {
    this.#store = store;
    this.#reserve = reserve;
  }

  /**
   * Does a write, which may free space.
   *
   * @throws WeftkitError `disk_full`
   */
  run<T>(frees: boolean, write: () => T | Promise<T>): T | Promise<T> {
    if (frees) return this.#reserve.withReserve(async () => write());
    return this.#reserve.isSpent ? this.#whenThereIsRoom(write) : write();
  }

  async #whenThereIsRoom<T>(write: () => T | Promise<T>): Promise<T> {
    if (await this.#store.read((db) => this.#reserve.admits(db, writeBytes))) return write();
    throw new WeftkitError(
      "disk_full",
      "the volume is full: until something is deleted, nothing else is written",
    );
  }
}
