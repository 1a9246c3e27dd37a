import type { LogFile } from "./manifest.ts";

/** A place in the increments of a log between two commands, and what is known there. */
export interface LogPlace {
  /** Of the increment. */
  readonly sequence: number;
  readonly offset: number;
  /** What is selected; -1 where nothing is. */
  readonly database: number;
  /** Later than those of all commands before it. */
  readonly stamp: bigint;
}

/** Whoever reads the log while it is written. */
export interface LogFollower {
  /** What was collected is in the file. */
  written(place: LogPlace): void;
  /** It is on the disk up to there, and may be acknowledged. */
  synced(place: LogPlace): void;
  /** Whether a file that a base has replaced must stay. */
  keeps(replaced: LogFile): boolean;
  /** It need not, and is removed now. */
  removing(replaced: LogFile): void;
  /** A base has replaced files. */
  replaced(): void;
}
