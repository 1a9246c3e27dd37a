import type { Database } from "better-sqlite3";
import type { Store } from "../types.ts";
import { type IsRefusal, type Outcome, outcomeOf, settle, type WaitingWork } from "./waiting-work.ts";

/** A group that has taken this long ends; the event loop has its turn before the next. */
const groupMs = 1;

/**
 * Reads of requests that arrive together share a snapshot: beginning and ending one costs more than reading an item.
 */
export class GroupedReads {
  readonly #store: Store;
  readonly #isRefusal: IsRefusal;
  #waiting: WaitingWork[] = [];

  constructor(store: Store, isRefusal: IsRefusal) {
    this.#store = store;
    this.#isRefusal = isRefusal;
  }

  /** As `Store.read`: sees all that was written before. */
  read<T>(work: (db: Database) => T): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#waiting.push({ work, resolve, reject });
      if (this.#waiting.length === 1) setImmediate(this.#run);
    });
  }

  readonly #run = (): void => {
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#runGroup(waiting);
  };

  #runGroup(waiting: readonly WaitingWork[]): void {
    const outcomes: Outcome[] = [];
    /** Those that are in this group; the others are in the next. */
    let group = waiting;
    this.#store
      .read((db) => {
        const endsMs = performance.now() + groupMs;
        for (const one of waiting) {
          outcomes.push(outcomeOf(one, db, this.#isRefusal));
          if (performance.now() > endsMs) break;
        }
        if (outcomes.length === waiting.length) return;
        group = waiting.slice(0, outcomes.length);
        const rest = waiting.slice(outcomes.length);
        setImmediate(() => this.#runGroup(rest));
      })
      .then(
        () => settle(group, outcomes),
        (error: unknown) => this.#failed(group, error),
      );
  }

  /** One of them has failed unexpectedly, and has taken the others with it. */
  #failed(group: readonly WaitingWork[], error: unknown): void {
    if (group.length === 1) group[0]!.reject(error);
    else
      for (const one of group) this.#store.read((db) => one.work(db) as never).then(one.resolve, one.reject);
  }
}
