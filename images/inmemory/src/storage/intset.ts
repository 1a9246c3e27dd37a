import { moveBytes } from "../protocol/bytes.ts";
import { parseInteger, parseInteger64 } from "../protocol/numbers.ts";
import { roundToClass, SEGMENT_MASK, SEGMENT_SHIFT, type Slab } from "./slab.ts";

const HEADER_BYTES = 8;
const WORD = 2 ** 32;
/** High words between minus and plus this make a number that a double holds exactly. */
const SAFE_HIGH = 2 ** 21;

/**
 * A sorted array of distinct 64-bit integers in one slab block, each 2, 4 or 8 bytes wide, as wide as the widest that
 * was ever in it needs (Redis's intset).
 *
 * Block: payload bytes u32, width u32, integers little-endian. Like `Packed` it is a view that is pointed at one block
 * after another, and a mutation may move the block. A number is handled as two words, `high` signed and `low`
 * unsigned, so that no operation makes a BigInt of what fits in 53 bits.
 */
export class IntSet {
  readonly slab: Slab;
  address = 0;
  buffer: Buffer = Buffer.alloc(0);
  first = 0;
  count = 0;
  #width = 2;
  /** The number that was parsed, or read with `read`. */
  high = 0;
  low = 0;

  constructor(slab: Slab) {
    this.slab = slab;
  }

  /** Makes an empty block and points the view at it. */
  create(): this {
    const address = this.slab.allocate(HEADER_BYTES);
    const words = this.slab.words[address >>> SEGMENT_SHIFT]!;
    words[(address & SEGMENT_MASK) << 1] = 0;
    words[((address & SEGMENT_MASK) << 1) + 1] = 2;
    return this.open(address);
  }

  open(address: number): this {
    const words = this.slab.words[address >>> SEGMENT_SHIFT]!;
    const at = (address & SEGMENT_MASK) << 1;
    this.address = address;
    this.buffer = this.slab.bytes[address >>> SEGMENT_SHIFT]!;
    this.first = (at << 2) + HEADER_BYTES;
    this.#width = words[at + 1]!;
    this.count = words[at]! / this.#width;
    return this;
  }

  free(): void {
    this.slab.free(this.address, HEADER_BYTES + this.count * this.#width);
  }

  /** Reads a number in canonical decimal into `high` and `low`; false when the bytes are not one. */
  parse(bytes: Buffer, offset: number, length: number): boolean {
    const value = parseInteger(bytes, offset, length);
    if (Number.isNaN(value)) return false;
    if (Number.isSafeInteger(value)) {
      this.high = Math.floor(value / WORD);
      this.low = value - this.high * WORD;
      return true;
    }
    const exact = parseInteger64(bytes, offset, length)!;
    this.high = Number(exact >> 32n);
    this.low = Number(exact & 0xffffffffn);
    return true;
  }

  /** Whether the parsed number is in the set. */
  has(): boolean {
    if (this.#neededWidth() > this.#width) return false;
    const index = this.#search();
    return index < this.count && this.#compare(index) === 0;
  }

  /** Adds the parsed number; false when it was there. */
  add(): boolean {
    const width = this.#neededWidth();
    if (width > this.#width) this.#widen(width);
    const index = this.#search();
    if (index < this.count && this.#compare(index) === 0) return false;
    const at = index * this.#width;
    const end = this.count * this.#width;
    this.#resize(this.count + 1);
    moveBytes(this.buffer, this.first + at + this.#width, this.first + at, this.first + end);
    this.#write(index, this.#width);
    return true;
  }

  /** Removes the parsed number; false when it was not there. */
  remove(): boolean {
    if (!this.has()) return false;
    this.removeAt(this.#search());
    return true;
  }

  removeAt(index: number): void {
    const at = this.first + index * this.#width;
    moveBytes(this.buffer, at, at + this.#width, this.first + this.count * this.#width);
    this.#resize(this.count - 1);
  }

  /** Writes the number at an index in decimal at the start of `into` (at least 20 bytes); returns its length. */
  format(index: number, into: Buffer): number {
    this.#read(index);
    const { high, low } = this;
    const text = String(
      high >= -SAFE_HIGH && high < SAFE_HIGH ? high * WORD + low : (BigInt(high) << 32n) | BigInt(low),
    );
    return into.write(text, 0, "latin1");
  }

  #neededWidth(): number {
    const { high, low } = this;
    const isShort = high === 0 ? low < 2 ** 31 : high === -1 && low >= 2 ** 31;
    if (!isShort) return 8;
    const value = low | 0;
    return value >= -32_768 && value <= 32_767 ? 2 : 4;
  }

  #read(index: number): void {
    const at = this.first + index * this.#width;
    if (this.#width === 8) {
      this.low = this.buffer.readUInt32LE(at);
      this.high = this.buffer.readInt32LE(at + 4);
      return;
    }
    const value = this.#width === 4 ? this.buffer.readInt32LE(at) : this.buffer.readInt16LE(at);
    this.low = value >>> 0;
    this.high = value < 0 ? -1 : 0;
  }

  #write(index: number, width: number): void {
    const at = this.first + index * width;
    if (width === 8) {
      this.buffer.writeUInt32LE(this.low, at);
      this.buffer.writeInt32LE(this.high, at + 4);
    } else if (width === 4) this.buffer.writeInt32LE(this.low | 0, at);
    else this.buffer.writeInt16LE(this.low | 0, at);
  }

  /** Orders the number at an index against the parsed one, which fits the width. */
  #compare(index: number): number {
    const at = this.first + index * this.#width;
    if (this.#width === 8) {
      const high = this.buffer.readInt32LE(at + 4);
      return high === this.high ? this.buffer.readUInt32LE(at) - this.low : high - this.high;
    }
    return (this.#width === 4 ? this.buffer.readInt32LE(at) : this.buffer.readInt16LE(at)) - (this.low | 0);
  }

  /** The first index whose number is not below the parsed one. */
  #search(): number {
    let from = 0;
    let to = this.count;
    while (from < to) {
      const middle = (from + to) >>> 1;
      if (this.#compare(middle) < 0) from = middle + 1;
      else to = middle;
    }
    return from;
  }

  #widen(width: number): void {
    const { high, low } = this;
    const from = this.#width;
    const { count } = this;
    this.#resize(count, width);
    // From the end, as every number moves up or stays.
    for (let index = count - 1; index >= 0; index--) {
      this.#width = from;
      this.#read(index);
      this.#write(index, width);
    }
    this.#width = width;
    this.high = high;
    this.low = low;
  }

  /** Gives the block room for so many numbers of a width, keeping its bytes; moves it when its size class changes. */
  #resize(count: number, width = this.#width): void {
    const before = this.count * this.#width;
    const after = count * width;
    if (roundToClass(HEADER_BYTES + before) !== roundToClass(HEADER_BYTES + after)) {
      const { address, buffer, first } = this;
      const target = this.slab.allocate(HEADER_BYTES + after);
      this.address = target;
      this.buffer = this.slab.bytes[target >>> SEGMENT_SHIFT]!;
      this.first = ((target & SEGMENT_MASK) << 3) + HEADER_BYTES;
      buffer.copy(this.buffer, this.first, first, first + Math.min(before, after));
      this.slab.free(address, HEADER_BYTES + before);
    }
    this.count = count;
    const words = this.slab.words[this.address >>> SEGMENT_SHIFT]!;
    const at = (this.address & SEGMENT_MASK) << 1;
    words[at] = after;
    words[at + 1] = width;
  }
}
