import { parseInteger } from "../protocol/numbers.ts";
import { packLzf } from "./lzf.ts";
import { ENCODED_LZF, encodeLength } from "./payload.ts";

/** Integers of more characters do not fit into 32 bits. */
const INTEGER_CHARACTERS_MAX = 11;
/** Shorter strings are never packed. */
const PACKED_FROM_BYTES = 21;
const INT8_MAX = 0x7f;
const INT16_MAX = 0x7fff;
const INT32_MAX = 0x7fffffff;

/** Bytes that are written one after the other. */
export class ByteWriter {
  #bytes = Buffer.allocUnsafe(256);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** What was written; void after the next write. */
  get bytes(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  /** Room for so many bytes, which the caller fills: the offset in `into`. */
  reserve(count: number): { readonly into: Buffer; readonly at: number } {
    const needed = this.#length + count;
    if (needed > this.#bytes.length) {
      const larger = Buffer.allocUnsafe(Math.max(needed, this.#bytes.length * 2));
      this.#bytes.copy(larger, 0, 0, this.#length);
      this.#bytes = larger;
    }
    const at = this.#length;
    this.#length = needed;
    return { into: this.#bytes, at };
  }

  byte(value: number): void {
    const { into, at } = this.reserve(1);
    into[at] = value;
  }

  raw(bytes: Uint8Array): void {
    const { into, at } = this.reserve(bytes.length);
    into.set(bytes, at);
  }

  uint64(value: bigint): void {
    const { into, at } = this.reserve(8);
    into.writeBigInt64LE(BigInt.asIntN(64, value), at);
  }

  double(value: number): void {
    const { into, at } = this.reserve(8);
    into.writeDoubleLE(value, at);
  }

  rdbLength(length: number | bigint): void {
    this.raw(encodeLength(length));
  }

  /** A string as Redis saves it: an integer in binary, packed where that is shorter, or its bytes (rdbSaveRawString). */
  rdbString(bytes: Buffer): void {
    if (this.#integer(bytes)) return;
    const packed = bytes.length < PACKED_FROM_BYTES ? undefined : packLzf(bytes);
    if (packed === undefined) {
      this.rdbLength(bytes.length);
      this.raw(bytes);
      return;
    }
    this.byte(0xc0 | ENCODED_LZF);
    this.rdbLength(packed.length);
    this.rdbLength(bytes.length);
    this.raw(packed);
  }

  #integer(bytes: Buffer): boolean {
    if (bytes.length > INTEGER_CHARACTERS_MAX) return false;
    const value = parseInteger(bytes, 0, bytes.length);
    if (Number.isNaN(value)) return false;
    const size =
      value >= -INT8_MAX - 1 && value <= INT8_MAX ? 1 : value >= -INT16_MAX - 1 && value <= INT16_MAX ? 2 : 4;
    if (value < -INT32_MAX - 1 || value > INT32_MAX) return false;
    this.byte(0xc0 | (size >> 1));
    const { into, at } = this.reserve(size);
    into.writeIntLE(value, at, size);
    return true;
  }
}
