import type { AcknowledgeGate } from "../stream.ts";

/** One file of an append-only log. */
export interface LogFile {
  /** Tells the files apart: unlike a name, never used for another file again. */
  readonly id: string;
  /** A base holds a state and stands first; segments hold what was appended since, in order. */
  readonly type: "base" | "segment";
  readonly path: string;
  /** Of a base: the id of the base ("" for none) that a rewrite in this process made it from. */
  readonly continues?: string | undefined;
  /** Up to here the file holds whole records. */
  readonly bytes: number;
}

/**
 * An engine's append-only log, as the `log` stream sees it: files of records that are only ever appended to, until a
 * rewrite replaces some of them by a new base. Replaying base and segments in order gives the state; so does
 * replaying their concatenation.
 */
export interface LogSource {
  /** Whether there is no log at all, neither records nor a folder with half of one. */
  isEmpty(): Promise<boolean>;
  /** The files as they are now, first the base where there is one. They may be removed later, but never changed. */
  files(): readonly LogFile[];
  /** Resolves when the disk has all that `files` named before. */
  sync(): Promise<void>;
  /** Bytes that were appended since the start of the process. */
  readonly appendedBytes: number;
  /** Where a restore writes the log that `install` puts in place; removes what an earlier attempt has left. */
  prepareRestore(): Promise<string>;
  /** Makes the file that was written the log, in one step. */
  install(): Promise<void>;
  /** Set by the stream; to be awaited before a rewrite removes files, because it captures what they hold. */
  beforeReplace?: () => Promise<void>;
  /** What is appended is acknowledged only while the gate is open. */
  guard?(gate: AcknowledgeGate): void;
  /** Moves the log to `folder`. */
  park(folder: string): Promise<void>;
}
