import type { Doc } from "../bson/values.ts";
import { MongoError } from "../errors.ts";
import type { Sorter, SortKey } from "../expressions/sort.ts";
import type { Pause, Turns } from "./run.ts";
import { sortedOverTurns } from "./sorted-over-turns.ts";

interface Keyed {
  readonly doc: Doc;
  readonly key: SortKey;
  /** Of those that are equal, the first that came is first. */
  readonly order: number;
  readonly bytes: number;
}

/** What a sort may keep in memory. */
const bytesMax = 512 << 20;
/** Of a document that is not made of stored bytes. */
const madeDocBytes = 200;

/** Sorts documents; with a limit it keeps no more than that of them. */
export class TopDocs {
  readonly #sorter: Sorter;
  readonly #limit: number;
  /** All of them; once there are as many as the limit, a heap whose first is the last of them in order. */
  #kept: Keyed[] = [];
  #count = 0;
  #bytes = 0;

  constructor(sorter: Sorter, limit = Number.POSITIVE_INFINITY) {
    this.#sorter = sorter;
    this.#limit = limit;
  }

  add(doc: Doc): void {
    const keyed: Keyed = { doc, key: this.#sorter.keyOf(doc), order: this.#count++, bytes: bytesOf(doc) };
    if (this.#kept.length >= this.#limit) {
      const last = this.#kept[0];
      if (last === undefined || this.#compare(keyed, last) > 0) return;
      this.#bytes -= last.bytes;
      this.#kept[0] = keyed;
      this.#sink(0);
    } else {
      this.#kept.push(keyed);
      if (this.#limit !== Number.POSITIVE_INFINITY) this.#rise(this.#kept.length - 1);
    }
    this.#bytes += keyed.bytes;
    if (this.#bytes > bytesMax) {
      throw new MongoError(
        292,
        "Sort exceeded memory limit of 536870912 bytes, but did not opt in to external sorting.",
      );
    }
  }

  /** In order; forgets them. */
  *take(turns: Turns): Generator<Doc | Pause> {
    const kept = this.#kept;
    this.#kept = [];
    for (const { doc } of yield* sortedOverTurns(kept, (a, b) => this.#compare(a, b), turns)) yield doc;
  }

  #compare(a: Keyed, b: Keyed): number {
    return this.#sorter.compare(a.key, b.key) || a.order - b.order;
  }

  #rise(at: number): void {
    const kept = this.#kept;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (this.#compare(kept[parent]!, kept[at]!) >= 0) return;
      [kept[parent], kept[at]] = [kept[at]!, kept[parent]!];
      at = parent;
    }
  }

  #sink(at: number): void {
    const kept = this.#kept;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= kept.length) return;
      if (child + 1 < kept.length && this.#compare(kept[child + 1]!, kept[child]!) > 0) child++;
      if (this.#compare(kept[at]!, kept[child]!) >= 0) return;
      [kept[at], kept[child]] = [kept[child]!, kept[at]!];
      at = child;
    }
  }
}

/** About what a document keeps in memory. */
export function bytesOf({ raw }: Doc): number {
  return raw === undefined ? madeDocBytes : raw.bytes.length;
}
