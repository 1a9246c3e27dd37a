import { invalid } from "../errors.ts";

/**
 * An id as it is stored: a first byte for its kind, so that bytes compare as ids are ordered. Whole numbers from 0 to 2^64 - 1
 * come first (8 bytes, big-endian), then UUIDs (16 bytes), then any other text. The text "42" and the number 42 are the same id.
 */
export type PointKey = Buffer;

const numberKind = 0;
const uuidKind = 1;
const textKind = 2;
export const idBytesMax = 1024;
const numberMax = 2n ** 64n - 1n;

export function keyOfNumber(value: number | bigint): PointKey {
  const key = Buffer.alloc(9);
  key[0] = numberKind;
  key.writeBigUInt64BE(BigInt(value), 1);
  return key;
}

/** @throws VectorError for an empty or too long one */
export function keyOfText(text: string): PointKey {
  if (/^(?:0|[1-9]\d{0,19})$/.test(text) && BigInt(text) <= numberMax) return keyOfNumber(BigInt(text));
  if (/^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/.test(text)) return uuidKey(text);
  if (text === "") throw invalid("an id must not be empty");
  const bytes = Buffer.from(text);
  if (bytes.length > idBytesMax)
    throw invalid(`an id takes ${idBytesMax} bytes at the most; this one takes ${bytes.length}`);
  return Buffer.concat([Buffer.of(textKind), bytes]);
}

/** Of a UUID in any of its spellings. @throws VectorError for anything else */
export function keyOfUuid(text: string): PointKey {
  const hex = text
    .toLowerCase()
    .replace(/^urn:uuid:/, "")
    .replace(/^\{(.*)\}$/, "$1");
  if (/^[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}$/.test(hex)) return uuidKey(hex);
  // Ids of the native interface are any text; they can be asked for by the same text.
  return keyOfText(text);
}

function uuidKey(text: string): PointKey {
  return Buffer.concat([Buffer.of(uuidKind), Buffer.from(text.replaceAll("-", ""), "hex")]);
}

export function isNumberKey(key: Uint8Array): boolean {
  return key[0] === numberKind;
}

export function numberOfKey(key: PointKey): bigint {
  return key.readBigUInt64BE(1);
}

export function textOfKey(key: PointKey): string {
  switch (key[0]) {
    case numberKind:
      return numberOfKey(key).toString();
    case uuidKind: {
      const hex = key.toString("hex", 1);
      return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
    }
    default:
      return key.toString("utf8", 1);
  }
}
