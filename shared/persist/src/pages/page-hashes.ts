import { DatabaseChecksum, lockPage, type PageHash } from "../piece/index.ts";

const INITIAL_PAGES = 1024;

/** The hashes of all pages of a database that is being built: 8 bytes for each page. */
export class PageHashes {
  #words = new Uint32Array(INITIAL_PAGES * 2);
  readonly #checksum = new DatabaseChecksum();
  readonly #lockPage: number;
  #pageCount = 0;

  constructor(pageSize: number) {
    this.#lockPage = lockPage(pageSize);
  }

  get pageCount(): number {
    return this.#pageCount;
  }

  get checksum(): bigint {
    return this.#checksum.value;
  }

  get(page: number): PageHash {
    return { low: this.#words[page * 2 - 2]!, high: this.#words[page * 2 - 1]! };
  }

  /** Replaces the hash of a page, which the database has. */
  set(page: number, hash: PageHash): void {
    this.#checksum.remove(page, this.get(page));
    this.#checksum.add(page, hash);
    this.#words[page * 2 - 2] = hash.low;
    this.#words[page * 2 - 1] = hash.high;
  }

  /** Cuts pages off, or adds some whose hashes are set next: 0 adds nothing to the checksum. */
  resize(pageCount: number): void {
    for (let page = pageCount + 1; page <= this.#pageCount; page++) {
      if (page !== this.#lockPage) this.set(page, { low: 0, high: 0 });
    }
    if (pageCount * 2 > this.#words.length) {
      const grown = new Uint32Array(Math.max(pageCount, this.#words.length) * 2);
      grown.set(this.#words);
      this.#words = grown;
    }
    this.#pageCount = pageCount;
  }
}
