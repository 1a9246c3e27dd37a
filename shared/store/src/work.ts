import type { Deadline } from "@weftkit/core";
import type { Database } from "better-sqlite3";

export interface WorkOptions {
  /** Waiting for the lock and the statement itself end here: `lock_timeout` or `statement_timeout`. */
  readonly deadline?: Deadline;
  /** Ends waiting and running with `canceled`. */
  readonly signal?: AbortSignal;
}

/** Yields where it may be interrupted; between two yields it is as synchronous as any work. Returns what the write gives. */
export type SlicedWork<T> = Generator<void, T, void>;

export interface Snapshot {
  read<T>(work: (db: Database) => T, options?: WorkOptions): Promise<T>;
  /** The same state for somebody else, who releases it, too. @throws WeftkitError `closed` when this one was released */
  share(): Snapshot;
  /** Gives the connection back; a snapshot keeps the write-ahead log from being reused, so it must not live long. */
  release(): void;
}
