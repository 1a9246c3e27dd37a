import type { Unit } from "../../terminal/progress.ts";

/** What is copied as one and can be gone on with by itself: the keys of a server, a table, a collection. */
export interface Place {
  readonly name: string;
  /** How much it is, as far as the source can tell without counting. */
  readonly units: number;
  /** What an earlier run has brought to the target for good. */
  readonly copiedUnits: number;
  /** Whether nothing of it is left to be copied. */
  readonly isCopied: boolean;
}

/** What a place holds at one side: how many, and a checksum over all of it that does not depend on their order. */
export interface Tally {
  readonly count: number;
  readonly checksum: string;
}

/**
 * One copy between two places of a kind (servers, files), both of which the adapter has opened. The course calls it in this order:
 *
 * 1. `prepare`: what must be there before the data, and what there is to copy
 * 2. `copy`, of each place that is not copied yet
 * 3. `complete`: what comes after the data
 * 4. `tallies`, of each place
 * 5. `finish`: the traces of the copy go
 *
 * An adapter that goes on after an interruption keeps what it has done where it is written together with the data; each of its steps can then
 * be called again in another process.
 */
export interface Adapter {
  readonly unit: Unit;
  prepare(): Promise<readonly Place[]>;
  /** Copies what is left of a place, range by range: how many units each has brought to the target for good. */
  copy(place: Place): AsyncIterable<number>;
  complete(): Promise<void>;
  /** What both sides hold of a place, in whatever order; without it nothing is compared. */
  tallies?(place: Place): Promise<{ readonly source: Tally; readonly target: Tally }>;
  finish?(): Promise<void>;
  /** Gives up after a failure: what cannot be gone on with is undone. */
  abandon(): void;
}

/** How a course is run. */
export interface CourseOptions {
  /** What the bar says is being done: "importing". */
  readonly what: string;
  /** Whether no bar is shown. */
  readonly isSilent: boolean;
  /** Ends the course between two ranges. */
  readonly signal: AbortSignal;
}
