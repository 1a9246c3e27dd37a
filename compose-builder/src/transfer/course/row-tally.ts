import { hash } from "node:crypto";
import type { Tally } from "./adapter.ts";

const lanes = 5;

/** Counts rows and sums up what is in them, in whatever order they come: two tallies are equal when the rows are, with their repetitions. */
export class RowTally {
  #count = 0;
  readonly #sums = new Uint32Array(lanes);

  /** @param row its bytes, as both sides write them */
  add(row: Uint8Array): void {
    this.#count++;
    const digest = hash("sha1", row, "buffer");
    for (let lane = 0; lane < lanes; lane++) this.#sums[lane]! += digest.readUInt32LE(lane * 4);
  }

  get tally(): Tally {
    return { count: this.#count, checksum: Buffer.from(this.#sums.buffer).toString("hex") };
  }
}
