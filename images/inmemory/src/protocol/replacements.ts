import { Buffer } from "node:buffer";

const INITIAL_ARGUMENTS = 4;
const INITIAL_BYTES = 64;

/**
 * What stands in the journal in the place of some arguments of a command: the identifier that XADD has chosen, what
 * an approximate trim has left. A few short texts, copied into one buffer that all commands share.
 */
export class Replacements {
  count = 0;
  buffer: Buffer = Buffer.allocUnsafeSlow(INITIAL_BYTES);
  readonly #indexes: number[] = new Array(INITIAL_ARGUMENTS).fill(0);
  /** Where the texts end in `buffer`; each starts where the one before it ends. */
  readonly #ends: number[] = new Array(INITIAL_ARGUMENTS).fill(0);

  /** Replaces the argument at an index, once per command, by `bytes[0..length)`. */
  add(index: number, bytes: Buffer, length: number): void {
    const start = this.count === 0 ? 0 : this.#ends[this.count - 1]!;
    const end = start + length;
    if (end > this.buffer.length) {
      const larger = Buffer.allocUnsafeSlow(end * 2);
      this.buffer.copy(larger, 0, 0, start);
      this.buffer = larger;
    }
    for (let i = 0; i < length; i++) this.buffer[start + i] = bytes[i]!;
    this.#indexes[this.count] = index;
    this.#ends[this.count] = end;
    this.count++;
  }

  /** Which replacement an argument has, or -1. */
  find(index: number): number {
    for (let i = 0; i < this.count; i++) if (this.#indexes[i] === index) return i;
    return -1;
  }

  /** Where a replacement starts in `buffer`. */
  start(which: number): number {
    return which === 0 ? 0 : this.#ends[which - 1]!;
  }

  length(which: number): number {
    return this.#ends[which]! - this.start(which);
  }

  clear(): void {
    this.count = 0;
  }
}
