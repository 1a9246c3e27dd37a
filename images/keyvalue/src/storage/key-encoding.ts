import { crc32 } from "node:zlib";
import type { AttributeValue } from "../items/attribute-value.ts";
import { type Decimal, decimalOf } from "../items/decimal.ts";

/**
 * Keys as bytes that compare as DynamoDB orders them: a hash of the partition key, which spreads a scan's segments,
 * then each key attribute, ended so that no value is the beginning of another.
 *
 * - text and bytes: as they are (text as UTF-8), with 00 as 00 FF, ended by 00 01
 * - numbers: sign (00 negative, 01 zero, 02 positive), exponent, pairs of digits plus one, ended by 00; of negative
 *   numbers all but the sign is inverted
 */
export const hashBytes = 4;

const end = 0x01;
const escaped = 0xff;

/** Partition keys are 2,048 bytes at most, sort keys 1,024; an index has up to four of each, and the table's after. */
let scratch = Buffer.allocUnsafe(64 * 1024);
let length = 0;

function reserve(bytes: number): void {
  if (length + bytes <= scratch.length) return;
  const larger = Buffer.allocUnsafe((length + bytes) * 2);
  scratch.copy(larger, 0, 0, length);
  scratch = larger;
}

/** The key of an item whose partition key and sort key have these parts. */
export function encodeKey(partition: readonly AttributeValue[], sort: readonly AttributeValue[]): Buffer {
  length = hashBytes;
  for (const value of partition) appendPart(value);
  scratch.writeUInt32BE(crc32(scratch.subarray(hashBytes, length)), 0);
  for (const value of sort) appendPart(value);
  return Buffer.from(scratch.subarray(0, length));
}

/** What all keys of a partition begin with. */
export function encodePartition(partition: readonly AttributeValue[]): Buffer {
  return encodeKey(partition, []);
}

/** One part by itself, as it stands after those before it. */
export function encodePart(value: AttributeValue): Buffer {
  length = 0;
  appendPart(value);
  return Buffer.from(scratch.subarray(0, length));
}

/** What all texts or bytes that begin with this one begin with. */
export function encodePrefix(value: AttributeValue): Buffer {
  length = 0;
  if (value.S !== undefined) appendText(value.S);
  else appendBytes(Buffer.from(value.B!, "base64"));
  return Buffer.from(scratch.subarray(0, length));
}

/** The least key that is greater than all that begin with `prefix`; undefined when there is none. */
export function afterPrefix(prefix: Buffer): Buffer | undefined {
  let at = prefix.length;
  while (at > 0 && prefix[at - 1] === 0xff) at--;
  if (at === 0) return undefined;
  const after = Buffer.from(prefix.subarray(0, at));
  after[at - 1]!++;
  return after;
}

/** Where a segment of a scan begins. */
export function segmentStart(segment: number, totalSegments: number): Buffer | undefined {
  if (segment >= totalSegments) return undefined;
  const start = Buffer.allocUnsafe(hashBytes);
  start.writeUInt32BE(Math.floor((segment * 2 ** 32) / totalSegments));
  return start;
}

function appendPart(value: AttributeValue): void {
  if (value.N !== undefined) {
    appendNumber(decimalOf(value.N));
    return;
  }
  if (value.S !== undefined) appendText(value.S);
  else appendBytes(Buffer.from(value.B!, "base64"));
  reserve(2);
  scratch[length++] = 0;
  scratch[length++] = end;
}

function appendText(text: string): void {
  reserve(text.length * 3);
  const written = scratch.write(text, length, "utf8");
  if (!text.includes("\0")) length += written;
  else appendBytes(Buffer.from(text));
}

function appendBytes(bytes: Buffer): void {
  reserve(bytes.length * 2);
  for (const byte of bytes) {
    scratch[length++] = byte;
    if (byte === 0) scratch[length++] = escaped;
  }
}

/** Exponents go from -129 to 126. */
const exponentBias = 129;

function appendNumber({ isNegative, digits, exponent }: Decimal): void {
  reserve(32);
  if (digits === "") {
    scratch[length++] = 0x01;
    return;
  }
  scratch[length++] = isNegative ? 0x00 : 0x02;
  const start = length;
  scratch[length++] = exponent + exponentBias;
  for (let i = 0; i < digits.length; i += 2) {
    const tens = digits.charCodeAt(i) - 0x30;
    const ones = i + 1 < digits.length ? digits.charCodeAt(i + 1) - 0x30 : 0;
    scratch[length++] = tens * 10 + ones + 1;
  }
  scratch[length++] = 0;
  if (isNegative) for (let i = start; i < length; i++) scratch[i] = 0xff - scratch[i]!;
}
