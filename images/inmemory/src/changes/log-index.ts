import type { LogPlace } from "../persistence/log-follower.ts";
import { sequenceAt } from "./position.ts";

/** One place is remembered for so many bytes of the log. */
const stepBytes = 1024 * 1024;
/** So many readers find their places again. */
const recentMax = 100;

/** Places from which the log can be read on, so that no increment must be read from its beginning to find one. */
export class LogIndex {
  /** By the increment, in their order. */
  readonly #places = new Map<number, LogPlace[]>();
  /** Where readers have come to, by the sequence of the position. */
  readonly #recent = new Map<bigint, LogPlace>();

  /** A write ends here. */
  add(place: LogPlace): void {
    const places = this.#places.get(place.sequence);
    if (places === undefined) this.#places.set(place.sequence, [place]);
    else if (place.offset - places.at(-1)!.offset >= stepBytes) places.push(place);
  }

  /** A reader ends here. */
  remember(place: LogPlace): void {
    const sequence = sequenceAt(place);
    this.#recent.delete(sequence);
    this.#recent.set(sequence, place);
    if (this.#recent.size > recentMax) this.#recent.delete(this.#recent.keys().next().value!);
  }

  /** A place at or before an offset, the nearer the better. */
  before(sequence: number, offset: number): LogPlace {
    const start: LogPlace = { sequence, offset: 0, database: -1, stamp: 0n };
    return (
      this.#recent.get(sequenceAt({ sequence, offset })) ??
      this.#places.get(sequence)?.findLast((place) => place.offset <= offset) ??
      start
    );
  }

  forget(sequence: number): void {
    this.#places.delete(sequence);
  }

  clear(): void {
    this.#places.clear();
    this.#recent.clear();
  }
}
