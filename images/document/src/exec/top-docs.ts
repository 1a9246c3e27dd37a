import type { Doc } from "../bson/values.ts";
import { MongoError } from "../errors.ts";
import type { Sorter, SortKey } from "../expressions/sort.ts";

interface Keyed {
  readonly doc: Doc;
  readonly key: SortKey;
  /** Of those that are equal, the first that came is first. */
  readonly order: number;
}

/** What a sort may keep in memory. */
const bytesMax = 512 << 20;

/** Sorts documents; with a limit it keeps no more than that of them. */
export class TopDocs {
  readonly #sorter: Sorter;
  readonly #limit: number;
  #kept: Keyed[] = [];
  #count = 0;
  #bytes = 0;

  constructor(sorter: Sorter, limit = Number.POSITIVE_INFINITY) {
    this.#sorter = sorter;
    this.#limit = limit;
  }

  add(doc: Doc): void {
    const keyed: Keyed = { doc, key: this.#sorter.keyOf(doc), order: this.#count++ };
    this.#kept.push(keyed);
    const { raw } = doc;
    this.#bytes += raw === undefined ? 200 : raw.bytes.length;
    if (this.#kept.length >= this.#limit * 2 + 1000) this.#cut();
    if (this.#bytes > bytesMax) {
      throw new MongoError(
        292,
        "Sort exceeded memory limit of 536870912 bytes, but did not opt in to external sorting.",
      );
    }
  }

  #cut(): void {
    this.#sort();
    this.#kept.length = Math.min(this.#kept.length, this.#limit);
    this.#bytes = this.#kept.reduce((sum, { doc }) => sum + (doc.raw?.bytes.length ?? 200), 0);
  }

  #sort(): void {
    this.#kept.sort((a, b) => this.#sorter.compare(a.key, b.key) || a.order - b.order);
  }

  /** All, or the first of them, in order; forgets them. */
  *take(): Generator<Doc> {
    this.#sort();
    const kept = this.#kept;
    this.#kept = [];
    const end = Math.min(kept.length, this.#limit);
    for (let i = 0; i < end; i++) yield kept[i]!.doc;
  }
}
