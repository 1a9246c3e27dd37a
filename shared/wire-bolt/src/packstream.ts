import { BoltViolation } from "./violation.ts";

/** A PackStream structure: a tag and its fields; messages and graph types are structures. */
export class Structure {
  readonly tag: number;
  readonly fields: readonly PackValue[];

  constructor(tag: number, fields: readonly PackValue[]) {
    this.tag = tag;
    this.fields = fields;
  }
}

/** A value of PackStream. Integers are `bigint`, floats are `number`: the two are different types on the wire. */
export type PackValue =
  | null
  | boolean
  | bigint
  | number
  | string
  | Uint8Array
  | readonly PackValue[]
  | ReadonlyMap<string, PackValue>
  | Structure;

/** What is nested deeper is refused: each level costs the reader stack. */
const depthMax = 1000;
const int64Min = -(2n ** 63n);
const int64Max = 2n ** 63n - 1n;
const firstBytes = 1024;

/** Writes PackStream values one after the other into a buffer that grows. */
export class PackWriter {
  #buffer = Buffer.allocUnsafe(firstBytes);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** The bytes written so far, and an empty writer. */
  take(): Buffer {
    const taken = this.#buffer.subarray(0, this.#length);
    this.#buffer = Buffer.allocUnsafe(firstBytes);
    this.#length = 0;
    return taken;
  }

  /** What was written, valid until the next call. */
  get bytes(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }

  clear(): void {
    this.#length = 0;
    if (this.#buffer.length > 1 << 20) this.#buffer = Buffer.allocUnsafe(firstBytes);
  }

  #reserve(bytes: number): void {
    const needed = this.#length + bytes;
    if (needed <= this.#buffer.length) return;
    const grown = Buffer.allocUnsafe(Math.max(needed, this.#buffer.length * 2));
    this.#buffer.copy(grown, 0, 0, this.#length);
    this.#buffer = grown;
  }

  #byte(value: number): void {
    this.#reserve(1);
    this.#buffer[this.#length++] = value;
  }

  /** @throws BoltViolation for an integer that has no 64 bits */
  value(value: PackValue): void {
    switch (typeof value) {
      case "boolean":
        this.#byte(value ? 0xc3 : 0xc2);
        return;
      case "bigint":
        this.integer(value);
        return;
      case "number":
        this.#reserve(9);
        this.#buffer[this.#length] = 0xc1;
        this.#buffer.writeDoubleBE(value, this.#length + 1);
        this.#length += 9;
        return;
      case "string":
        this.string(value);
        return;
      default:
        this.#object(value);
    }
  }

  #object(value: Exclude<PackValue, boolean | bigint | number | string>): void {
    if (value === null) this.#byte(0xc0);
    else if (value instanceof Structure) {
      this.structure(value.tag, value.fields.length);
      for (const field of value.fields) this.value(field);
    } else if (value instanceof Uint8Array) {
      this.#sized(value.length, -1, 0xcc, 0xcd, 0xce);
      this.#reserve(value.length);
      this.#buffer.set(value, this.#length);
      this.#length += value.length;
    } else if (value instanceof Map) {
      this.mapHead(value.size);
      for (const [key, item] of value) {
        this.string(key);
        this.value(item);
      }
    } else {
      const list = value as readonly PackValue[];
      this.list(list.length);
      for (const item of list) this.value(item);
    }
  }

  integer(value: bigint): void {
    if (value < int64Min || value > int64Max) throw new BoltViolation("an integer beyond 64 bits");
    if (value < -2147483648n || value > 2147483647n) {
      this.#reserve(9);
      this.#buffer[this.#length] = 0xcb;
      this.#buffer.writeBigInt64BE(value, this.#length + 1);
      this.#length += 9;
      return;
    }
    const small = Number(value);
    this.#reserve(5);
    if (small >= -16 && small <= 127) this.#buffer[this.#length++] = small & 0xff;
    else if (small >= -128 && small <= 127) {
      this.#buffer[this.#length] = 0xc8;
      this.#buffer.writeInt8(small, this.#length + 1);
      this.#length += 2;
    } else if (small >= -32768 && small <= 32767) {
      this.#buffer[this.#length] = 0xc9;
      this.#buffer.writeInt16BE(small, this.#length + 1);
      this.#length += 3;
    } else {
      this.#buffer[this.#length] = 0xca;
      this.#buffer.writeInt32BE(small, this.#length + 1);
      this.#length += 5;
    }
  }

  string(value: string): void {
    const length = Buffer.byteLength(value);
    this.#sized(length, 0x80, 0xd0, 0xd1, 0xd2);
    this.#reserve(length);
    this.#length += this.#buffer.write(value, this.#length);
  }

  /** The head of a list; its items follow. */
  list(length: number): void {
    this.#sized(length, 0x90, 0xd4, 0xd5, 0xd6);
  }

  /** The head of a map; its keys and values follow. */
  mapHead(size: number): void {
    this.#sized(size, 0xa0, 0xd8, 0xd9, 0xda);
  }

  /** The head of a structure; its fields follow. */
  structure(tag: number, fields: number): void {
    if (fields > 15) throw new BoltViolation("a structure of more than 15 fields");
    this.#reserve(2);
    this.#buffer[this.#length++] = 0xb0 | fields;
    this.#buffer[this.#length++] = tag;
  }

  #sized(length: number, tiny: number, one: number, two: number, four: number): void {
    this.#reserve(5);
    if (tiny !== -1 && length < 16) this.#buffer[this.#length++] = tiny | length;
    else if (length < 0x100) {
      this.#buffer[this.#length++] = one;
      this.#buffer[this.#length++] = length;
    } else if (length < 0x10000) {
      this.#buffer[this.#length++] = two;
      this.#length = this.#buffer.writeUInt16BE(length, this.#length);
    } else {
      this.#buffer[this.#length++] = four;
      this.#length = this.#buffer.writeUInt32BE(length, this.#length);
    }
  }
}

/** Reads PackStream values one after the other. @throws BoltViolation of every call */
export class PackReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  #need(bytes: number): number {
    const at = this.#at;
    if (at + bytes > this.#bytes.length) throw new BoltViolation("a value that ends before it is whole");
    this.#at += bytes;
    return at;
  }

  value(depth = 0): PackValue {
    if (depth > depthMax) throw new BoltViolation("values nested too deeply");
    const marker = this.#bytes[this.#need(1)]!;
    if (marker < 0x80) return BigInt(marker);
    if (marker >= 0xf0) return BigInt(marker - 0x100);
    const low = marker & 0x0f;
    switch (marker & 0xf0) {
      case 0x80:
        return this.#string(low);
      case 0x90:
        return this.#list(low, depth);
      case 0xa0:
        return this.#map(low, depth);
      case 0xb0:
        return this.#structure(low, depth);
    }
    switch (marker) {
      case 0xc0:
        return null;
      case 0xc1:
        return this.#bytes.readDoubleBE(this.#need(8));
      case 0xc2:
        return false;
      case 0xc3:
        return true;
      case 0xc8:
        return BigInt(this.#bytes.readInt8(this.#need(1)));
      case 0xc9:
        return BigInt(this.#bytes.readInt16BE(this.#need(2)));
      case 0xca:
        return BigInt(this.#bytes.readInt32BE(this.#need(4)));
      case 0xcb:
        return this.#bytes.readBigInt64BE(this.#need(8));
      case 0xcc:
      case 0xcd:
      case 0xce: {
        const length = this.#length(marker - 0xcc);
        const at = this.#need(length);
        return Uint8Array.from(this.#bytes.subarray(at, at + length));
      }
      case 0xd0:
      case 0xd1:
      case 0xd2:
        return this.#string(this.#length(marker - 0xd0));
      case 0xd4:
      case 0xd5:
      case 0xd6:
        return this.#list(this.#length(marker - 0xd4), depth);
      case 0xd8:
      case 0xd9:
      case 0xda:
        return this.#map(this.#length(marker - 0xd8), depth);
    }
    throw new BoltViolation(`a value cannot begin with the byte ${marker}`);
  }

  #length(size: number): number {
    if (size === 0) return this.#bytes[this.#need(1)]!;
    return size === 1 ? this.#bytes.readUInt16BE(this.#need(2)) : this.#bytes.readUInt32BE(this.#need(4));
  }

  #string(length: number): string {
    const at = this.#need(length);
    return this.#bytes.toString("utf8", at, at + length);
  }

  /** Every item takes a byte at the least: a length that cannot be true allocates nothing. */
  #room(items: number): void {
    if (items > this.#bytes.length - this.#at)
      throw new BoltViolation("a value that ends before it is whole");
  }

  #list(length: number, depth: number): PackValue[] {
    this.#room(length);
    const list: PackValue[] = [];
    for (let i = 0; i < length; i++) list.push(this.value(depth + 1));
    return list;
  }

  #map(length: number, depth: number): Map<string, PackValue> {
    this.#room(length);
    const map = new Map<string, PackValue>();
    for (let i = 0; i < length; i++) {
      const key = this.value(depth + 1);
      if (typeof key !== "string") throw new BoltViolation("a map with a key that is no string");
      map.set(key, this.value(depth + 1));
    }
    return map;
  }

  #structure(length: number, depth: number): Structure {
    const tag = this.#bytes[this.#need(1)]!;
    const fields: PackValue[] = [];
    for (let i = 0; i < length; i++) fields.push(this.value(depth + 1));
    return new Structure(tag, fields);
  }
}

/** The bytes of one value. */
export function pack(value: PackValue): Buffer {
  const writer = new PackWriter();
  writer.value(value);
  return writer.take();
}

/** The one value that the bytes are. @throws BoltViolation */
export function unpack(bytes: Buffer): PackValue {
  const reader = new PackReader(bytes);
  const value = reader.value();
  if (!reader.isAtEnd) throw new BoltViolation("bytes after the end of a message");
  return value;
}
