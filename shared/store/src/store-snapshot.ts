import { WeftkitError } from "@weftkit/core";
import type { Logger } from "@weftkit/observe";
import type { Database } from "better-sqlite3";
import type { PinnedSnapshot } from "./pinned-snapshot.ts";
import type { Snapshot, WorkOptions } from "./work.ts";

/** Gives what a read returns once all it can have seen is on the disk. */
type Answer = <T>(read: () => T) => Promise<T>;

/** Snapshots that nobody can release any more, because nobody knows them: somebody's mistake. */
const forgotten = new FinalizationRegistry(({ pinned, log, released }: Held) => {
  log.error({ ageSeconds: Math.round(pinned.ageMs / 1000) }, "a snapshot was never released; it is now");
  released();
  pinned.release();
});

interface Held {
  readonly pinned: PinnedSnapshot;
  readonly log: Logger;
  readonly released: () => void;
}

/** What the caller holds of a snapshot. */
export class StoreSnapshot implements Snapshot {
  /** The last commit that it sees. */
  readonly commit: number;
  readonly #pinned: PinnedSnapshot;
  readonly #answer: Answer;
  readonly #log: Logger;
  readonly #onShare: () => void;
  readonly #onRelease: () => void;
  #isReleased = false;

  constructor(
    pinned: PinnedSnapshot,
    commit: number,
    log: Logger,
    answer: Answer,
    shared: () => void,
    released: () => void,
  ) {
    this.#pinned = pinned;
    this.commit = commit;
    this.#answer = answer;
    this.#log = log;
    this.#onShare = shared;
    this.#onRelease = released;
    forgotten.register(this, { pinned, log, released }, this);
  }

  async read<T>(work: (db: Database) => T, limits?: WorkOptions): Promise<T> {
    if (this.#isReleased) throw new WeftkitError("closed", "the snapshot was released");
    return this.#answer(() => this.#pinned.read(work, limits));
  }

  share(): StoreSnapshot {
    if (this.#isReleased) throw new WeftkitError("closed", "the snapshot was released");
    this.#onShare();
    const pinned = this.#pinned.share();
    return new StoreSnapshot(pinned, this.commit, this.#log, this.#answer, this.#onShare, this.#onRelease);
  }

  release(): void {
    if (this.#isReleased) return;
    this.#isReleased = true;
    forgotten.unregister(this);
    this.#onRelease();
    this.#pinned.release();
  }
}
