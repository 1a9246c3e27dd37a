import { bsonTypes } from "./bson-elements.ts";

/** Writing the few documents that who stands between clients and servers says by itself (bsonspec.org, version 1.1). */

/** A document of elements, each written by one of the functions below or taken from another document. */
export function documentOf(elements: readonly Buffer[]): Buffer {
  const body = Buffer.concat(elements);
  const length = Buffer.alloc(4);
  length.writeInt32LE(body.length + 5);
  return Buffer.concat([length, body, Buffer.alloc(1)]);
}

export function textElement(name: string, text: string): Buffer {
  const bytes = Buffer.from(`${text}\0`);
  const length = Buffer.alloc(4);
  length.writeInt32LE(bytes.length);
  return element(bsonTypes.string, name, length, bytes);
}

/** An array of texts. */
export function listElement(name: string, texts: readonly string[]): Buffer {
  const items = texts.map((text, index) => textElement(String(index), text));
  return element(bsonTypes.array, name, documentOf(items));
}

export function documentElement(name: string, elements: readonly Buffer[]): Buffer {
  return element(bsonTypes.object, name, documentOf(elements));
}

export function booleanElement(name: string, value: boolean): Buffer {
  return element(bsonTypes.bool, name, Buffer.from([value ? 1 : 0]));
}

export function intElement(name: string, value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return element(bsonTypes.int, name, bytes);
}

export function doubleElement(name: string, value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(value);
  return element(bsonTypes.double, name, bytes);
}

/** An array of 64-bit integers. */
export function longsElement(name: string, values: readonly bigint[]): Buffer {
  const items = values.map((value, index) => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64LE(value);
    return element(bsonTypes.long, String(index), bytes);
  });
  return element(bsonTypes.array, name, documentOf(items));
}

export function dateElement(name: string, ms: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64LE(BigInt(ms));
  return element(bsonTypes.date, name, bytes);
}

/** Binary data of the generic subtype. */
export function binaryElement(name: string, data: Buffer): Buffer {
  const length = Buffer.alloc(5);
  length.writeInt32LE(data.length);
  return element(bsonTypes.binData, name, length, data);
}

function element(type: number, name: string, ...value: readonly Buffer[]): Buffer {
  return Buffer.concat([Buffer.from([type]), Buffer.from(`${name}\0`), ...value]);
}
