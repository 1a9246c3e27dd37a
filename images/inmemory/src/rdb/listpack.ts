import { parseInteger64 } from "../protocol/numbers.ts";
import { ByteWriter } from "./byte-writer.ts";
import { PayloadError } from "./payload.ts";

const HEADER_BYTES = 6;
const COUNT_UNKNOWN = 0xffff;
const END = 0xff;
const INTEGER_CHARACTERS_MAX = 20;

/** Writes a listpack: elements one after the other, integers in binary (antirez, listpack.md; Redis, listpack.c). */
export class ListpackWriter {
  readonly #writer = new ByteWriter();
  #count = 0;

  constructor() {
    this.#writer.reserve(HEADER_BYTES);
  }

  /** Its size with header and end. */
  get byteLength(): number {
    return this.#writer.length + 1;
  }

  get count(): number {
    return this.#count;
  }

  /** Adds an element, as an integer if its text is one. */
  add(bytes: Buffer): void {
    const value = bytes.length <= INTEGER_CHARACTERS_MAX ? parseInteger64(bytes, 0, bytes.length) : undefined;
    if (value !== undefined) {
      this.addInteger(value);
      return;
    }
    const { length } = bytes;
    const writer = this.#writer;
    const start = writer.length;
    if (length < 64) writer.byte(0x80 | length);
    else if (length < 4096) {
      writer.byte(0xe0 | (length >> 8));
      writer.byte(length & 0xff);
    } else {
      const { into, at } = writer.reserve(5);
      into[at] = 0xf0;
      into.writeUInt32LE(length, at + 1);
    }
    writer.raw(bytes);
    this.#end(start);
  }

  addInteger(value: bigint): void {
    const writer = this.#writer;
    const start = writer.length;
    const small = Number(value);
    if (small >= 0 && small <= 127) writer.byte(small);
    else if (small >= -4096 && small <= 4095) {
      writer.byte(0xc0 | ((small >> 8) & 0x1f));
      writer.byte(small & 0xff);
    } else {
      const size = small >= -0x8000 && small <= 0x7fff ? 2 : small >= -0x800000 && small <= 0x7fffff ? 3 : 4;
      const isLong = small < -0x80000000 || small > 0x7fffffff;
      const { into, at } = writer.reserve(1 + (isLong ? 8 : size));
      into[at] = isLong ? 0xf4 : 0xef + size;
      if (isLong) into.writeBigInt64LE(value, at + 1);
      else into.writeIntLE(small, at + 1, size);
    }
    this.#end(start);
  }

  /** The length of the element once more, to be read backwards. */
  #end(start: number): void {
    const writer = this.#writer;
    const length = writer.length - start;
    const size = backLengthBytes(length);
    for (let n = size - 1; n >= 0; n--) {
      const bits = Math.floor(length / 2 ** (7 * n)) & 0x7f;
      writer.byte(n === size - 1 ? bits : bits | 0x80);
    }
    this.#count++;
  }

  /** The whole listpack; nothing may be added afterwards. */
  finish(): Buffer {
    const writer = this.#writer;
    writer.byte(END);
    const { bytes } = writer;
    bytes.writeUInt32LE(bytes.length, 0);
    bytes.writeUInt16LE(Math.min(this.#count, COUNT_UNKNOWN), 4);
    return bytes;
  }
}

/** Bytes that an element's length at its end takes. */
function backLengthBytes(length: number): number {
  return length <= 127 ? 1 : length < 16_383 ? 2 : length < 2_097_151 ? 3 : length < 268_435_455 ? 4 : 5;
}

/** The elements of a listpack, integers as their text. Throws PayloadError. */
export function readListpack(bytes: Buffer): Buffer[] {
  if (bytes.length < HEADER_BYTES + 1 || bytes.readUInt32LE(0) !== bytes.length)
    throw new PayloadError("a listpack has another length");
  const elements: Buffer[] = [];
  const end = bytes.length - 1;
  let at = HEADER_BYTES;
  while (at < end) {
    const start = at;
    const head = headAt(bytes, at, end);
    at += head.size + head.length;
    if (at > end) throw new PayloadError("an element of a listpack is cut off");
    elements.push(head.value ?? bytes.subarray(start + head.size, at));
    const size = at - start;
    const back = backLengthBytes(size);
    let told = 0;
    for (let n = 0; n < back; n++) told = told * 128 + (bytes[at + n]! & 0x7f);
    at += back;
    if (at > end || told !== size) throw new PayloadError("an element of a listpack has two lengths");
  }
  const count = bytes.readUInt16LE(4);
  if (bytes[end] !== END || (count !== COUNT_UNKNOWN && count !== elements.length))
    throw new PayloadError("a listpack is not complete");
  return elements;
}

/** How an element begins: bytes before its string, the string's length, or for an integer its text. */
function headAt(bytes: Buffer, at: number, end: number): { size: number; length: number; value?: Buffer } {
  const first = bytes[at]!;
  const need = (size: number) => {
    if (at + size > end) throw new PayloadError("an element of a listpack is cut off");
    return size;
  };
  const integer = (size: number, value: number | bigint) => ({
    size,
    length: 0,
    value: Buffer.from(String(value)),
  });
  if (first < 0x80) return integer(1, first);
  if (first < 0xc0) return { size: 1, length: first & 0x3f };
  if (first < 0xe0) return integer(need(2), ((((first & 0x1f) << 8) | bytes[at + 1]!) << 19) >> 19);
  if (first < 0xf0) return { size: need(2), length: ((first & 0x0f) << 8) | bytes[at + 1]! };
  if (first === 0xf0) return { size: need(5), length: bytes.readUInt32LE(at + 1) };
  if (first <= 0xf3) return integer(need(first - 0xee), bytes.readIntLE(at + 1, first - 0xef));
  if (first === 0xf4) return integer(need(9), bytes.readBigInt64LE(at + 1));
  throw new PayloadError("an element of a listpack is in no known form");
}
