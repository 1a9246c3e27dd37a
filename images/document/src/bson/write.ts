import { Decimal128 } from "./decimal128.ts";
import {
  BinData,
  BsonSymbol,
  BsonUndefined,
  Code,
  CodeWithScope,
  DateTime,
  DbPointer,
  Doc,
  Double,
  MaxKey,
  MinKey,
  ObjectId,
  Regex,
  Timestamp,
  type Value,
} from "./values.ts";

/** Writes documents one after the other into a buffer that grows. */
class BsonWriter {
  bytes = Buffer.allocUnsafe(1024);
  at = 0;

  room(length: number): void {
    if (this.at + length <= this.bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.bytes.length * 2, this.at + length));
    this.bytes.copy(larger, 0, 0, this.at);
    this.bytes = larger;
  }

  document(doc: Doc): void {
    const { raw } = doc;
    if (raw !== undefined) {
      const length = raw.bytes.readInt32LE(raw.at);
      this.room(length);
      this.at += raw.bytes.copy(this.bytes, this.at, raw.at, raw.at + length);
      return;
    }
    const start = this.#begin();
    for (const [name, value] of doc.fields) this.element(name, value);
    this.#end(start);
  }

  array(values: readonly Value[]): void {
    const start = this.#begin();
    for (let i = 0; i < values.length; i++) this.element(arrayName(i), values[i]!);
    this.#end(start);
  }

  element(name: string, value: Value): void {
    const nameBytes = name.length * 3;
    this.room(nameBytes + 22);
    const typeAt = this.at;
    this.at += 1;
    this.#name(name);
    // The buffer may be another one afterwards.
    const type = this.#value(value);
    this.bytes[typeAt] = type;
  }

  /** Writes a value and gives its type. */
  #value(value: Value): number {
    const { bytes, at } = this;
    switch (typeof value) {
      case "number":
        // Integers only, and those of 32 bits: anything else is a mistake of whoever made it, and throws here.
        this.at = bytes.writeInt32LE(value, at);
        if (!Number.isInteger(value)) throw new TypeError(`${value} is no int32`);
        return 0x10;
      case "string":
        this.#text(value);
        return 0x02;
      case "boolean":
        bytes[at] = value ? 1 : 0;
        this.at += 1;
        return 0x08;
      case "bigint":
        this.at = bytes.writeBigInt64LE(value, at);
        return 0x12;
      default:
        break;
    }
    if (value === null) return 0x0a;
    if (value instanceof Doc) {
      this.document(value);
      return 0x03;
    }
    if (Array.isArray(value)) {
      this.array(value);
      return 0x04;
    }
    if (value instanceof Double) {
      this.at = bytes.writeDoubleLE(value.value, at);
      return 0x01;
    }
    if (value instanceof ObjectId) {
      this.at += value.bytes.copy(bytes, at);
      return 0x07;
    }
    if (value instanceof DateTime) {
      this.at = bytes.writeBigInt64LE(value.ms, at);
      return 0x09;
    }
    return this.#rareValue(value);
  }

  #rareValue(value: Value): number {
    if (value instanceof Decimal128) {
      value.write(this.bytes, this.at);
      this.at += 16;
      return 0x13;
    }
    if (value instanceof BinData) {
      this.#binary(value);
      return 0x05;
    }
    if (value instanceof Timestamp) {
      this.at = this.bytes.writeBigUInt64LE(value.bits, this.at);
      return 0x11;
    }
    if (value instanceof Regex) {
      this.#terminated(value.pattern);
      this.#terminated(value.options);
      return 0x0b;
    }
    if (value instanceof BsonUndefined) return 0x06;
    if (value instanceof MinKey) return 0xff;
    if (value instanceof MaxKey) return 0x7f;
    if (value instanceof Code) {
      this.#text(value.code);
      return 0x0d;
    }
    if (value instanceof BsonSymbol) {
      this.#text(value.text);
      return 0x0e;
    }
    if (value instanceof CodeWithScope) {
      const start = this.at;
      this.at += 4;
      this.#text(value.code);
      this.document(value.scope);
      this.bytes.writeInt32LE(this.at - start, start);
      return 0x0f;
    }
    if (value instanceof DbPointer) {
      this.#text(value.namespace);
      this.room(12);
      this.at += value.id.bytes.copy(this.bytes, this.at);
      return 0x0c;
    }
    throw new TypeError("not a BSON value");
  }

  #begin(): number {
    this.room(5);
    const start = this.at;
    this.at += 4;
    return start;
  }

  #end(start: number): void {
    this.room(1);
    this.bytes[this.at++] = 0;
    this.bytes.writeInt32LE(this.at - start, start);
  }

  #name(name: string): void {
    const { bytes } = this;
    let { at } = this;
    for (let i = 0; i < name.length; i++) {
      const code = name.charCodeAt(i);
      if (code >= 0x80) {
        this.at += bytes.write(name, this.at, "utf8");
        bytes[this.at++] = 0;
        return;
      }
      bytes[at++] = code;
    }
    bytes[at++] = 0;
    this.at = at;
  }

  #terminated(text: string): void {
    this.room(text.length * 3 + 1);
    this.#name(text);
  }

  #text(text: string): void {
    this.room(text.length * 3 + 17);
    const length = this.bytes.write(text, this.at + 4, "utf8");
    this.bytes.writeInt32LE(length + 1, this.at);
    this.at += 4 + length;
    this.bytes[this.at++] = 0;
  }

  #binary({ subtype, bytes }: BinData): void {
    this.room(bytes.length + 9);
    const isOld = subtype === 2;
    this.at = this.bytes.writeInt32LE(bytes.length + (isOld ? 4 : 0), this.at);
    this.bytes[this.at++] = subtype;
    if (isOld) this.at = this.bytes.writeInt32LE(bytes.length, this.at);
    this.at += bytes.copy(this.bytes, this.at);
  }
}

const arrayNames = Array.from({ length: 1000 }, (_, i) => String(i));

function arrayName(index: number): string {
  return arrayNames[index] ?? String(index);
}

/** Shared by all calls, as none of them ends in the middle of another. */
let shared = new BsonWriter();
/** A buffer that became larger than this for one document is not kept for the next. */
const keptBytesMax = 1 << 20;

/** The bytes of a document; those it is made of, when it is bytes and nothing else is in its buffer. */
export function writeDoc(doc: Doc): Buffer {
  const { raw } = doc;
  if (raw !== undefined) {
    const length = raw.bytes.readInt32LE(raw.at);
    return raw.at === 0 && raw.bytes.length === length
      ? raw.bytes
      : raw.bytes.subarray(raw.at, raw.at + length);
  }
  const writer = shared;
  const start = writer.at;
  try {
    writer.document(doc);
    return Buffer.from(writer.bytes.subarray(start, writer.at));
  } finally {
    writer.at = start;
    if (writer.bytes.length > keptBytesMax && start === 0) shared = new BsonWriter();
  }
}

/** How many bytes a value takes in a document, beside its type and name. */
export function valueBytes(value: Value): number {
  return writeDoc(Doc.of({ "": value })).length - 7;
}
