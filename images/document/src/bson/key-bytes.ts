import { Decimal128, digitsMax } from "./decimal128.ts";
import { compareNumbers, exactDecimal } from "./order.ts";
import { canonicalType, typeNumber } from "./types.ts";
import {
  type BinData,
  BsonSymbol,
  type Code,
  type CodeWithScope,
  type DateTime,
  type DbPointer,
  type Doc,
  Double,
  type Numeric,
  type ObjectId,
  type Regex,
  type Timestamp,
  type Value,
} from "./values.ts";

/**
 * Bytes that compare, byte by byte, as `compareValues` compares the values, and are equal where values are: what indexes are
 * made of, and what values are grouped and sorted by. A key ends where it says so, so that keys can be put one behind the other.
 */

/** What stands for each text instead: a collation's. */
export type TextKey = (text: string) => string;

const tags = {
  minKey: 0x10,
  undefined: 0x18,
  null: 0x20,
  nan: 0x30,
  negative: 0x31,
  zero: 0x32,
  positive: 0x33,
  string: 0x3c,
  object: 0x46,
  array: 0x50,
  binData: 0x5a,
  objectId: 0x64,
  false: 0x6e,
  true: 0x6f,
  date: 0x78,
  timestamp: 0x82,
  regex: 0x8c,
  dbPointer: 0x96,
  code: 0xa0,
  codeWithScope: 0xaa,
  maxKey: 0xf0,
} as const;

/** Bounds of all keys of a canonical type: the first byte of the least, and one more than that of the greatest. */
export function tagsOfType(canonical: number): readonly [number, number] {
  switch (canonical) {
    case -1:
      return [tags.minKey, tags.minKey + 1];
    case 0:
      return [tags.undefined, tags.undefined + 1];
    case 5:
      return [tags.null, tags.null + 1];
    case 10:
      return [tags.nan, tags.positive + 1];
    case 15:
      return [tags.string, tags.string + 1];
    case 20:
      return [tags.object, tags.object + 1];
    case 25:
      return [tags.array, tags.array + 1];
    case 30:
      return [tags.binData, tags.binData + 1];
    case 35:
      return [tags.objectId, tags.objectId + 1];
    case 40:
      return [tags.false, tags.true + 1];
    case 45:
      return [tags.date, tags.date + 1];
    case 47:
      return [tags.timestamp, tags.timestamp + 1];
    case 50:
      return [tags.regex, tags.regex + 1];
    case 55:
      return [tags.dbPointer, tags.dbPointer + 1];
    case 60:
      return [tags.code, tags.code + 1];
    case 65:
      return [tags.codeWithScope, tags.codeWithScope + 1];
    default:
      return [tags.maxKey, tags.maxKey + 1];
  }
}

class KeyWriter {
  bytes = Buffer.allocUnsafe(512);
  at = 0;

  room(length: number): void {
    if (this.at + length <= this.bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.bytes.length * 2, this.at + length));
    this.bytes.copy(larger, 0, 0, this.at);
    this.bytes = larger;
  }

  byte(value: number): void {
    this.room(1);
    this.bytes[this.at++] = value;
  }

  /** Text that ends with a zero; zeros in it are followed by 0xff, which no tag is. */
  text(text: string): void {
    this.room(text.length * 6 + 1);
    const start = this.at;
    const length = this.bytes.write(text, start, "utf8");
    this.at += length;
    if (text.includes("\0")) this.#escape(start);
    this.bytes[this.at++] = 0;
  }

  #escape(start: number): void {
    const plain = Buffer.from(this.bytes.subarray(start, this.at));
    this.at = start;
    for (const byte of plain) {
      this.bytes[this.at++] = byte;
      if (byte === 0) this.bytes[this.at++] = 0xff;
    }
  }

  raw(bytes: Buffer): void {
    this.room(bytes.length);
    this.at += bytes.copy(this.bytes, this.at);
  }
}

const shared = new KeyWriter();

/** The key of one value. */
export function keyOf(value: Value | undefined, texts?: TextKey): Buffer {
  const start = shared.at;
  try {
    writeKey(shared, value, texts);
    return Buffer.from(shared.bytes.subarray(start, shared.at));
  } finally {
    shared.at = start;
  }
}

/** The key of several values, some of them descending. */
export function compoundKey(
  values: readonly (Value | undefined)[],
  isDescending: readonly boolean[],
  texts?: TextKey,
): Buffer {
  const start = shared.at;
  try {
    for (let i = 0; i < values.length; i++) {
      const from = shared.at;
      writeKey(shared, values[i], texts);
      if (isDescending[i]) invert(shared, from);
    }
    return Buffer.from(shared.bytes.subarray(start, shared.at));
  } finally {
    shared.at = start;
  }
}

function invert(writer: KeyWriter, from: number): void {
  for (let i = from; i < writer.at; i++) writer.bytes[i] = ~writer.bytes[i]! & 0xff;
}

/** The same key in the other direction. */
export function inverted(key: Buffer): Buffer {
  return key.map((byte) => ~byte & 0xff) as Buffer;
}

/** Something that is equal for equal values, for maps and sets. */
export function identityOf(value: Value | undefined, texts?: TextKey): string {
  if (typeof value === "string" && texts === undefined) return `s${value}`;
  return keyOf(value, texts).toString("latin1");
}

function writeKey(writer: KeyWriter, value: Value | undefined, texts: TextKey | undefined): void {
  if (typeof value === "number") {
    writeDoubleKey(writer, value);
    writer.byte(0);
    if (value < 0) invertNumber(writer);
    return;
  }
  switch (canonicalType(typeNumber(value))) {
    case -1:
      writer.byte(tags.minKey);
      return;
    case 0:
      writer.byte(tags.undefined);
      return;
    case 5:
      writer.byte(tags.null);
      return;
    case 10:
      writeNumber(writer, value as Numeric);
      return;
    case 15: {
      const text = value instanceof BsonSymbol ? value.text : (value as string);
      writer.byte(tags.string);
      writer.text(texts === undefined ? text : texts(text));
      return;
    }
    case 20:
      writer.byte(tags.object);
      for (const [name, field] of value as Doc) {
        writer.byte(canonicalType(typeNumber(field)) + 2);
        writer.text(name);
        writeKey(writer, field, texts);
      }
      writer.byte(0);
      return;
    case 25:
      writer.byte(tags.array);
      for (const element of value as Value[]) writeKey(writer, element, texts);
      writer.byte(0);
      return;
    case 30: {
      const { subtype, bytes } = value as BinData;
      writer.byte(tags.binData);
      writer.room(5);
      writer.at = writer.bytes.writeUInt32BE(bytes.length, writer.at);
      writer.byte(subtype);
      writer.raw(bytes);
      return;
    }
    case 35:
      writer.byte(tags.objectId);
      writer.raw((value as ObjectId).bytes);
      return;
    case 40:
      writer.byte(value === true ? tags.true : tags.false);
      return;
    case 45:
      writer.byte(tags.date);
      writer.room(8);
      writer.at = writer.bytes.writeBigUInt64BE(
        BigInt.asUintN(64, (value as DateTime).ms + (1n << 63n)),
        writer.at,
      );
      return;
    case 47:
      writer.byte(tags.timestamp);
      writer.room(8);
      writer.at = writer.bytes.writeBigUInt64BE((value as Timestamp).bits, writer.at);
      return;
    case 50:
      writer.byte(tags.regex);
      writer.text((value as Regex).pattern);
      writer.text((value as Regex).options);
      return;
    case 55: {
      const { namespace, id } = value as DbPointer;
      writer.byte(tags.dbPointer);
      writer.room(4);
      writer.at = writer.bytes.writeUInt32BE(namespace.length, writer.at);
      writer.text(namespace);
      writer.raw(id.bytes);
      return;
    }
    case 60:
      writer.byte(tags.code);
      writer.text((value as Code).code);
      return;
    case 65:
      writer.byte(tags.codeWithScope);
      writer.text((value as CodeWithScope).code);
      writeKey(writer, (value as CodeWithScope).scope, undefined);
      return;
    default:
      writer.byte(tags.maxKey);
      return;
  }
}

/**
 * A number is the nearest double towards zero, and behind it what is missing to the number itself: nothing for doubles and
 * integers below 2^53, else all of its decimal digits.
 */
function writeNumber(writer: KeyWriter, number: Numeric): void {
  const value = number instanceof Double ? number.value : number;
  if (typeof value === "number") {
    writeDoubleKey(writer, value);
    if (!Number.isNaN(value)) writer.byte(0);
    if (value < 0) invertNumber(writer);
    return;
  }
  const isNegative = typeof value === "bigint" ? value < 0n : value.sign < 0;
  if (value instanceof Decimal128 && value.kind !== "finite") {
    writeNumber(writer, new Double(value.toNumber()));
    return;
  }
  const exact = exactDecimal(value);
  if (exact.coefficient === 0n) {
    writeNumber(writer, 0);
    return;
  }
  const magnitude = new Decimal128(1, exact.coefficient, exact.exponent);
  const near = towardsZero(magnitude);
  if (near === 0) {
    // Below the least double: after zero, or before it.
    writer.byte(isNegative ? tags.negative : tags.positive);
    numberStart = writer.at;
    writer.room(8);
    writer.bytes.fill(0, writer.at, writer.at + 8);
    writer.at += 8;
  } else {
    writeDoubleKey(writer, isNegative ? -near : near);
  }
  if (near !== 0 && compareNumbers(new Double(near), magnitude) === 0) writer.byte(0);
  else writeDigits(writer, magnitude);
  if (isNegative) invertNumber(writer, writer.at);
}

/** Where the last number's bytes begin behind its tag. */
let numberStart = 0;

function writeDoubleKey(writer: KeyWriter, value: number): void {
  if (Number.isNaN(value)) {
    writer.byte(tags.nan);
    return;
  }
  if (value === 0) {
    writer.byte(tags.zero);
    return;
  }
  writer.byte(value < 0 ? tags.negative : tags.positive);
  numberStart = writer.at;
  writer.room(8);
  writer.at = writer.bytes.writeDoubleBE(Math.abs(value), writer.at);
}

function invertNumber(writer: KeyWriter, end = writer.at): void {
  for (let i = numberStart; i < end; i++) writer.bytes[i] = ~writer.bytes[i]! & 0xff;
}

/** The greatest double that is not above a positive number. */
function towardsZero(magnitude: Decimal128): number {
  const nearest = magnitude.toNumber();
  if (!Number.isFinite(nearest)) return Number.MAX_VALUE;
  if (nearest === 0 || compareNumbers(new Double(nearest), magnitude) <= 0) return nearest;
  return previousDouble(nearest);
}

const scratch = Buffer.alloc(8);

function previousDouble(value: number): number {
  scratch.writeDoubleBE(value, 0);
  scratch.writeBigUInt64BE(scratch.readBigUInt64BE(0) - 1n, 0);
  return scratch.readDoubleBE(0);
}

/** 1, the power of ten of the first digit, the digits, each as its number and one. */
function writeDigits(writer: KeyWriter, { coefficient, exponent }: Decimal128): void {
  const digits = coefficient.toString();
  writer.byte(1);
  writer.room(4 + digits.length);
  writer.at = writer.bytes.writeUInt16BE(exponent + digits.length - 1 + 0x8000, writer.at);
  const significant = digits.replace(/0+$/, "").slice(0, digitsMax);
  for (let i = 0; i < significant.length; i++) writer.bytes[writer.at++] = significant.charCodeAt(i) - 0x2f;
  writer.bytes[writer.at++] = 0;
}
