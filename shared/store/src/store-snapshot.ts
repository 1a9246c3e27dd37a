import type { Logger } from "@weftkit/observe";
import type { Database } from "better-sqlite3";
import type { PinnedSnapshot } from "./pinned-snapshot.ts";
import type { Snapshot, WorkOptions } from "./types.ts";

/** Gives what a read returns once all it can have seen is on the disk. */
type Answer = <T>(read: () => T) => Promise<T>;

/** Snapshots that nobody can release any more, because nobody knows them: somebody's mistake. */
const forgotten = new FinalizationRegistry(({ pinned, log }: { pinned: PinnedSnapshot; log: Logger }) => {
  log.error({ ageSeconds: Math.round(pinned.ageMs / 1000) }, "a snapshot was never released; it is now");
  pinned.release();
});

/** What the caller holds of a snapshot. */
export class StoreSnapshot implements Snapshot {
  readonly #pinned: PinnedSnapshot;
  readonly #answer: Answer;

  constructor(pinned: PinnedSnapshot, log: Logger, answer: Answer) {
    this.#pinned = pinned;
    this.#answer = answer;
    forgotten.register(this, { pinned, log }, this);
  }

  read<T>(work: (db: Database) => T, limits?: WorkOptions): Promise<T> {
    return this.#answer(() => this.#pinned.read(work, limits));
  }

  release(): void {
    forgotten.unregister(this);
    this.#pinned.release();
  }
}
