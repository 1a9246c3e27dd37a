/** A place between two commits of one database. */
export interface Position {
  /** Of the run of the process that wrote the commit before it; ascending. After a restore sequences are used again. */
  readonly epoch: number;
  /** Of that commit, ascending over all epochs of what is still the same history; from 1 and without gaps where commits are counted. */
  readonly sequence: bigint;
}

/** What happened to one row, key, document or definition. */
export interface Change {
  /** A collection, table, keyspace: what rights are checked for, and filters are by. */
  readonly namespace: string;
  readonly key: Uint8Array;
  readonly op: "insert" | "update" | "delete" | "truncate" | "schema";
  readonly before?: Uint8Array | undefined;
  readonly after?: Uint8Array | undefined;
  /** How `before` and `after` are written: "json" where they are JSON texts, else a name of the engine's. */
  readonly format: string;
  /** Recorded while there is a consumer for whom the engine wants it. */
  readonly detail?: ChangeDetail | undefined;
}

/** What only the engine itself reads of its changes, in a form of its own. */
export interface ChangeDetail {
  /** What many changes have in common: bytes that are the same object are written once for each commit. */
  readonly shared: Uint8Array;
  readonly own: Uint8Array;
}

/**
 * How an engine's changes are written as JSON, for those who know nothing of the engine. Values are exact: what a JSON number
 * cannot hold in other languages (a 64-bit integer is a number all the same), and bytes, are as the engine's own protocol or
 * its JSON form has them.
 */
export interface ChangeForm {
  /** The key of a change, as the text of a JSON object. */
  key(change: Change): string;
  /** `before` or `after` of a change, as the text of a JSON object. */
  image(change: Change, bytes: Uint8Array): string;
}

/** All changes of one commit, or none: a heartbeat, which only moves the position. */
export interface ChangeBatch {
  readonly position: Position;
  readonly atMs: number;
  /** A hybrid logical clock: milliseconds << 16 | counter; ascending also when the clock goes back. */
  readonly stamp: bigint;
  /** Who wrote it: "local", or the name of a sidecar or an import, so that it need not be sent back. */
  readonly origin: string;
  readonly changes: readonly Change[];
}

export interface ReadLimits {
  /** Default: 100. */
  readonly batchesMax?: number;
  /** A single batch may be larger, and then comes alone. Default: 1 MiB. */
  readonly bytesMax?: number;
}

export interface FollowOptions extends ReadLimits {
  /** Only changes of these; whole batches without any come as heartbeats. */
  readonly namespaces?: readonly string[];
  /** Whether the reader may see a namespace, asked when it is read. */
  readonly allows?: (namespace: string) => boolean;
  /** So long nothing, and a heartbeat comes. Default: 10 s. */
  readonly heartbeatMs?: number;
}

/**
 * The codes of the errors that the log gives:
 *
 * - `too_old`: changes after the position are not known any more, or the position is not of this history: take a
 *   snapshot, and go on from its position
 * - `consumer_dropped`: as `too_old`; the message says why the consumer was dropped
 * - `other_database`: the token is of another database
 * - `malformed_token`
 */
export type ChangesErrorCode = "too_old" | "consumer_dropped" | "other_database" | "malformed_token";

/** A durable consumer. */
export interface Consumer {
  readonly name: string;
  readonly position: Position;
  /** Bytes of the log that are kept for it. */
  readonly lagBytes: number;
  /** Why it was dropped, if it was. */
  readonly dropped: string | undefined;
}

/**
 * The changes of a database in the order of their commits, for those who follow. While nobody does, nothing is recorded.
 *
 * @throws WeftkitError with a `ChangesErrorCode`, and what the store throws
 */
export interface ChangeLog {
  /** Of the database, also after restores; a part of every token. */
  readonly identity: string;
  /** Whether sequences count commits; else they are places in a log of bytes. */
  readonly countsCommits: boolean;
  /** The first position that can be gone on from, and the last. */
  readonly oldest: Position;
  readonly newest: Position;
  /**
   * Begins to record, and resolves to a position from which nothing is missing. Transactions that were open and had changed
   * something before are waited for.
   */
  listen(signal?: AbortSignal): Promise<Position>;
  /** The batches after a position, whole, oldest first; an empty list at the end. */
  read(after: Position, limits?: ReadLimits): Promise<readonly ChangeBatch[]>;
  /** As they come, without end; only what is on the disk. */
  follow(after: Position, signal: AbortSignal, options?: FollowOptions): AsyncIterable<ChangeBatch>;
  /**
   * Keeps what comes after `from` for a consumer, also over restarts, until it says a later one. It is dropped, and told
   * so at its next call, when more would have to be kept than the bound. Without `from`: what comes from now on.
   */
  retain(consumer: string, from?: Position): Promise<Position>;
  /** Nothing is kept for the consumer any more. */
  forget(consumer: string): Promise<void>;
  consumers(): Promise<readonly Consumer[]>;
  /** Drops consumers, those that are not known as well: each is told why at its next call. */
  drop(consumers: readonly string[], why: string): Promise<void>;
}
