/**
 * The messages of PostgreSQL's output plugin pgoutput, protocol version 1: "Logical Replication Message Formats" of its manual.
 */

/** A column's value as text; null; or undefined where it was stored apart and has not changed. */
export type Cell = string | null | undefined;

export interface RelationMessage {
  readonly kind: "relation";
  readonly oid: number;
  readonly name: string;
  readonly columns: readonly string[];
}

export type PgoutputMessage =
  | RelationMessage
  | { readonly kind: "begin" /** Microseconds since 1970. */; readonly committedUs: bigint }
  | { readonly kind: "commit"; readonly endLsn: bigint }
  | { readonly kind: "insert"; readonly oid: number; readonly after: readonly Cell[] }
  | {
      readonly kind: "update";
      readonly oid: number;
      readonly before: readonly Cell[] | undefined;
      readonly after: readonly Cell[];
    }
  | { readonly kind: "delete"; readonly oid: number; readonly before: readonly Cell[] }
  | { readonly kind: "truncate"; readonly oids: readonly number[] }
  | { readonly kind: "other" };

/** Between 1970 and 2000. */
const epochUs = 946_684_800_000_000n;

export function readPgoutput(bytes: Buffer): PgoutputMessage {
  const reader = new Reader(bytes);
  switch (reader.char()) {
    case "B":
      reader.int64();
      return { kind: "begin", committedUs: reader.int64() + epochUs };
    case "C":
      reader.int8();
      reader.int64();
      return { kind: "commit", endLsn: reader.int64() };
    case "R":
      return readRelation(reader);
    case "I": {
      const oid = reader.int32();
      reader.char();
      return { kind: "insert", oid, after: readCells(reader) };
    }
    case "U": {
      const oid = reader.int32();
      const before = reader.char() === "N" ? undefined : readCells(reader);
      if (before !== undefined) reader.char();
      return { kind: "update", oid, before, after: readCells(reader) };
    }
    case "D": {
      const oid = reader.int32();
      reader.char();
      return { kind: "delete", oid, before: readCells(reader) };
    }
    case "T": {
      const count = reader.int32();
      reader.int8();
      return { kind: "truncate", oids: Array.from({ length: count }, () => reader.int32()) };
    }
    default:
      return { kind: "other" };
  }
}

function readRelation(reader: Reader): RelationMessage {
  const oid = reader.int32();
  const schema = reader.text() || "pg_catalog";
  const table = reader.text();
  reader.int8();
  const columns = Array.from({ length: reader.int16() }, () => {
    reader.int8();
    const name = reader.text();
    reader.int32();
    reader.int32();
    return name;
  });
  return { kind: "relation", oid, name: `${schema}.${table}`, columns };
}

function readCells(reader: Reader): Cell[] {
  return Array.from({ length: reader.int16() }, () => {
    switch (reader.char()) {
      case "n":
        return null;
      case "u":
        return undefined;
      default:
        return reader.bytes(reader.int32()).toString();
    }
  });
}

/** @throws RangeError where the message ends too early */
class Reader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  char(): string {
    return String.fromCharCode(this.int8());
  }

  int8(): number {
    return this.#bytes.readUInt8(this.#at++);
  }

  int16(): number {
    this.#at += 2;
    return this.#bytes.readInt16BE(this.#at - 2);
  }

  int32(): number {
    this.#at += 4;
    return this.#bytes.readUInt32BE(this.#at - 4);
  }

  int64(): bigint {
    this.#at += 8;
    return this.#bytes.readBigInt64BE(this.#at - 8);
  }

  text(): string {
    const end = this.#bytes.indexOf(0, this.#at);
    const text = this.#bytes.toString("utf8", this.#at, end);
    this.#at = end + 1;
    return text;
  }

  bytes(length: number): Buffer {
    if (this.#at + length > this.#bytes.length) throw new RangeError("a message of pgoutput is cut off");
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }
}
