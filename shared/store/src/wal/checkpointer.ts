import { WeftkitError } from "@weftkit/core";
import type { Database } from "better-sqlite3";
import { openDatabase } from "../connection.ts";

/** How far the log is, in frames since it was started over. */
export interface WalCounts {
  /** Frames in the log. */
  readonly log: number;
  /** How many of them are in the database. */
  readonly checkpointed: number;
}

/** Readers of an instant may be in the way of starting over; they are waited for, with the writers held back. */
const RESTART_WAIT_MS = 50;
/** The log's index is looked at again after a millisecond when a writer was just changing it. */
const LOOKS_MAX = 100;

/** The connection that moves the log into the database. It never writes, and never waits but in `restart`. */
export class Checkpointer {
  readonly #db: Database;

  constructor(file: string) {
    this.#db = openDatabase(file, { readonly: false });
    // What is moved is on the disk before it counts as moved.
    this.#db.pragma("synchronous = FULL");
    this.#db.pragma("wal_autocheckpoint = 0");
  }

  /**
   * Moves nothing.
   *
   * @throws WeftkitError `wal_busy` when the log cannot be looked at: never a count that would pass for an empty log
   */
  counts(): WalCounts {
    for (let look = 1; look <= LOOKS_MAX; look++) {
      const { counts } = this.#run("NOOP");
      if (counts.log >= 0 && counts.checkpointed >= 0) return counts;
      sleep(1);
    }
    throw new WeftkitError("wal_busy", "another process is recovering the write-ahead log: try again");
  }

  /** Moves what no reader pins. Holds up neither readers nor writers. Where another process does the same: nothing. */
  passive(): WalCounts {
    const { isBusy, counts } = this.#run("PASSIVE");
    return isBusy ? this.counts() : counts;
  }

  /**
   * Moves everything and lets the next write start the log over. It takes SQLite's write lock: called only while no
   * writer is active. Returns false when a reader of an older state was in the way; then nothing was lost or changed.
   *
   * There is no truncating: a kill while the log is empty would lose its lineage of salts.
   */
  restart(): boolean {
    this.#db.pragma(`busy_timeout = ${RESTART_WAIT_MS}`);
    try {
      const { isBusy, counts } = this.#run("RESTART");
      return !isBusy && counts.log === counts.checkpointed;
    } finally {
      this.#db.pragma("busy_timeout = 0");
    }
  }

  /** When this is the last connection, SQLite moves the rest of the log into the database and deletes it. */
  close(): void {
    this.#db.close();
  }

  #run(mode: "NOOP" | "PASSIVE" | "RESTART"): { isBusy: boolean; counts: WalCounts } {
    const [row] = this.#db.pragma(`wal_checkpoint(${mode})`) as {
      busy: number;
      log: number;
      checkpointed: number;
    }[];
    const { busy, log, checkpointed } = row!;
    return { isBusy: busy !== 0, counts: { log, checkpointed } };
  }
}

/** Blocks the thread, which is a worker's. */
function sleep(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
