import { indexFull } from "../errors.ts";

/** How much memory all indexes of the engine take, and may take (`max_index_bytes`). */
export class MemoryBudget {
  /** 0 is no limit. */
  readonly bytesMax: number;
  #used = 0;

  constructor(bytesMax: number) {
    this.bytesMax = bytesMax;
  }

  get used(): number {
    return this.#used;
  }

  /** @throws VectorError `resource_exhausted` when so much more does not fit */
  require(bytes: number): void {
    if (this.bytesMax > 0 && this.#used + bytes > this.bytesMax)
      throw indexFull(this.bytesMax, this.#used, bytes);
  }

  take(bytes: number): void {
    this.#used += bytes;
  }

  give(bytes: number): void {
    this.#used -= bytes;
  }
}
