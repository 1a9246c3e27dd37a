import { isUtf8 } from "node:buffer";
import { WireMongoError } from "./violation.ts";

/** Walking over the elements of a BSON document without decoding it (bsonspec.org, version 1.1). */

/** The type byte of an element. */
export const bsonTypes = {
  double: 0x01,
  string: 0x02,
  object: 0x03,
  array: 0x04,
  binData: 0x05,
  undefined: 0x06,
  objectId: 0x07,
  bool: 0x08,
  date: 0x09,
  null: 0x0a,
  regex: 0x0b,
  dbPointer: 0x0c,
  javascript: 0x0d,
  symbol: 0x0e,
  javascriptWithScope: 0x0f,
  int: 0x10,
  timestamp: 0x11,
  long: 0x12,
  decimal: 0x13,
  minKey: 0xff,
  maxKey: 0x7f,
} as const;

/** Documents may be nested this deep (BSONDepth::kDefaultMaxAllowableDepth). */
export const depthMax = 200;

/** The length of the document at `at`, which is not looked at further. */
export function documentLength(bytes: Buffer, at: number): number {
  return bytes.readInt32LE(at);
}

/** Where the NUL of the text at `at` is. */
function textEnd(bytes: Buffer, at: number): number {
  const end = bytes.indexOf(0, at);
  if (end === -1) throw invalid("a name without its end");
  return end;
}

/** How many bytes the value of a type takes at `at`, in a document that is valid. */
export function valueLength(bytes: Buffer, type: number, at: number): number {
  switch (type) {
    case 0x01:
    case 0x09:
    case 0x11:
    case 0x12:
      return 8;
    case 0x02:
    case 0x0d:
    case 0x0e:
      return 4 + bytes.readInt32LE(at);
    case 0x03:
    case 0x04:
    case 0x0f:
      return bytes.readInt32LE(at);
    case 0x05:
      return 5 + bytes.readInt32LE(at);
    case 0x06:
    case 0x0a:
    case 0x7f:
    case 0xff:
      return 0;
    case 0x07:
      return 12;
    case 0x08:
      return 1;
    case 0x0b: {
      const pattern = textEnd(bytes, at);
      return textEnd(bytes, pattern + 1) + 1 - at;
    }
    case 0x0c:
      return 4 + bytes.readInt32LE(at) + 12;
    case 0x10:
      return 4;
    case 0x13:
      return 16;
    default:
      throw invalid(`an element of the unknown type 0x${type.toString(16)}`);
  }
}

/** The name of the element at `at` (its type byte). */
export function fieldName(bytes: Buffer, at: number): string {
  return bytes.toString("utf8", at + 1, textEnd(bytes, at + 1));
}

/** Where the value of the element at `at` begins. */
export function elementValue(bytes: Buffer, at: number): number {
  return textEnd(bytes, at + 1) + 1;
}

/** Where the first element of a name begins in the document at `at`, or -1. */
export function findField(bytes: Buffer, at: number, name: string): number {
  const wanted = Buffer.from(name);
  const end = at + documentLength(bytes, at) - 1;
  for (let element = at + 4; element < end; ) {
    const nameEnd = textEnd(bytes, element + 1);
    if (
      nameEnd - element - 1 === wanted.length &&
      bytes.compare(wanted, 0, wanted.length, element + 1, nameEnd) === 0
    ) {
      return element;
    }
    element = nameEnd + 1 + valueLength(bytes, bytes[element]!, nameEnd + 1);
  }
  return -1;
}

/**
 * The length of the document at `at`, which must fit before `end`; what is in it is not looked at.
 *
 * @throws WireMongoError `invalid_bson`
 */
export function requireDocument(bytes: Buffer, at: number, end: number): number {
  if (end - at < 5) throw invalid("a document that is cut off");
  const length = bytes.readInt32LE(at);
  if (length < 5 || length > end - at) throw invalid(`a document of ${length} bytes where ${end - at} are`);
  if (bytes[at + length - 1] !== 0) throw invalid("a document that does not end with a zero");
  return length;
}

/**
 * Holds every byte of the document at `at` to the specification: lengths, types, nesting, texts in UTF-8 where MongoDB asks for it.
 *
 * @returns its length
 * @throws WireMongoError `invalid_bson`
 */
export function requireValidDocument(bytes: Buffer, at: number, end: number, depth = 1): number {
  if (depth > depthMax) throw invalid(`a document nested deeper than ${depthMax} levels`);
  const length = requireDocument(bytes, at, end);
  const last = at + length - 1;
  let element = at + 4;
  while (element < last) {
    const type = bytes[element]!;
    const nameEnd = bytes.indexOf(0, element + 1);
    if (nameEnd === -1 || nameEnd >= last) throw invalid("a field's name without its end");
    element = nameEnd + 1 + validValueLength(bytes, type, nameEnd + 1, last, depth);
  }
  if (element !== last) throw invalid("elements that do not end where their document does");
  return length;
}

function validValueLength(bytes: Buffer, type: number, at: number, end: number, depth: number): number {
  const room = end - at;
  const need = (length: number): number => {
    if (length > room) throw invalid("a value that is cut off");
    return length;
  };
  switch (type) {
    case 0x02:
    case 0x0d:
    case 0x0e:
      return need(4 + validTextLength(bytes, at, end));
    case 0x03:
    case 0x04:
      return requireValidDocument(bytes, at, end, depth + 1);
    case 0x05: {
      need(5);
      const length = bytes.readInt32LE(at);
      if (length < 0) throw invalid("binary data of a negative length");
      if (bytes[at + 4] === 2 && (length < 4 || (room >= 9 && bytes.readInt32LE(at + 5) !== length - 4))) {
        throw invalid("old binary data whose two lengths differ");
      }
      return need(5 + length);
    }
    case 0x08:
      need(1);
      if (bytes[at]! > 1) throw invalid("a boolean that is neither 0 nor 1");
      return 1;
    case 0x0b: {
      const pattern = bytes.indexOf(0, at);
      const options = pattern === -1 ? -1 : bytes.indexOf(0, pattern + 1);
      if (options === -1 || options >= end) throw invalid("a regular expression without its end");
      return options + 1 - at;
    }
    case 0x0c:
      return need(4 + validTextLength(bytes, at, end) + 12);
    case 0x0f: {
      need(14);
      const length = bytes.readInt32LE(at);
      if (length < 14 || length > room) throw invalid("code with scope of an impossible length");
      const code = 4 + validTextLength(bytes, at + 4, at + length);
      const scope = requireValidDocument(bytes, at + 4 + code, at + length, depth + 1);
      if (4 + code + scope !== length) throw invalid("code with scope whose lengths differ");
      return length;
    }
    default:
      return need(valueLength(bytes, type, at));
  }
}

/** Of the text after its length field. */
function validTextLength(bytes: Buffer, at: number, end: number): number {
  if (end - at < 5) throw invalid("a text that is cut off");
  const length = bytes.readInt32LE(at);
  if (length < 1 || length > end - at - 4) throw invalid("a text of an impossible length");
  if (bytes[at + 3 + length] !== 0) throw invalid("a text that does not end with a zero");
  return length;
}

/** Whether a text's bytes are UTF-8. */
export function isUtf8Text(bytes: Buffer, at: number, end: number): boolean {
  return isUtf8(bytes.subarray(at, end));
}

function invalid(what: string): WireMongoError {
  return new WireMongoError("invalid_bson", `invalid BSON: ${what}`);
}
