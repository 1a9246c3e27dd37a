import { documentLength, findField, valueLength } from "@weftkit/wire-mongo";
import { Decimal128 } from "./decimal128.ts";

/**
 * A BSON value in memory. Every BSON type has a form of its own, so that none turns into another by being read and written:
 * an int32 is a `number`, a double is a `Double`, an int64 is a `bigint`. A value that is not there is `undefined`.
 */
export type Value =
  | null
  | number
  | bigint
  | string
  | boolean
  | Double
  | Decimal128
  | ObjectId
  | BinData
  | DateTime
  | Timestamp
  | Regex
  | DbPointer
  | Code
  | CodeWithScope
  | BsonSymbol
  | BsonUndefined
  | MinKey
  | MaxKey
  | Doc
  | Value[];

/** A number of any type. */
export type Numeric = number | bigint | Double | Decimal128;

export class Double {
  readonly value: number;
  constructor(value: number) {
    this.value = value;
  }
}

export class ObjectId {
  readonly bytes: Buffer;
  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }
  toHex(): string {
    return this.bytes.toString("hex");
  }
}

export class BinData {
  readonly subtype: number;
  readonly bytes: Buffer;
  constructor(subtype: number, bytes: Buffer) {
    this.subtype = subtype;
    this.bytes = bytes;
  }
}

/** Milliseconds since 1970; 64 bits, which is more than a `Date` or a number holds. */
export class DateTime {
  readonly ms: bigint;
  constructor(ms: bigint | number) {
    this.ms = BigInt(ms);
  }
}

/** Seconds in the upper 32 bits and a counter in the lower ones, without a sign. */
export class Timestamp {
  readonly bits: bigint;
  constructor(bits: bigint) {
    this.bits = bits;
  }
  static of(seconds: number, increment: number): Timestamp {
    return new Timestamp((BigInt(seconds) << 32n) | BigInt(increment));
  }
  get seconds(): number {
    return Number(this.bits >> 32n);
  }
  get increment(): number {
    return Number(this.bits & 0xffffffffn);
  }
}

export class Regex {
  readonly pattern: string;
  readonly options: string;
  constructor(pattern: string, options: string) {
    this.pattern = pattern;
    this.options = options;
  }
}

export class DbPointer {
  readonly namespace: string;
  readonly id: ObjectId;
  constructor(namespace: string, id: ObjectId) {
    this.namespace = namespace;
    this.id = id;
  }
}

export class Code {
  readonly code: string;
  constructor(code: string) {
    this.code = code;
  }
}

export class CodeWithScope {
  readonly code: string;
  readonly scope: Doc;
  constructor(code: string, scope: Doc) {
    this.code = code;
    this.scope = scope;
  }
}

export class BsonSymbol {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

/** The deprecated BSON type; what is not there is JavaScript's `undefined`. */
export class BsonUndefined {
  readonly type = "undefined";
  static readonly value = new BsonUndefined();
}

export class MinKey {
  readonly type = "minKey";
  static readonly value = new MinKey();
}

export class MaxKey {
  readonly type = "maxKey";
  static readonly value = new MaxKey();
}

/**
 * A document: bytes until somebody changes it or asks for all of its fields. While it is bytes, `get` reads one field and
 * leaves the rest alone, and writing it is copying.
 *
 * What `get` returns of a document that is bytes is a value of its own: changing it changes no document. Who changes nested
 * documents takes them from `fields`.
 */
export class Doc {
  #bytes: Buffer | undefined;
  #at: number;
  #fields: Map<string, Value> | undefined;

  private constructor(bytes: Buffer | undefined, at: number, fields: Map<string, Value> | undefined) {
    this.#bytes = bytes;
    this.#at = at;
    this.#fields = fields;
  }

  /** The document at `at`, whose bytes are valid and do not change. */
  static read(bytes: Buffer, at = 0): Doc {
    return new Doc(bytes, at, undefined);
  }

  static of(fields: Readonly<Record<string, Value | undefined>>): Doc {
    const map = new Map<string, Value>();
    for (const [name, value] of Object.entries(fields)) if (value !== undefined) map.set(name, value);
    return new Doc(undefined, 0, map);
  }

  static from(fields: Map<string, Value>): Doc {
    return new Doc(undefined, 0, fields);
  }

  static empty(): Doc {
    return new Doc(undefined, 0, new Map());
  }

  /** Its bytes, as long as it is only those. */
  get raw(): { readonly bytes: Buffer; readonly at: number } | undefined {
    return this.#bytes === undefined ? undefined : { bytes: this.#bytes, at: this.#at };
  }

  /** All fields, which may be changed: from here on they are the document. */
  get fields(): Map<string, Value> {
    if (this.#fields === undefined) {
      this.#fields = readFields(this.#bytes!, this.#at);
      this.#bytes = undefined;
    }
    return this.#fields;
  }

  get(name: string): Value | undefined {
    if (this.#fields !== undefined) return this.#fields.get(name);
    const bytes = this.#bytes!;
    const element = findField(bytes, this.#at, name);
    if (element === -1) return undefined;
    return readValue(bytes, bytes[element]!, element + 2 + Buffer.byteLength(name));
  }

  has(name: string): boolean {
    if (this.#fields !== undefined) return this.#fields.has(name);
    return findField(this.#bytes!, this.#at, name) !== -1;
  }

  set(name: string, value: Value): this {
    this.fields.set(name, value);
    return this;
  }

  /** Sets it unless there is no value. */
  setIf(name: string, value: Value | undefined): this {
    if (value !== undefined) this.fields.set(name, value);
    return this;
  }

  delete(name: string): void {
    this.fields.delete(name);
  }

  get size(): number {
    return this.entriesView.size;
  }

  get isEmpty(): boolean {
    return this.#fields !== undefined
      ? this.#fields.size === 0
      : documentLength(this.#bytes!, this.#at) === 5;
  }

  keys(): IterableIterator<string> {
    return this.entriesView.keys();
  }

  values(): IterableIterator<Value> {
    return this.entriesView.values();
  }

  [Symbol.iterator](): IterableIterator<[string, Value]> {
    return this.entriesView[Symbol.iterator]();
  }

  /** The first field's name, without reading the others. */
  get firstKey(): string | undefined {
    if (this.#fields === undefined) {
      const at = this.#at + 4;
      if (this.#bytes![at] === 0) return undefined;
      return this.#bytes!.toString("utf8", at + 1, this.#bytes!.indexOf(0, at + 1));
    }
    const first = this.#fields.keys().next();
    return first.done ? undefined : first.value;
  }

  /** A document of its own with the same fields. */
  copy(): Doc {
    if (this.#fields === undefined) return new Doc(this.#bytes, this.#at, undefined);
    return new Doc(undefined, 0, new Map(this.#fields));
  }

  /** All fields, for reading: a document that was bytes stays bytes. */
  private get entriesView(): Map<string, Value> {
    return this.#fields ?? readFields(this.#bytes!, this.#at);
  }
}

function readFields(bytes: Buffer, at: number): Map<string, Value> {
  const fields = new Map<string, Value>();
  const end = at + documentLength(bytes, at) - 1;
  for (let element = at + 4; element < end; ) {
    const nameEnd = bytes.indexOf(0, element + 1);
    const type = bytes[element]!;
    fields.set(bytes.toString("utf8", element + 1, nameEnd), readValue(bytes, type, nameEnd + 1));
    element = nameEnd + 1 + valueLength(bytes, type, nameEnd + 1);
  }
  return fields;
}

/** The elements of the array at `at`. */
export function readArray(bytes: Buffer, at: number): Value[] {
  const values: Value[] = [];
  const end = at + documentLength(bytes, at) - 1;
  for (let element = at + 4; element < end; ) {
    const type = bytes[element]!;
    const value = bytes.indexOf(0, element + 1) + 1;
    values.push(readValue(bytes, type, value));
    element = value + valueLength(bytes, type, value);
  }
  return values;
}

/** The value of a type at `at`, in a document that is valid. Documents stay bytes; the buffer must not change. */
export function readValue(bytes: Buffer, type: number, at: number): Value {
  switch (type) {
    case 0x01:
      return new Double(bytes.readDoubleLE(at));
    case 0x02:
      return readText(bytes, at);
    case 0x03:
      return Doc.read(bytes, at);
    case 0x04:
      return readArray(bytes, at);
    case 0x05: {
      const length = bytes.readInt32LE(at);
      const subtype = bytes[at + 4]!;
      // The old binary subtype has its length twice.
      const start = subtype === 2 ? at + 9 : at + 5;
      return new BinData(subtype, bytes.subarray(start, at + 5 + length));
    }
    case 0x06:
      return BsonUndefined.value;
    case 0x07:
      return new ObjectId(bytes.subarray(at, at + 12));
    case 0x08:
      return bytes[at] !== 0;
    case 0x09:
      return new DateTime(bytes.readBigInt64LE(at));
    case 0x0a:
      return null;
    case 0x0b: {
      const patternEnd = bytes.indexOf(0, at);
      const optionsEnd = bytes.indexOf(0, patternEnd + 1);
      return new Regex(
        bytes.toString("utf8", at, patternEnd),
        bytes.toString("utf8", patternEnd + 1, optionsEnd),
      );
    }
    case 0x0c: {
      const id = at + 4 + bytes.readInt32LE(at);
      return new DbPointer(readText(bytes, at), new ObjectId(bytes.subarray(id, id + 12)));
    }
    case 0x0d:
      return new Code(readText(bytes, at));
    case 0x0e:
      return new BsonSymbol(readText(bytes, at));
    case 0x0f: {
      const scope = at + 8 + bytes.readInt32LE(at + 4);
      return new CodeWithScope(readText(bytes, at + 4), Doc.read(bytes, scope));
    }
    case 0x10:
      return bytes.readInt32LE(at);
    case 0x11:
      return new Timestamp(bytes.readBigUInt64LE(at));
    case 0x12:
      return bytes.readBigInt64LE(at);
    case 0x13:
      return Decimal128.read(bytes, at);
    case 0x7f:
      return MaxKey.value;
    case 0xff:
      return MinKey.value;
    default:
      throw new TypeError(`stored BSON has an element of the unknown type ${type}`);
  }
}

function readText(bytes: Buffer, at: number): string {
  return bytes.toString("utf8", at + 4, at + 3 + bytes.readInt32LE(at));
}
