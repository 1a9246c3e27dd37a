import type { Database } from "better-sqlite3";
import type { Store } from "../types.ts";
import { type IsRefusal, outcomeOf, settle, type WaitingWork } from "./waiting-work.ts";

/** So many at once; the event loop has its turn between two groups. */
const groupMax = 128;

/**
 * Writes of requests that arrive together share a transaction: what they change on the same page is written once, and
 * beginning and committing costs as much as a request's own statement.
 */
export class GroupedWrites {
  readonly #store: Store;
  readonly #isRefusal: IsRefusal;
  #waiting: WaitingWork[] = [];
  #isScheduled = false;

  constructor(store: Store, isRefusal: IsRefusal) {
    this.#store = store;
    this.#isRefusal = isRefusal;
  }

  /**
   * Resolves when the work is on the disk, as `Store.write` does; so does the rejection with a refusal. The work either
   * throws a refusal before it has changed anything, or does all of it: that is what lets one transaction hold the work
   * of many requests.
   */
  write<T>(work: (db: Database) => T): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#waiting.push({ work, resolve, reject });
      this.#schedule();
    });
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    let group: WaitingWork[] = [];
    const turn = (db: Database) => {
      // Those that came while this one waited for its turn are in it, too.
      this.#isScheduled = false;
      group = this.#waiting.splice(0, groupMax);
      if (this.#waiting.length > 0) this.#schedule();
      return group.map((one) => outcomeOf(one, db, this.#isRefusal));
    };
    this.#store.write(turn).then(
      (outcomes) => settle(group, outcomes),
      (error: unknown) => {
        if (group.length === 0) {
          // It never had its turn: nobody else will take those who wait.
          this.#isScheduled = false;
          group = this.#waiting.splice(0);
        }
        if (group.length === 1 || isOfStore(error)) for (const { reject } of group) reject(error);
        else for (const waiting of group) this.#alone(waiting);
      },
    );
  }

  /** One of them failed unexpectedly, and has taken the others with it. */
  #alone({ work, resolve, reject }: WaitingWork): void {
    this.#store.write((db) => work(db) as never).then(resolve, reject);
  }
}

/** The store cannot write at all: trying again one by one would give the same. */
function isOfStore(error: unknown): boolean {
  return error instanceof Error && error.name === "WeftkitError";
}
